"""Records that their readers cannot take: spoiled as they land, or never facts at all. And the mended copies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shared.ports import Record
from tests.simulation.storm import Storm
from tests.support.memory import Broker

WAS = "simulation-was"
"""A header that says which fact a spoiled record is, for the final reckoning only."""
SPOILED_AGAIN = 0.8
SPOILED = "spoiled"
"""The fault's name."""

Identity = tuple[str, str, int]
"""Service, aggregate and sequence of a fact."""


def _without(name: str) -> Callable[[Record], Record]:
    return lambda record: replace(record, headers=tuple(h for h in record.headers if h[0] != name))


def _newer(record: Record) -> Record:
    headers = tuple((n, v.replace(b".v1", b".v9") if n == "ce_type" else v) for n, v in record.headers)
    return replace(record, headers=headers)


def _beyond(record: Record) -> Record:
    headers = tuple((n, b"9" * 20 if n == "ce_sequence" else v) for n, v in record.headers)
    return replace(record, headers=headers)


SPOILS: Mapping[str, Callable[[Record], Record]] = {
    "its data cannot be read": lambda record: replace(record, value=b"{"),
    "its value is missing": lambda record: replace(record, value=None),
    "its version is unknown": _newer,
    "its envelope has no sequence": _without("ce_sequence"),
    "its sequence is beyond all": _beyond,
    "its tenant is missing": _without("ce_tenant"),
    "its key is missing": lambda record: replace(record, key=None),
}


def identity_of(record: Record) -> Identity | None:
    """Which fact a record is, or was before it was spoiled; None if it never was one."""
    headers = dict(record.headers)
    if WAS in headers:
        service, key, sequence = headers[WAS].decode().split("/")
        return service, key, int(sequence)
    if "ce_sequence" not in headers:
        return None
    return headers["ce_source"].decode().rpartition("/")[2], headers["ce_subject"].decode(), int(headers["ce_sequence"])


@dataclass
class Poison:
    """Spoils some facts as they land, for as long as they are not mended. `odds` of a fact to be spoiled."""

    storm: Storm
    broker: Broker
    odds: float
    spoiled: dict[Identity, tuple[str, Record, str]] = field(default_factory=dict)
    sound: set[Identity] = field(default_factory=set)
    lost: set[Identity] = field(default_factory=set)
    litters: int = 0
    is_over: bool = False

    def mangle(self, topic: str, record: Record) -> Record:
        """Spoil a record, or let it be (tests.support.memory.Broker.mangle)."""
        identity = identity_of(record)
        if self.is_over or identity is None or topic.endswith(".dlq") or WAS in dict(record.headers):
            return record
        if identity not in self.spoiled and identity not in self.sound:
            self._choose(topic, record, identity)
        if identity in self.sound or self.storm.random.random() > SPOILED_AGAIN:
            return record
        how = self.spoiled[identity][2]
        mangled = SPOILS[how](record)
        was = "/".join(map(str, identity)).encode()
        return replace(mangled, headers=(*mangled.headers, (WAS, was)))

    def _choose(self, topic: str, record: Record, identity: Identity) -> None:
        if self.storm.random.random() < self.odds:
            how = self.storm.random.choice(list(SPOILS))
            self.spoiled[identity] = topic, record, how
            self.storm.note(SPOILED, f"{identity}: {how}")
        else:
            self.sound.add(identity)

    def mend(self, hopeless: float) -> None:
        """Tell sound copies of all but some, which are `lost` for good."""
        self.is_over = True
        for identity, (topic, record, _) in self.spoiled.items():
            if self.storm.random.random() < hopeless:
                self.lost.add(identity)
            else:
                self.broker.append(topic, self.broker.partition_of(identity[1]), [record])

    def litter(self, topic: str, key: str) -> None:
        """Somebody's garbage, which never was a fact."""
        record = Record(self.storm.random.choice([None, key.encode(), b"\xff"]), (("ce_id", b"?"),), b"garbage")
        self.litters += 1
        self.storm.note("litter", topic)
        self.broker.append(topic, self.broker.partition_of(key), [record])
