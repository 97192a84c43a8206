"""What a later word about an order comes to, at both doors: the same order, another version, taken back, at rest."""

import asyncio
import itertools
from typing import Any

import pytest

from services.intake.api.naming import found_by, settled
from services.intake.api.receiving import Reception
from services.intake.api.sender import Sender
from services.intake.domain import Referral
from services.intake.domain.instruction import Place, Revoke
from services.intake.domain.order import Identifier, Order
from services.intake.domain.pathways import Pathways
from shared.contracts.intake import InformationSupplied, ReferralCancelled
from shared.contracts.sealed import Contact, CoverageDetails
from shared.errors import NotFound
from shared.identity import Caller, Role
from tests.unit.intake.bundles import taken
from tests.unit.intake.invented import as_bytes, bundle, own
from tests.unit.intake.route_calls import post, read, received
from tests.unit.intake.running import Running

PLACER, FILLER, SERVER = (
    Identifier(system=f"urn:example:{name}", value="1") for name in ("placer", "filler", "server")
)
DESK = Reception(Pathways.model_validate([{"pathway": "pw-1", "version": 1, "taxonomy": "*"}]), "America/New_York")


async def fhir(intake: Running, document: Any) -> Any:
    """Post a Bundle as the EHR."""
    async with intake.client(Role.EHR) as client:
        headers = {"Content-Type": "application/fhir+json"}
        return await client.post("/fhir/R4", content=as_bytes(document), headers=headers)


async def again(intake: Running, order: Any) -> Any:
    """Post an order of our own JSON as the EHR."""
    async with intake.client(Role.EHR) as client:
        return await client.post("/v1/referrals", json=order)


def sender(intake: Running) -> Sender:
    """The EHR at the door for FHIR."""
    caller = Caller(tenant="demo", subject="ehr", roles=frozenset({Role.EHR}))
    return Sender(caller, "fhir", intake.service)


def named(*names: Identifier) -> Order:
    """The invented order under these names."""
    return taken(bundle()).model_copy(update={"number": names[0], "aliases": names[1:]})


def referrals(intake: Running) -> list[str]:
    """Every referral that is kept."""
    return [str(d["_id"]) for d in intake.world.disk.documents("referrals") if "patient_ref" in d["state"]]


class TestOrderUnderAnyOfItsNames:
    @pytest.mark.parametrize("order", list(itertools.permutations([(PLACER,), (PLACER, FILLER), (FILLER, SERVER)])))
    async def test_is_one_referral(self, order: tuple[tuple[Identifier, ...], ...], intake: Running) -> None:
        """A number that comes later, first, or alone: each leads to the same referral once they are known together."""
        await DESK.carry_out(Place(named(PLACER, FILLER, SERVER)), sender(intake))
        for names in order:
            await DESK.carry_out(Place(named(*names)), sender(intake))

        assert 1 == len(referrals(intake))

    async def test_is_found_by_a_number_that_came_later(self, intake: Running) -> None:
        """First by the server's id alone, then with its placer's number, then by that alone."""
        messages = (named(SERVER), named(PLACER, SERVER), named(PLACER), named(FILLER, PLACER), named(FILLER))
        found = [await DESK.carry_out(Place(order), sender(intake)) for order in messages]

        assert 1 == len({carried.referral_id for carried in found})
        assert [False, True, True, True, True] == [carried.is_repeat for carried in found]
        assert 1 == len(referrals(intake))

    @pytest.mark.parametrize("then", [(PLACER,), (FILLER,), (SERVER,), (SERVER, PLACER)])
    async def test_survives_a_crash_between_the_two_writes(self, then: tuple[Identifier, ...], intake: Running) -> None:
        """Redirects are written before the referral: whichever name comes next finishes it, once."""
        await settled((PLACER, FILLER, SERVER), sender(intake), lambda _: True)
        assert [] == referrals(intake)

        for names in (then, (PLACER, FILLER, SERVER), (PLACER,)):
            await DESK.carry_out(Place(named(*names)), sender(intake))

        assert 1 == len(referrals(intake))

    async def test_is_one_referral_when_it_comes_by_all_of_them_at_once(self, intake: Running) -> None:
        """Two messages with a name in common, at the same moment."""
        orders = [named(PLACER, FILLER), named(FILLER), named(FILLER, PLACER)]
        await asyncio.gather(*(DESK.carry_out(Place(order), sender(intake)) for order in orders))
        found = await found_by((PLACER, FILLER), sender(intake))

        assert ([found.referral_id], ()) == (referrals(intake), found.others)

    async def test_says_that_two_orders_were_taken_in_apart(self, intake: Running) -> None:
        """Nothing can be undone about that by a program; the sender hears of it."""
        for order in (named(PLACER), named(FILLER)):
            await DESK.carry_out(Place(order), sender(intake))
        carried = await DESK.carry_out(Place(named(PLACER, FILLER)), sender(intake))

        assert ["two-referrals"] == [remark.code for remark in carried.remarks]

    async def test_is_another_order_where_a_name_was_given_twice(self, intake: Running) -> None:
        """A server's id that two orders carry is no name of either; nor is one that two patients' orders carry."""
        other = PLACER.model_copy(update={"value": "2"})
        elsewhere = Identifier(system="urn:example:mrn", value="MRN-9")
        orders = named(PLACER, SERVER), named(other, SERVER)
        ids = [(await DESK.carry_out(Place(order), sender(intake))).referral_id for order in orders]
        third = await DESK.carry_out(Place(named(FILLER, SERVER).model_copy(update={"mrn": elsewhere})), sender(intake))

        assert 3 == len({*ids, third.referral_id})
        assert ids == [(await found_by((name,), sender(intake))).referral_id for name in (PLACER, other)]

    async def test_is_another_order_also_when_its_number_came_later(self, intake: Running) -> None:
        """First by the server's id alone, then with a number: from then on that is its number."""
        other = PLACER.model_copy(update={"value": "2"})
        orders = [named(SERVER), named(PLACER, SERVER), named(other, SERVER)]
        first, again_, second = [await DESK.carry_out(Place(order), sender(intake)) for order in orders]

        assert first.referral_id == again_.referral_id != second.referral_id

    async def test_is_not_shown_under_another_id(self, intake: Running) -> None:
        """A redirect is no referral."""
        await DESK.carry_out(Place(named(PLACER, FILLER)), sender(intake))
        ids = {sender(intake).id_of(name) for name in (PLACER, FILLER)} - set(referrals(intake))

        assert ["not-found"] == [(await read(intake, id_))["code"] for id_ in ids]


