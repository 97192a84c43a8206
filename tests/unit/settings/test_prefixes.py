"""Names where installations share a cluster: prefixed outside, and the same as ever inside."""

from shared.mongo import MongoStore
from shared.settings import ClockSettings, KafkaSettings, MongoSettings
from shared.world import RealWorld


def world(**mongo: str) -> RealWorld:
    """A world that reaches nothing before it is asked."""
    settings = MongoSettings.model_validate({"uri": "mongodb://nowhere.example", **mongo})
    return RealWorld(KafkaSettings(bootstrap="nowhere.example:9092"), settings, ClockSettings())


class TestDatabasePrefix:
    async def test_stands_before_the_name_of_every_database(self) -> None:
        """Staging and production keep their referrals apart."""
        store = world(database_prefix="staging-").store("intake", "referrals")

        assert isinstance(store, MongoStore)
        assert "staging-intake" == store.documents.database.name

    async def test_is_none_unless_given(self) -> None:
        """Who has no prefix finds the documents of before."""
        store = world().store("intake", "referrals")

        assert isinstance(store, MongoStore)
        assert "intake" == store.documents.database.name


class TestClientId:
    def test_tells_services_and_replicas_apart(self) -> None:
        """The broker's log and quotas know nothing else of them."""
        assert "throughline-intake-pod-1" == KafkaSettings(bootstrap="b:9092").of("intake", "pod-1").client_id

    def test_is_what_it_was_told_to_be(self) -> None:
        """An installation may have names of its own."""
        assert "ours" == KafkaSettings(bootstrap="b:9092", client_id="ours").of("intake", "pod-1").client_id
