from deploy.platform import registry
from tests.chaos.faults import DECK, schedule
from tests.chaos.installation import BROKER, DATABASE, SERVICE_REPLICAS


class TestSchedule:
    def test_is_the_same_for_the_same_seed(self) -> None:
        """A run that went wrong can be struck in the same way again."""
        assert schedule(7, 40) == schedule(7, 40)
        assert schedule(7, 40) != schedule(8, 40)

    def test_deals_every_kind_before_any_comes_again(self) -> None:
        """Twenty faults, which is what every test run has, leave nothing out."""
        found = {(fault.kind, fault.targets[0]) for fault in schedule(1, len(DECK))}

        assert {("kill", BROKER), ("freeze", BROKER), ("kill", DATABASE), ("freeze", DATABASE)} <= found
        assert {"kill", "freeze", "freeze past session", "roll", "spoil", "fill"} == {kind for kind, _ in found}

    def test_strikes_every_replica_in_the_long_run(self) -> None:
        """No service is spared, nor its documents."""
        struck = {target for fault in schedule(1, 200) for target in fault.targets}

        assert {*SERVICE_REPLICAS, *registry.names()} <= struck

    def test_goes_forward_in_time(self) -> None:
        """Faults come in the order of their numbers."""
        faults = schedule(3, 50)

        assert faults == sorted(faults, key=lambda fault: fault.at_s)
        assert list(range(1, 51)) == [fault.number for fault in faults]