class TestOrderThatChanged:
    async def test_brings_what_was_asked_for(self, intake: Running) -> None:
        """An EHR answers by sending the order again: what was missing is taken as supplied."""
        referral_id = await received(intake, coverage=None)
        answer = await again(intake, own())

        assert [202, ["supplied"]] == [answer.status_code, [w["code"] for w in answer.json()["warnings"]]]
        assert "in_progress" == (await read(intake, referral_id))["state"]
        await intake.until_told(
            "ReferralReceived", "InformationRequested", "InformationSupplied", "ReferralFoundComplete"
        )
        [supplied] = [fact for _, fact in intake.published() if isinstance(fact, InformationSupplied)]
        seal = intake.keyring.open(
            "demo", "coverage", supplied.seals["coverage"], CoverageDetails, purpose="test", referral_id=referral_id
        )
        assert ["INV00000001"] == [policy.member_id for policy in seal.policies]

    async def test_takes_nothing_else_with_it(self, intake: Running) -> None:
        """A name that changed beside the telephone number that was asked for is looked at, and not taken over."""
        patient = {name: value for name, value in own()["patient"].items() if name not in {"phone", "email"}}
        referral_id = await received(intake, patient=patient)
        answer = await again(intake, own(patient={**own()["patient"], "family": "Elsewise"}))

        shown = await read(intake, referral_id)
        assert 202 == answer.status_code
        assert ["/contact/family"] == shown["order_review"]["elements"]
        state: Referral = (await intake.service.read(referral_id)).state
        contact = intake.keyring.open(
            "demo", "contact", state.seals["contact"], Contact, purpose="test", referral_id=referral_id
        )
        assert ("Quillfeather", "+16175550101") == (contact.family, contact.phone)
        later = intake.keyring.open(
            "demo", "contact", state.versions[0].seals["contact"], Contact, purpose="test", referral_id=referral_id
        )
        assert "Elsewise" == later.family

    @pytest.mark.parametrize(
        ("changes", "elements"),
        [
            ({"priority": "stat"}, ["/priority"]),
            ({"service": {"system": "http://nucc.org/provider-taxonomy", "code": "207N00000X"}}, ["/service"]),
            ({"notes": ["Worse."], "diagnoses": []}, ["/diagnoses", "/notes"]),
            ({"coverage": None}, ["/policies"]),
            (
                {"needed_by": "2026-05-01T00:00:00Z", "expires_at": "2026-06-01T00:00:00Z"},
                ["/needed_by", "/expires_at"],
            ),
            ({"logistics": {"mobility": "wheelchair"}}, ["/logistics/mobility"]),
        ],
    )
    async def test_names_where_it_differs(self, changes: dict[str, Any], elements: list[str], intake: Running) -> None:
        """Pointers, and nothing of what stands there."""
        referral_id = await received(intake)
        await again(intake, own(**changes))
        shown = await read(intake, referral_id)

        assert elements == shown["order_review"]["elements"]
        assert {"review_changed_order", "complete_referral"} == {task["act"] for task in shown["tasks"]}

    async def test_says_that_it_is_what_came_before(self, intake: Running) -> None:
        """Each version is taken once, however often it comes, and in whatever order."""
        await received(intake)
        answers = [await again(intake, own(priority=p)) for p in ("stat", "urgent", "stat", "asap", "stat")]

        marks = [answer.headers.get("Idempotent-Replayed") for answer in answers]
        assert [None, "true", "true", None, "true"] == marks

    async def test_says_nothing_new_with_other_spelling(self, intake: Running) -> None:
        """Trifles make no other order, by whichever door."""
        await received(intake)
        notes = [{"text": "  Palpitations since   spring."}]
        answer = await fhir(intake, bundle(note=notes))

        assert (202, "true") == (answer.status_code, answer.headers.get("Idempotent-Replayed"))

    async def test_is_looked_at_by_a_person(self, intake: Running) -> None:
        """By a route, once; of a newer version nobody can say anything who has not seen it."""
        referral_id = await received(intake)
        await again(intake, own(priority="stat"))
        body = {"order_version": 2, "outcome": "kept"}
        stale, done, twice = [
            await post(intake, f"{referral_id}/order-review", said, Role.COORDINATOR, **{"Idempotency-Key": f"key-{n}"})
            for n, said in enumerate(({**body, "order_version": 3}, body, body))
        ]

        assert [412, 202, 202] == [stale.status_code, done.status_code, twice.status_code]
        assert (await read(intake, referral_id))["order_review"] is None


