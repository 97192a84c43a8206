import pytest

from services.tracking.settings import ReaderSettings
from shared.settings import KafkaSettings


class TestReaderSettings:
    def test_gathers_where_services_take_what_comes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody waits for the worklist as patients wait for the next step."""
        monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:9092")

        assert (100, 0) == (ReaderSettings().gather_ms, KafkaSettings().gather_ms)

    def test_can_be_told_for_how_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """By the variable that any service would read."""
        monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:9092")
        monkeypatch.setenv("KAFKA_GATHER_MS", "0")

        assert 0 == ReaderSettings().gather_ms
