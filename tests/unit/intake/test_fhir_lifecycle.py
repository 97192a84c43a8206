"""What must not be acted on: each has a code of its own, and says at its place what a sender can do about it."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.instruction import Hold, Place, Revoke
from services.intake.domain.order import Identifier
from shared.web import Malformed
from tests.unit.intake.bundles import NOW, all_asked, asked, changed, taken, warned
from tests.unit.intake.invented import CONDITION, COVERAGE, ORDER, ORDERS, PATIENT, Document, bundle, resources

AT = "/Bundle/entry/0/resource"
NUMBER = Identifier(system=ORDERS, value="ORD-4001")
V2 = "http://terminology.hl7.org/CodeSystem/v2-0003"
BARS = "https://fhir.nhs.uk/CodeSystem/message-events-bars"


def flaws(document: object) -> list[tuple[str, str]]:
    """Why the order is not placed, by code and place."""
    return [(flaw.code, flaw.pointer) for flaw in asked(document).flaws]


def beside(**more: Document) -> Document:
    """The invented Bundle with more resources."""
    found = resources()
    found.update({f"urn:uuid:{name}": resource for name, resource in more.items()})
    return bundle(found)


def message(system: str | None, code: str, **more: Any) -> Document:
    """The invented order as a message; without a system its event is a URI."""
    event = {"eventCoding": {"system": system, "code": code}} if system else {"eventUri": code}
    header = {"resourceType": "MessageHeader", **event, "source": {"endpoint": "https://ehr.example"}, **more}
    document = bundle(type_="message")
    document["entry"].insert(0, {"fullUrl": "urn:uuid:header", "resource": header})
    return document


def task(status: str, focus: str = ORDER) -> Document:
    """A Task about a resource."""
    return {"resourceType": "Task", "status": status, "intent": "order", "focus": {"reference": focus}}


class TestOrders:
    @pytest.mark.parametrize(
        "intent", ["order", "plan", "directive", "original-order", "reflex-order", "filler-order", "instance-order"]
    )
    def test_are_placed_by_who_may(self, intent: str) -> None:
        """An order and its kinds ask for action, and a plan does where others are what their senders write."""
        assert isinstance(asked(bundle(intent=intent)).instruction, Place)

    @pytest.mark.parametrize("intent", ["proposal", "option"])
    def test_are_not_placed_by_a_thought(self, intent: str) -> None:
        """A proposal gives nobody authority to act."""
        assert [("intent", f"{AT}/intent")] == flaws(bundle(intent=intent))

    @pytest.mark.parametrize(
        ("status", "comes_to"),
        [
            ("revoked", Revoke((NUMBER,), "revoked")),
            ("entered-in-error", Revoke((NUMBER,), "entered-in-error")),
            ("on-hold", Hold((NUMBER,))),
            ("draft", None),
            ("completed", None),
            ("unknown", None),
        ],
    )
    def test_that_stand_no_more_say_what_is_to_end(self, status: str, comes_to: object) -> None:
        """One that nobody knows is refused with the flaws; one that is known ends, or rests."""
        found = asked(bundle(status=status))

        assert comes_to == found.instruction
        assert [("order_not_active", f"{AT}/status")] == [(flaw.code, flaw.pointer) for flaw in found.flaws]

    def test_run_out(self) -> None:
        """Nobody is asked about an order that may not be used any more; a day earlier they are."""
        written = NOW - timedelta(days=180)

        assert [("order_expired", f"{AT}/authoredOn")] == flaws(bundle(authoredOn=written.isoformat()))
        assert [] == flaws(bundle(authoredOn=(written + timedelta(days=1)).isoformat()))

    def test_last_longer_when_they_are_for_later(self) -> None:
        """An order for next year may be used next year."""
        written = NOW - timedelta(days=179)
        for_later = taken(bundle(authoredOn=written.isoformat(), occurrencePeriod={"start": "2026-10-01"}))
        until = taken(bundle(authoredOn=written.isoformat(), occurrencePeriod={"end": "2026-12-31"}))

        assert for_later.not_before
        assert for_later.not_before + timedelta(days=180) == for_later.expires_at
        assert until.needed_until == until.expires_at
        assert taken(bundle()).expires_at is None

    def test_are_overdue_from_the_start_when_they_come_late(self) -> None:
        """The time by which it is needed is over: it is wanted all the same, and somebody has to hurry."""
        document = bundle(occurrencePeriod={"end": "2026-04-07"})

        assert [(AT, "overdue")] == warned(document)
        assert taken(document).needed_until

    @pytest.mark.parametrize("category", ["108252007", "363679005", "387713003"])
    def test_of_laboratory_imaging_and_procedures_are_no_referrals(self, category: str) -> None:
        """Even where a specialist is to do them: unless a pathway names them."""
        document = bundle(category=[{"coding": [{"system": "http://snomed.info/sct", "code": category}]}])

        assert [("not_a_referral", f"{AT}/category")] == flaws(document)
        [found] = all_asked(document, pathways={category})
        assert isinstance(found.instruction, Place)

    @pytest.mark.parametrize("code", ["304253006", "LA33471-6"])
    def test_not_to_resuscitate_never_are(self, code: str) -> None:
        """Whoever is named to do it, and even if a pathway named it."""
        [found] = all_asked(bundle(code={"coding": [{"system": "urn:any", "code": code}]}), pathways={code})

        assert [("not_a_referral", f"{AT}/code")] == [(flaw.code, flaw.pointer) for flaw in found.flaws]

    def test_of_an_unknown_category_are_taken(self) -> None:
        """EHRs have categories of their own."""
        assert [] == flaws(bundle(category=[{"coding": [{"system": "urn:example", "code": "OUTPATIENT"}]}]))


class TestModifiers:
    @pytest.mark.parametrize("where", [ORDER, PATIENT, CONDITION])
    @pytest.mark.parametrize(
        "modifier", [{"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}, {"implicitRules": "urn:x"}]
    )
    def test_that_are_unknown_are_not_acted_on(self, where: str, modifier: Document) -> None:
        """On whatever resource that is read."""
        codes = {code for code, _ in flaws(changed(where, **modifier))}

        assert {"unknown_modifier"} == codes

    @pytest.mark.parametrize(
        ("elements", "place"),
        [
            (
                {"contained": [{"resourceType": "Device", "id": "d", "implicitRules": "urn:x"}]},
                f"{AT}/contained/0/implicitRules",
            ),
            (
                {"occurrenceTiming": {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}},
                f"{AT}/occurrenceTiming/modifierExtension",
            ),
        ],
    )
    def test_count_inside_as_well(self, elements: Document, place: str) -> None:
        """In what is contained, and in elements."""
        assert [("unknown_modifier", place)] == flaws(changed(ORDER, **elements))

    def test_of_what_nobody_reads_do_not_count(self) -> None:
        """They change what is not acted on in any case."""
        assert [] == flaws(beside(pulse={"resourceType": "Observation", "implicitRules": "urn:x"}))

    def test_of_what_nothing_names_leave_it_out(self) -> None:
        """The order does not say that this Coverage is its own: it is not acted on, and that is said."""
        found = resources()
        found[COVERAGE]["implicitRules"] = "urn:x"
        document = bundle(found, insurance=None)

        assert ([], [("/Bundle/entry/4/resource/implicitRules", "unknown_modifier")]) == (
            flaws(document),
            warned(document),
        )
        assert "coverage" not in taken(document).provided

    def test_of_the_bundle_count(self) -> None:
        """The rules of a Bundle are those of all in it."""
        ruled = {**bundle(), "implicitRules": "urn:x"}
        modified = bundle()
        modified["entry"][2]["modifierExtension"] = [{"url": "urn:x", "valueBoolean": True}]

        assert [("unknown_modifier", "/Bundle/implicitRules")] == refused(ruled)
        assert [("unknown_modifier", "/Bundle/entry/2/modifierExtension")] == refused(modified)


class TestPatients:
    @pytest.mark.parametrize(
        ("elements", "code", "place"),
        [
            ({"deceasedBoolean": True}, "patient-deceased", "deceasedBoolean"),
            ({"deceasedDateTime": "2026-04-01"}, "patient-deceased", "deceasedDateTime"),
            ({"deceasedDateTime": "2026"}, "patient-deceased", "deceasedDateTime"),
            ({"active": False}, "patient-inactive", "active"),
            (
                {"link": [{"type": "replaced-by", "other": {"reference": "Patient/2"}}]},
                "patient-replaced",
                "link/0",
            ),
        ],
    )
    def test_whose_record_is_closed_get_no_referral(self, elements: Document, code: str, place: str) -> None:
        """Nobody is to write to them."""
        assert [(code, f"/Bundle/entry/1/resource/{place}")] == flaws(changed(PATIENT, **elements))

    @pytest.mark.parametrize(
        "elements",
        [
            {"deceasedBoolean": False},
            {"active": True},
            {"link": [{"type": "replaces", "other": {"reference": "Patient/2"}}]},
        ],
    )
    def test_whose_record_is_in_use_get_one(self, elements: Document) -> None:
        """These say that it is."""
        assert [] == flaws(changed(PATIENT, **elements))

    def test_who_have_died_end_what_has_begun(self) -> None:
        """An order that is known is cancelled for that reason."""
        assert Revoke((NUMBER,), "deceased") == asked(changed(PATIENT, deceasedBoolean=True)).instruction

    def test_who_have_died_count_before_an_order_that_was_revoked(self) -> None:
        """The gravest word is the reason: nobody is to write to them."""
        found = resources()
        found[PATIENT]["deceasedBoolean"] = True

        assert Revoke((NUMBER,), "deceased") == asked(bundle(found, status="revoked")).instruction


class TestTasks:
    @pytest.mark.parametrize(
        ("status", "comes_to"),
        [
            ("rejected", Revoke((NUMBER,), "revoked")),
            ("cancelled", Revoke((NUMBER,), "revoked")),
            ("failed", Revoke((NUMBER,), "revoked")),
            ("entered-in-error", Revoke((NUMBER,), "entered-in-error")),
            ("on-hold", Hold((NUMBER,))),
            ("completed", None),
        ],
    )
    def test_that_ended_end_the_order(self, status: str, comes_to: object) -> None:
        """The order itself may still say that it is active."""
        found = asked(beside(task=task(status)))

        assert comes_to == found.instruction
        assert [("task_ended", "/Bundle/entry/5/resource/status")] == [(f.code, f.pointer) for f in found.flaws]

    @pytest.mark.parametrize("status", ["requested", "received", "accepted", "ready", "in-progress"])
    def test_on_their_way_let_it_be(self, status: str) -> None:
        """A Task that asks for the order is how many EHRs send one."""
        assert [] == flaws(beside(task=task(status)))

    def test_about_something_else_do_not_count(self) -> None:
        """Another Task was cancelled."""
        assert [] == flaws(beside(task=task("cancelled", CONDITION)))


class TestMessages:
    @pytest.mark.parametrize(("system", "code"), [(BARS, "servicerequest-request"), (V2, "I12"), (V2, "O19")])
    def test_that_are_known_are_taken(self, system: str, code: str) -> None:
        """Each for a referral."""
        assert [] == flaws(message(system, code))

    @pytest.mark.parametrize(
        ("system", "code", "place"),
        [(V2, "A01", "eventCoding"), ("urn:x", "I12", "eventCoding"), (None, "urn:x:notify", "event")],
    )
    def test_of_unknown_events_are_not(self, system: str | None, code: str, place: str) -> None:
        """What is asked for is not known."""
        assert [("message_event", f"{AT}/{place}")] == flaws(message(system, code))

    @pytest.mark.parametrize("more", [{}, {"response": {"identifier": "1", "code": "ok"}}])
    @pytest.mark.parametrize("status", ["revoked", "on-hold"])
    def test_that_are_not_known_end_nothing_either(self, status: str, more: dict[str, Any]) -> None:
        """An order that is revoked may be in a message that only tells of it, or answers another."""
        document = message(BARS, "servicerequest-request" if more else "servicerequest-response", **more)
        document["entry"][1]["resource"]["status"] = status

        assert asked(document).instruction is None
        assert "message_event" in {code for code, _ in flaws(document)}

    def test_that_cancel_end_the_order(self) -> None:
        """HL7 v2's I14 cancels a referral."""
        found = asked(message(V2, "I14"))

        assert Revoke((NUMBER,), "revoked") == found.instruction
        assert [f"{AT}/eventCoding"] == [flaw.pointer for flaw in found.flaws]

    def test_that_answer_are_no_orders(self) -> None:
        """A response to another message."""
        document = message(BARS, "servicerequest-request", response={"identifier": "1", "code": "ok"})

        assert [("message_event", f"{AT}/response")] == flaws(document)

    def test_begin_with_their_header(self) -> None:
        """Without one, or with one that is somewhere else, nobody knows what it is for."""
        late = message(V2, "I12")
        late["entry"] = [*late["entry"][1:], late["entry"][0]]

        assert [("message_header", "/Bundle/entry")] == flaws(bundle(type_="message")) == flaws(late)


def refused(document: object) -> list[tuple[str, str]]:
    """Why the whole Bundle is refused."""
    with pytest.raises(Malformed) as found:
        asked(document)
    return [(flaw.code, flaw.pointer) for flaw in found.value.flaws]
