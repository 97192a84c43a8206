"""How a service's requests, calls and openings come to its access records. What a record is, `shared.audit` says."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from shared import audit
from shared.audit import Opened, RecordedGateway, Recorder, Signer
from shared.identity.caller import REFERRAL_ID
from shared.ports import Gateway
from shared.sealing import Opening
from shared.world import World

COLLECTION: Final = "access"
"""Of each service's own database."""


def recorder_of(service: str, world: World, signing_key: Path | None = None) -> Recorder:
    """What keeps the access records of one process of a service. Raises OSError, or ValueError for a bad key."""
    signer = Signer.from_file(signing_key) if signing_key else None
    return Recorder(service, world.rows(service, COLLECTION), f"{service}-{world.token()}", world.epoch_s, signer)


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
