"""Apache Kafka on the machine's own Java, its jars fetched by Maven once: a real broker without containers."""

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local import kafka_settings
from deploy.local.broker_probe import answers_as
from deploy.local.cache import cache_directory
from deploy.local.ports import free_port, on_free_port
from deploy.local.processes import Processes, ProgramFailed
from deploy.local.tools import Lacking, output_of

Settings = Mapping[str, str]
PROGRAM = "kafka"
_JAVA = 17
_FETCH_S, _FORMAT_S, _START_S = 600.0, 60.0, 60.0
_POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.throughline</groupId><artifactId>local-kafka</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.1</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.25.5</version>
    </dependency>
    <!-- Kafka logs through slf4j 1.7: slf4j2-impl would stay silent -->
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version>
    </dependency>
  </dependencies>
</project>
"""
_LOG4J = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


def find_java() -> str:
    """Java's version; Lacking when it is missing or older than Kafka 4 asks for."""
    remedy = f"apt-get install openjdk-{_JAVA}-jre-headless"
    printed = output_of(["java", "-version"], remedy)
    version = re.search(r'version "(\d+)', printed)
    if version is None or int(version[1]) < _JAVA:
        raise Lacking(f"java is older than {_JAVA}", remedy)
    return f"Java {version[1]}"


def find_maven() -> str:
    """Maven's version; Lacking when it is missing."""
    printed = output_of(["mvn", "-B", "--version"], "apt-get install maven")
    version = re.search(r"Apache Maven ([\d.]+)", printed)
    return f"Maven {version[1]}" if version else "Maven"


def fetch(programs: Processes, say: Callable[[str], None]) -> None:
    """Have Kafka's jars in the cache (44 MB, once); Lacking when Maven cannot get them.

    They are gathered aside and moved in whole, so that a starter beside this one, or a crash, spoils nothing.
    """
    if _jars().is_dir():
        return
    say("Fetching Kafka 4.3.1 with Maven: 44 MB, once.")
    with tempfile.TemporaryDirectory(dir=cache_directory(), ignore_cleanup_errors=True) as scratch:
        (Path(scratch) / "pom.xml").write_text(_POM)
        argv = ["mvn", "-B", "-q", "-f", f"{scratch}/pom.xml", "dependency:copy-dependencies"]
        argv += ["-DincludeScope=runtime", f"-DoutputDirectory={scratch}/jars"]
        try:
            programs.start("maven", argv, os.environ, None)
            programs.finish("maven", _FETCH_S)
        except ProgramFailed as failure:
            raise Lacking(f"Maven could not fetch Kafka. {failure}", "try again with a network") from failure
        _move_in(Path(scratch) / "jars")


def start(
    programs: Processes,
    data: Path,
    changed: Callable[[Settings], Settings] = dict,
    formatted_with: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> str:
    """Format a new folder under `data` and start on it; the broker's address once it answers there, in plain text.

    `changed` makes of the usual settings what this broker is told. `formatted_with` are further options of the format,
    such as users, `flags` further ones of the broker's Java.
    """

    def launch(port: int) -> str:
        cluster_id, folder = kafka_settings.new_cluster_id(), data / f"kafka-{port}"
        folder.mkdir(parents=True)
        (folder / "log4j2.properties").write_text(_LOG4J)
        (folder / "server.properties").write_text(_properties(changed(_settings(folder, port))))
        programs.start(PROGRAM, [*_format(folder, cluster_id), *formatted_with], {}, None)
        programs.finish(PROGRAM, _FORMAT_S)
        programs.start(PROGRAM, [*_java(folder, flags), "kafka.Kafka", f"{folder}/server.properties"], {}, None)
        programs.wait_until(PROGRAM, lambda: answers_as(cluster_id, port), _START_S)
        return f"127.0.0.1:{port}"

    return on_free_port(launch)


def _jars() -> Path:
    return cache_directory() / "kafka-4.3.1"


def _move_in(gathered: Path) -> None:
    try:
        gathered.rename(_jars())
    except OSError:
        if not _jars().is_dir():
            raise


def _settings(folder: Path, port: int) -> Settings:
    return kafka_settings.of_one_broker("127.0.0.1", port, free_port()) | {"log.dirs": f"{folder}/log"}


def _properties(settings: Settings) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java(folder: Path, flags: Sequence[str] = ()) -> list[str]:
    config = f"-Dlog4j2.configurationFile={folder}/log4j2.properties"
    return ["java", *kafka_settings.JVM_FLAGS, *flags, config, "-cp", f"{_jars()}/*"]


def _format(folder: Path, cluster_id: str) -> list[str]:
    tool = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", f"{folder}/server.properties"]
    return [*_java(folder), *tool]