class TestOrderThatCountsNoMore:
    @pytest.mark.parametrize(("status", "reason"), [("revoked", "revoked"), ("entered-in-error", "entered-in-error")])
    async def test_is_cancelled_for_its_reason(self, status: str, reason: str, intake: Running) -> None:
        """At once, and the answer says so."""
        referral_id = (await fhir(intake, bundle())).json()["id"]
        answer = await fhir(intake, bundle(status=status))

        assert (202, referral_id, status) == (answer.status_code, answer.json()["id"], answer.json()["status"])
        await intake.until_told("ReferralReceived", "ReferralFoundComplete", "ReferralCancelled")
        [cancelled] = [fact for _, fact in intake.published() if isinstance(fact, ReferralCancelled)]
        assert ("throughline", reason) == (cancelled.reason.system, cancelled.reason.code)

    async def test_is_refused_where_it_is_unknown(self, intake: Running) -> None:
        """Nothing is known that could be taken back: the answer is why it is no order to begin with."""
        answer = await fhir(intake, bundle(status="revoked"))

        assert (422, "order_not_active") == (answer.status_code, answer.json()["issue"][0]["details"]["text"])
        assert [] == referrals(intake)
        with pytest.raises(NotFound):
            await DESK.carry_out(Revoke((PLACER,), "revoked"), sender(intake))

    @pytest.mark.parametrize("is_cut_short", [False, True])
    async def test_is_superseded_by_another(self, is_cut_short: bool, intake: Running) -> None:
        """The new order is taken, and the old one ends, once; after a crash between the two, by the same message."""
        old, new = named(PLACER), named(FILLER)
        first = await DESK.carry_out(Place(old), sender(intake))
        replacing = Place(new, replaces=(PLACER, FILLER, SERVER))
        await DESK.carry_out(Place(new) if is_cut_short else replacing, sender(intake))
        second = await DESK.carry_out(replacing, sender(intake))
        states = [(await read(intake, carried.referral_id))["state"] for carried in (first, second)]

        assert ["winding_down", "in_progress"] == states
        assert ["unknown-order"] == [remark.code for remark in second.remarks]


class TestOrderOnHold:
    async def test_rests_until_it_is_active_again(self, intake: Running) -> None:
        """As often as it likes; each time the others hear of it."""
        referral_id = (await fhir(intake, bundle())).json()["id"]
        seen = []
        for status in ("on-hold", "on-hold", "active", "on-hold", "active", "active"):
            answer = await fhir(intake, bundle(status=status))
            shown = await read(intake, referral_id)
            seen.append((answer.json()["status"], shown["is_on_hold"]))

        on, off = ("on-hold", True), ("active", False)
        assert [on, on, off, on, off, off] == seen
        told = ["ReferralHeld", "ReferralResumed"] * 2
        await intake.until_told("ReferralReceived", "ReferralFoundComplete", *told)

    async def test_is_refused_where_it_is_unknown(self, intake: Running) -> None:
        """An order that rests from the beginning is sent again when it is active."""
        answer = await fhir(intake, bundle(status="on-hold"))

        assert (422, []) == (answer.status_code, referrals(intake))


class TestOrderWithoutPathway:
    async def test_waits_for_a_person(self, intake: Running) -> None:
        """No general provider sees what nobody has looked at; a person names the pathway by its token."""
        referral_id = await received(intake, service={"system": "urn:example:services", "code": "unheard-of"})
        before = await read(intake, referral_id)
        unknown, done = [
            await post(
                intake, f"{referral_id}/pathway", {"pathway": pathway}, Role.NURSE, **{"Idempotency-Key": pathway}
            )
            for pathway in ("pw-nowhere", "pw-9x4k2m")
        ]
        after = await read(intake, referral_id)

        assert [422, 202] == [unknown.status_code, done.status_code]
        assert ("awaiting_pathway", "in_progress") == (before["state"], after["state"])
        assert "pw-9x4k2m" == after["pathway"]
        assert "choose_pathway" in before["allowed"]
        await intake.until_told("ReferralReceived", "PathwayChosen", "ReferralFoundComplete")
