"""Somebody with access to the broker and bad intentions, or a bug."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

from shared.contracts.envelope import Envelope, source_of, to_headers, topic_of
from shared.contracts.intake import ReferralFoundComplete
from shared.contracts.language import Actor

NOW = datetime(2031, 3, 3, 12, tzinfo=UTC)
SOUND: Mapping[str, bytes] = {}
FOUND_COMPLETE = ReferralFoundComplete(
    occurred_at=NOW, recorded_by=Actor(kind="service", id="intake"), channel="kafka", referral_id="demo-unset"
)


@dataclass(frozen=True)
class Poisoner:
    """Writes to intake's topic what intake never would."""

    producer: AIOKafkaProducer

    async def tell(
        self, referral: str, value: bytes | None, *, sequence: int = 1, headers: Mapping[str, bytes] = SOUND
    ) -> None:
        """A record in intake's name; `headers` replace those of a sound envelope."""
        type_ = f"{ReferralFoundComplete.TYPE}.v1"
        envelope = Envelope(source_of("demo", "intake"), referral, sequence, type_, NOW)
        sound = {**dict(to_headers(envelope)), **headers}
        await self.producer.send_and_wait(topic_of("intake"), value, key=referral.encode(), headers=list(sound.items()))


def fact_of(referral: str) -> bytes:
    """A sound fact about a referral."""
    return FOUND_COMPLETE.model_copy(update={"referral_id": referral}).model_dump_json().encode()
