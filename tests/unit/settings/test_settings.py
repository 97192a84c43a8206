"""Settings that would lose data are refused at start, and secrets never print."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import KafkaSettings, MongoSettings

PASSWORD = "open-sesame-4711"
URI = f"mongodb://app:{PASSWORD}@db.example:27017/?replicaSet=rs0"


class TestMongoSettings:
    @pytest.mark.parametrize("options", ["", "&w=majority", "&w=majority&journal=true", "&journal=TRUE"])
    def test_takes_a_uri_that_saves_durably(self, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
        """Majority and journaled is what the driver does when it is not told otherwise."""
        monkeypatch.setenv("MONGO_URI", URI + options)

        assert URI + options == MongoSettings().uri.get_secret_value()

    @pytest.mark.parametrize("options", ["&journal=false", "&w=majority&journal=False", "&W=1", "&w=0", "&j=false"])
    def test_refuses_a_uri_that_does_not(self, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
        """An acknowledged save that a crash undoes would break every promise of the engine."""
        monkeypatch.setenv("MONGO_URI", URI + options)

        with pytest.raises(ValidationError) as refusal:
            MongoSettings()
        assert PASSWORD not in str(refusal.value)

    def test_does_not_print_its_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A URI holds a password, and settings get printed when something is wrong."""
        monkeypatch.setenv("MONGO_URI", URI)

        assert PASSWORD not in repr(MongoSettings())


class TestKafkaSettings:
    def test_stay_as_they_were_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Settings are read once; nothing changes them later."""
        monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:9092")
        settings = KafkaSettings()

        with pytest.raises(ValidationError):
            settings.partitions = 6
        assert (12, True) == (settings.partitions, settings.idempotent_producer)


class TestReadFrom:
    @pytest.mark.parametrize(
        ("variables", "expected"), [({}, "from-file"), ({"MONGO_URI": "from-variable"}, "variable")]
    )
    def test_takes_a_secret_from_a_file_unless_a_variable_gives_it(
        self, tmp_path: Path, variables: dict[str, str], expected: str
    ) -> None:
        """Containers get secrets as files: what stands in a variable shows in every listing of the container."""
        (tmp_path / "mongo_uri").write_text("from-file\n")
        program = "from shared.settings import MongoSettings; print(MongoSettings().uri.get_secret_value())"
        environment = {"SECRETS_DIRECTORY": str(tmp_path), "PYTHONPATH": ".", **variables}

        printed = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)

        assert expected in printed.stdout.decode()
