"""The CloudEvents 1.0 envelope of every fact, in Kafka's binary content mode.

Written out because it is on the hot path; a test holds it against the CloudEvents SDK. Nothing of a fact's
data is looked at here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.catalogue import PUBLISHED
from shared.contracts.language import tenant_of
from shared.errors import Unreadable

SEQUENCE_DIGITS = 10
SERVICES = tuple(PUBLISHED)
"""The services that publish facts, as the catalogue has them."""
Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Attributes of one fact. `(source, subject, sequence)` is its identity; `type` ends in its version."""

    source: str
    subject: str
    sequence: int
    type: str
    time: datetime
    causationid: str | None = None
    traceparent: str | None = None

    @property
    def id(self) -> str:
        """Derived, so that a second copy of a fact can never carry another id."""
        return f"{self.source}/{self.subject}/{self.sequence}"

    @property
    def tenant(self) -> str:
        """The tenant, which the subject names."""
        return tenant_of(self.subject)

    @property
    def service(self) -> str:
        """The publishing service."""
        return self.source.rpartition("/")[2]


ACCESS_TOPIC = "referral.internal.access.v1"
"""Where access records of all services go: for nobody but ourselves."""


def topic_of(service: str) -> str:
    """The topic that a service publishes its facts to."""
    return f"referral.public.{service}.v1"


def dead_letter_topic(topic: str) -> str:
    """Where operators find a copy of what a reader of `topic` could not take."""
    return f"{topic}.dlq"


def source_of(tenant: str, service: str) -> str:
    """The CloudEvents `source` of a service's facts for a tenant."""
    return f"/{tenant}/{service}"


def to_headers(envelope: Envelope) -> Headers:
    """Kafka headers of a fact (CloudEvents Kafka binding §3.2)."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": envelope.id,
        "ce_source": envelope.source,
        "ce_type": envelope.type,
        "ce_subject": envelope.subject,
        "ce_time": envelope.time.isoformat(),
        "ce_dataschema": f"/schemas/{envelope.type}",
        "ce_sequence": str(envelope.sequence).zfill(SEQUENCE_DIGITS),
        "ce_tenant": envelope.tenant,
        "ce_dataclassification": "restricted",
        "content-type": "application/json",
    }
    if envelope.causationid:
        attributes["ce_causationid"] = envelope.causationid
    if envelope.traceparent:
        attributes["ce_traceparent"] = envelope.traceparent
    return tuple((name, value.encode()) for name, value in attributes.items())


def from_headers(headers: Iterable[tuple[str, bytes]], key: bytes | None, topic: str) -> Envelope:
    """Read the envelope of a record of this topic.

    Raises Unreadable, naming the attribute, when one is missing or malformed, when the subject is not the
    record's key, or when source, topic, tenant and subject do not belong together: who may write to one topic
    must not speak for another service.
    """
    try:
        attributes = {name.lower(): value.decode() for name, value in headers}
    except UnicodeDecodeError as error:
        raise Unreadable("/headers", "A header is not UTF-8.") from error
    try:
        envelope = Envelope(
            source=attributes["ce_source"],
            subject=attributes["ce_subject"],
            sequence=int(attributes["ce_sequence"]),
            type=attributes["ce_type"],
            time=_instant(attributes["ce_time"]),
            causationid=attributes.get("ce_causationid"),
            traceparent=attributes.get("ce_traceparent"),
        )
    except KeyError as error:
        raise Unreadable(f"/{error.args[0]}", "A required attribute is missing.") from error
    except ValueError as error:
        raise Unreadable("/headers", "An attribute is malformed.") from error
    _check(envelope, attributes, key, topic)
    return envelope


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _check(envelope: Envelope, attributes: dict[str, str], key: bytes | None, topic: str) -> None:
    tenant, service = envelope.tenant, envelope.service
    if key is None or key != envelope.subject.encode():
        raise Unreadable("/ce_subject", "The subject is not the record's key.")
    if attributes.get("ce_specversion") != "1.0":
        raise Unreadable("/ce_specversion", "Only CloudEvents 1.0 is understood.")
    if attributes.get("ce_tenant") != tenant:
        raise Unreadable("/ce_tenant", "The tenant is not the one that the subject belongs to.")
    if service not in SERVICES or envelope.source != source_of(tenant, service):
        raise Unreadable("/ce_source", "The source is not a service of the subject's tenant.")
    if not 1 <= envelope.sequence < 10**SEQUENCE_DIGITS:
        raise Unreadable("/ce_sequence", "Sequences begin with 1, and have ten digits.")
    if topic != topic_of(service):
        raise Unreadable("/ce_source", "The source does not publish to this topic.")
