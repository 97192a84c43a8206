"""Figures belong to one app, and no label can grow with the number of patients."""

from prometheus_client.parser import text_string_to_metric_families

from shared.service.assembly import hooks_of
from shared.service.figures import Figures
from shared.telemetry import Metrics


class TestMetrics:
    def test_do_not_clash_between_apps(self) -> None:
        """Several apps live in one process in tests and demos."""
        first, second = Metrics(), Metrics()
        first.saves.inc()

        assert ("throughline_saves_total 1.0", "throughline_saves_total 0.0") == (_saves(first), _saves(second))

    def test_have_no_label_for_an_id(self) -> None:
        """A label per referral would tell who is treated, and drown the database of figures."""
        families = Metrics().registry.collect()
        names = {label for family in families for sample in family.samples for label in sample.labels}

        assert not {name for name in names if name.endswith("id") or name in {"tenant", "subject"}}

    def test_can_be_read_by_prometheus(self) -> None:
        """The exposition is what Prometheus parses."""
        metrics = Metrics()
        families = {family.name for family in text_string_to_metric_families(metrics.exposition().decode())}

        assert {"throughline_effect_calls", "throughline_outbox_age_seconds", "throughline_saves"} <= families

    def test_count_what_a_service_counts(self) -> None:
        """Calls by kind and outcome; what nobody draws a figure of is let go."""
        metrics = Metrics()
        count = hooks_of(metrics).count
        count("saves", 2)
        count("effect_calls", 1, kind="sms", act="send", outcome="unknown")
        count("received", 3)

        told = metrics.exposition().decode().splitlines()
        assert "throughline_saves_total 2.0" in told
        assert 'throughline_effect_calls_total{act="send",kind="sms",outcome="unknown"} 1.0' in told

    def test_forget_a_partition_that_moved_away(self) -> None:
        """The replica that reads it now tells its lag: told by both, it would be false for ever, and counted twice."""
        metrics = Metrics()
        show = hooks_of(metrics).show
        show(Figures({("facts", 0): 7, ("facts", 1): 5}, parked=0, outbox_age_s=0.0))
        show(Figures({("facts", 1): 3}, parked=0, outbox_age_s=0.0))

        told = [
            line for line in metrics.exposition().decode().splitlines() if line.startswith("throughline_consumer_lag")
        ]
        assert ['throughline_consumer_lag{partition="1",topic="facts"} 3.0'] == told


def _saves(metrics: Metrics) -> str:
    lines = metrics.exposition().decode().splitlines()
    return next(line for line in lines if line.startswith("throughline_saves_total"))
