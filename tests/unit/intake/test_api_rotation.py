"""Orders that come while replicas change to another key for ids: each is one referral, by whichever door and key."""

import asyncio
import copy
from collections.abc import Mapping

import pytest

from services.intake.api.sender import Sender
from services.intake.domain.instruction import Place, Revoke
from shared.sealing import DERIVED, Keyring
from tests.support.five_services.keyrings import key_of
from tests.unit.intake.running import Running
from tests.unit.intake.test_api_later import DESK, FILLER, PLACER, named, referrals, sender

SEALS = tuple(f"demo:{audience}:1" for audience in ("contact", "clinical", "coverage", "logistics"))
FIRST = tuple(f"demo:{kind}:1" for kind in DERIVED)
SECOND = tuple(f"demo:{kind}:2" for kind in DERIVED)
PHASES: Mapping[str, Keyring] = {
    "knows the first": Keyring({"keys": [key_of(kid) for kid in (*SEALS, *FIRST)]}),
    "knows the next": Keyring(
        {"keys": [*map(key_of, (*SEALS, *FIRST)), *({**key_of(kid), "nbf": 1} for kid in SECOND)]}
    ),
    "uses the next": Keyring({"keys": [key_of(kid) for kid in (*SEALS, *FIRST, *SECOND)]}),
}
"""What a replica goes through. Between the first and the last of them lies the time that `keys rotate` leaves."""


def replica(intake: Running, phase: str) -> Sender:
    """The door of a replica that has come so far."""
    service = copy.copy(intake.service)
    service.keyring = PHASES[phase]
    return Sender(sender(intake).caller, "fhir", service)


@pytest.mark.parametrize("names", [(PLACER,), (PLACER, FILLER)])
async def test_an_order_of_before_is_the_same_afterwards(intake: Running, names: tuple) -> None:  # type: ignore[type-arg]
    """Sent again, it is known by its id and by its fingerprint, and nothing is to be reviewed; then it is revoked."""
    first = await DESK.carry_out(Place(named(*names)), replica(intake, "knows the first"))
    again = [await DESK.carry_out(Place(named(*names)), replica(intake, phase)) for phase in PHASES]
    taken_back = await DESK.carry_out(Revoke((PLACER,), "revoked"), replica(intake, "uses the next"))

    assert [(first.referral_id, True, ())] * 3 == [(each.referral_id, each.is_repeat, each.remarks) for each in again]
    assert first.referral_id == taken_back.referral_id
    assert [first.referral_id] == referrals(intake)


async def test_a_new_order_has_an_id_by_the_new_key(intake: Running) -> None:
    """And needs no other: the first key can be retired one day."""
    at = replica(intake, "uses the next")
    carried = await DESK.carry_out(Place(named(PLACER)), at)

    assert PHASES["uses the next"].referral_id("demo", PLACER.system, PLACER.value) == carried.referral_id
    assert [carried.referral_id] == [document["_id"] for document in intake.world.disk.documents("referrals")]


@pytest.mark.parametrize("names", [(PLACER,), (PLACER, FILLER)])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("knows the first", "knows the next"),
        ("knows the next", "knows the next"),
        ("knows the next", "uses the next"),
    ],
)
async def test_an_order_that_comes_to_two_replicas_at_once_is_one(
    intake: Running,
    one: str,
    other: str,
    names: tuple,  # type: ignore[type-arg]
) -> None:
    """They may be a phase apart, and never two."""
    for n in range(6):
        orders = tuple(name.model_copy(update={"value": f"{name.value}-{n}"}) for name in names)
        carried = await asyncio.gather(
            *(DESK.carry_out(Place(named(*orders)), replica(intake, phase)) for phase in (one, other, one, other))
        )
        assert 1 == len({each.referral_id for each in carried})
        assert n + 1 == len(referrals(intake))
