"""What each service may do on the broker: what its code needs, and no other's topic."""

from deploy.local.acls import HEARS, acls, commands
from shared.contracts.envelope import SERVICES, dead_letter_topic, topic_of


def allowed(service: str, operation: str, resource: str = "topic") -> set[str]:
    """The names on which a service may do this."""
    principal = f"User:throughline-{service}"
    return {a.name for a in acls() if (a.principal, a.operation, a.resource) == (principal, operation, resource)}


class TestAcls:
    def test_nobody_writes_for_another(self) -> None:
        """A service that is broken into tells nothing in the name of the others."""
        for service in HEARS:
            told = {name for name in allowed(service, "Write") if not name.endswith(".dlq")}
            assert told == ({topic_of(service)} if service in SERVICES else set())

    def test_everybody_can_do_what_it_does(self) -> None:
        """Read what it listens to as its own group, and put aside a copy of what it cannot take."""
        for service, heard in HEARS.items():
            topics = {topic_of(source) for source in heard}
            assert topics == allowed(service, "Read")
            assert {dead_letter_topic(topic) for topic in topics} <= allowed(service, "Write")
            assert {service} == allowed(service, "Read", "group")

    def test_are_lines_of_kafkas_own_tool(self) -> None:
        """As an operator applies them."""
        lines = commands(acls())

        assert "kafka-acls --add --allow-principal User:throughline-tracking --operation Read --group tracking" in lines
        assert any("--operation IdempotentWrite --cluster" in line for line in lines)
