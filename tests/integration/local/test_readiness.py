from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import kafka_jvm, mongod
from deploy.local.processes import Processes
from deploy.local.tools import Lacking

MAVEN = """#!/bin/sh
for argument; do case $argument in -DoutputDirectory=*) out=${argument#*=} ;; esac; done
mkdir -p "$out" && echo jar > "$out/kafka.jar"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Processes]:
    """An empty set of programs, ended after the test."""
    with Processes(tmp_path) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this user's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "throughline"


def install_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program called mvn that comes first on the PATH."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "mvn").write_text(script)
    (tools / "mvn").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")


class TestFetchKafka:
    def test_moves_the_jars_into_the_cache_and_leaves_nothing_else(
        self, programs: Processes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is in the cache is whole, because it came in by one rename."""
        install_maven(tmp_path, monkeypatch, MAVEN)

        kafka_jvm.fetch(programs, print)

        assert ["kafka-4.3.1", "kafka-4.3.1/kafka.jar"] == sorted(
            str(path.relative_to(cache)) for path in cache.rglob("*")
        )

    def test_keeps_the_jars_of_a_starter_who_was_faster(
        self, programs: Processes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two starters fetch at once, and the second takes what the first has brought."""
        faster = cache / "kafka-4.3.1"
        install_maven(tmp_path, monkeypatch, f"{MAVEN}mkdir -p {faster} && echo first > {faster}/kafka.jar\n")

        kafka_jvm.fetch(programs, print)

        assert "first\n" == (faster / "kafka.jar").read_text()

    def test_stays_quiet_when_the_jars_are_there(
        self, programs: Processes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Fetching happens once, and is announced once."""
        said: list[str] = []
        install_maven(tmp_path, monkeypatch, MAVEN)

        kafka_jvm.fetch(programs, said.append)
        install = cache / "kafka-4.3.1" / "kafka.jar"
        install.write_text("kept")
        kafka_jvm.fetch(programs, said.append)

        assert (1, "kept") == (len(said), install.read_text())

    def test_says_what_maven_said_when_it_fails(
        self, programs: Processes, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A machine without a network lacks Kafka's jars, and keeps no half of them."""
        install_maven(tmp_path, monkeypatch, "#!/bin/sh\necho no route to the repository; exit 1\n")

        with pytest.raises(Lacking, match=r"(?s)could not fetch.*no route"):
            kafka_jvm.fetch(programs, print)

        assert not list(cache.iterdir())


class TestFindJava:
    @pytest.mark.parametrize(("printed", "is_enough"), [("1.8.0_392", False), ("11.0.2", False), ("21", True)])
    def test_wants_the_version_that_kafka_4_wants(
        self, printed: str, is_enough: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Java 8 called itself 1.8, and neither it nor 11 runs a broker."""
        (tmp_path / "java").write_text(f"#!/bin/sh\necho 'openjdk version \"{printed}\" 2020-01-01' >&2\n")
        (tmp_path / "java").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

        if is_enough:
            assert "Java 21" == kafka_jvm.find_java()
        else:
            with pytest.raises(Lacking, match="older than 17"):
                kafka_jvm.find_java()


def spoil(library: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the system did not have the library: an empty file stands where the loader looks first."""
    (folder / library).touch()
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))


class TestMongod:
    def test_runs_where_the_system_has_no_libcurl(
        self, programs: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A machine with git and Python alone misses this one library, and it comes with the wheels."""
        spoil("libcurl.so.4", tmp_path, monkeypatch)

        assert mongod.find().startswith("mongod 6.")
        assert mongod.start(programs, tmp_path / "data").startswith("mongodb://127.0.0.1:")

    def test_names_the_package_of_a_library_that_it_misses(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the loader calls by its file, people install by its package."""
        spoil("libssl.so.3", tmp_path, monkeypatch)

        with pytest.raises(Lacking, match=r"libssl\.so\.3") as refusal:
            mongod.find()

        assert "apt-get install libssl3" == refusal.value.remedy
