"""How a service's requests, calls and openings come to its access records. What a record is, `shared.audit` says."""

from collections.abc import Callable, Mapping
from typing import Final

from shared import audit
from shared.audit import Opened, RecordedGateway, Recorder
from shared.identity.caller import REFERRAL_ID
from shared.ports import Gateway
from shared.sealing import Opening
from shared.world import World

COLLECTION: Final = "access"
"""Of each service's own database."""


def recorder_of(service: str, world: World) -> Recorder:
    """What keeps the access records of one process of a service."""
    return Recorder(service, world.rows(service, COLLECTION), f"{service}-{world.token()}", world.epoch_s)


def recording(recorder: Recorder, further: Callable[[Opening], None]) -> Callable[[Opening], None]:
    """An audit of the keyring that puts every opening on record: as part of its request or call, or by itself."""

    def opened(opening: Opening) -> None:
        further(opening)
        recorder.opened(Opened(opening.audience, opening.purpose, opening.referral_id), opening.tenant)

    return opened


def recorded(gateways: Mapping[str, Gateway], recorder: Recorder | None) -> Mapping[str, Gateway]:
    """The gateways, whose calls are on record where there is a recorder."""
    if recorder is None:
        return gateways
    return {name: RecordedGateway(gateway, recorder) for name, gateway in gateways.items()}


def on_record(key: str) -> None:
    """The request in progress is about this aggregate: a referral's id is part of its access record."""
    if REFERRAL_ID.fullmatch(key):
        audit.about(key)
