"""The figures a service offers to Prometheus. Labels are kinds, routes and outcomes: never an id."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One registry per app, since several apps may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._engine()
        self._doors()

    def _engine(self) -> None:
        self.saves = self._counter("saves", "Documents saved")
        self.conflicts = self._counter("conflicts", "Saves that lost to another writer and were decided again")
        self.published = self._counter("published", "Entries acknowledged by the broker")
        self.duplicates = self._counter("duplicates", "Records dropped because they had been applied")
        self.skipped = self._counter("skipped", "Facts that were for no aggregate of the kind that read them")
        self.unusable = self._counter("unusable", "Documents met that this program cannot use", "reason")
        self.outdated = self._counter("outdated", "Times the group was left because a newer program wrote a document")
        self.held = self._counter("held", "Records kept beside a document that could not take them")
        self.unpublishable = self._counter("unpublishable", "Times an outbox could not be published")
        self.parked = self._gauge("parked", "Referrals in which something waits for an operator")
        self.lag = self._gauge("consumer_lag", "Records not yet taken", "topic", "partition")
        self.outbox_age_s = self._gauge("outbox_age_seconds", "Age of the oldest unconfirmed outbox")

    def _doors(self) -> None:
        self.effect_calls = self._counter("effect_calls", "Outbound calls", "kind", "act", "outcome")
        self.wakes = self._counter("wakes", "Documents woken by the clock")
        self.strikes = self._counter("strikes", "Wakes that failed and backed off")
        self.requests = self._counter("http_requests", "Requests answered", "route", "method", "status")
        self.limited = self._counter("http_limited", "Requests sent away because there were too many", "why")
        self.request_s = self._histogram("http_request_seconds", "Time to answer", "route")
        self.seal_openings = self._counter("seal_openings", "Seals opened", "audience")
        self.seal_refusals = self._counter("seal_refusals", "Seals refused", "audience", "reason")

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"throughline_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"throughline_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, *labels: str) -> Histogram:
        return Histogram(f"throughline_{name}", text, labels, buckets=_SECONDS, registry=self.registry)
