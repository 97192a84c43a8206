"""What can carry an order, and which of what it carries are orders."""

import json
from typing import Any

import pytest

from services.intake.domain.instruction import Place
from shared.web import Malformed
from tests.unit.intake.bundles import all_asked, asked, changed, refusal, taken, warned
from tests.unit.intake.invented import CONDITION, NUCC, ORDER, ORDERS, PATIENT, Document, bundle, resources

SECOND = "urn:uuid:00000000-0000-4000-8000-000000000009"
LABORATORY = [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}]


def second(number: str = "ORD-4002", **changes: Any) -> Document:
    """Another order of the same patient."""
    return {**resources()[ORDER], "identifier": [{"system": ORDERS, "value": number}], **changes}


def two(kind: str = "collection", first: Document | None = None, **changes: Any) -> Document:
    """A Bundle with two orders."""
    return bundle({**resources(), SECOND: second(**changes)}, type_=kind, **(first or {}))


def placed(document: object) -> list[str]:
    """The numbers of the orders that are to be placed."""
    instructions = [each.instruction for each in all_asked(document)]
    return [told.order.number.value for told in instructions if isinstance(told, Place)]


class TestKinds:
    def test_may_be_a_lone_request_with_what_it_refers_to_inside(self) -> None:
        """Contained resources are read where they stand."""
        found = resources()
        ids = {url: f"#r{n}" for n, url in enumerate(found)}
        inside = [{**found[url], "id": ids[url][1:]} for url in found if url != ORDER]
        text = json.dumps({**found[ORDER], "contained": inside})
        for url, fragment in ids.items():
            text = text.replace(url, fragment)

        order = taken(json.loads(text))

        assert ("ORD-4001", "MRN-7001", "I48.91") == (
            order.number.value,
            order.mrn.value,
            order.diagnoses[0].code,
        )

    @pytest.mark.parametrize("kind", ["document", "history", "batch-response", None, 5, ["collection"]])
    def test_that_carry_no_orders_are_refused(self, kind: Any) -> None:
        """They tell of something else."""
        assert "bundle_type" == refusal({**bundle(), "type": kind}).code

    def test_that_name_what_fhir_does_not_have_are_refused(self) -> None:
        """A full URL that is spelt otherwise would leave references open."""
        document = bundle()
        document["entry"][1]["fullURL"] = document["entry"][1].pop("fullUrl")

        [flaw] = refusal(document).flaws
        assert ("unknown_element", "/Bundle/entry/1") == (flaw.code, flaw.pointer)
        assert "fullUrl" in flaw.detail
        assert "unknown_element" == refusal({**bundle(), "Quillfeather": 1}).code

    @pytest.mark.parametrize(
        ("method", "is_taken"), [("POST", True), ("PUT", True), ("DELETE", False), ("PATCH", False), ("GET", False)]
    )
    def test_that_ask_for_something_else_are_refused(self, method: str, *, is_taken: bool) -> None:
        """What is to be deleted is not to be begun, and what is only read is not sent."""
        document = bundle(type_="transaction")
        document["entry"][1]["request"] = {"method": method, "url": "Patient"}

        if is_taken:
            assert asked(document).instruction
        else:
            assert ("entry_method", "/Bundle/entry/1/request/method") == (
                refusal(document).code,
                refusal(document).flaws[0].pointer,
            )

    def test_may_hold_what_fhir_r4b_dropped_and_what_is_wrong_elsewhere(self) -> None:
        """Only what is read is validated."""
        dropped = {"resourceType": "EffectEvidenceSynthesis", "status": "active"}
        wrong = {"resourceType": "Observation", "status": 7, "Quillfeather": []}

        assert "ORD-4001" == taken(bundle({**resources(), "urn:uuid:8": dropped, "urn:uuid:9": wrong})).number.value


class TestSeveral:
    @pytest.mark.parametrize("kind", ["collection", "transaction", "batch", "searchset"])
    def test_orders_are_each_their_own(self, kind: str) -> None:
        """Several orders of one patient in one Bundle."""
        assert ["ORD-4001", "ORD-4002"] == placed(two(kind))

    def test_orders_are_each_refused_for_themselves(self) -> None:
        """What is wrong with one says nothing about the other."""
        good, bad = all_asked(two(priority="whenever"))

        assert ((), True) == (good.flaws, bool(good.instruction))
        assert ["priority"] == [flaw.code for flaw in bad.flaws]

    @pytest.mark.parametrize("status", ["completed", "draft", "unknown"])
    def test_that_are_not_active_are_no_orders(self, status: str) -> None:
        """One active order beside what is history, or not yet decided."""
        document = two(status=status)

        assert ["ORD-4001"] == placed(document)
        assert [("/Bundle/entry/5/resource", "left_out")] == warned(document)

    def test_that_serve_another_are_no_orders(self) -> None:
        """A test that informs the referral was ordered of somebody else."""
        document = two(first={"supportingInfo": [{"reference": SECOND}]})

        assert (["ORD-4001"], ["left_out"]) == (placed(document), [code for _, code in warned(document)])

    def test_that_are_no_referrals_are_left_out_beside_one(self) -> None:
        """Alone they would be refused."""
        document = two(category=LABORATORY)

        assert ["ORD-4001"] == placed(document)
        assert [("/Bundle/entry/5/resource/category", "not_a_referral")] == warned(document)
        assert 2 == len(all_asked(two(category=LABORATORY, first={"category": LABORATORY})))

    def test_that_came_along_with_a_search_are_no_orders(self) -> None:
        """A search includes what its matches refer to."""
        document = two("searchset")
        document["entry"][0]["search"], document["entry"][5]["search"] = {"mode": "match"}, {"mode": "include"}

        assert ["ORD-4001"] == placed(document)

    def test_that_a_message_is_not_about_are_no_orders(self) -> None:
        """The focus of the message says which."""
        event = {"system": "http://terminology.hl7.org/CodeSystem/v2-0003", "code": "I12"}
        header = {"resourceType": "MessageHeader", "eventCoding": event, "source": {"endpoint": "https://ehr.example"}}
        document = two("message")
        document["entry"].insert(0, {"fullUrl": "urn:uuid:h", "resource": {**header, "focus": [{"reference": SECOND}]}})

        assert ["ORD-4002"] == placed(document)

    def test_are_refused_when_they_are_very_many(self) -> None:
        """A file of orders is sent one Bundle at a time."""
        found = {**resources(), **{f"{SECOND[:-4]}{1000 + n}": second(f"ORD-{n}") for n in range(20)}}

        assert "too_many" == refusal_of_all(bundle(found))

    def test_are_refused_when_none_asks_for_anything(self) -> None:
        """Nothing but history, or nothing at all."""
        assert "no_service_request" == refusal_of_all(two(status="completed", first={"status": "completed"}))


def refusal_of_all(document: object) -> str:
    """Why a Bundle is refused as a whole."""
    with pytest.raises(Malformed) as refused:
        all_asked(document)
    return refused.value.code


class TestMeasure:
    @pytest.mark.parametrize(
        ("document", "place", "code"),
        [
            (bundle(note=[{"text": "x"}] * 201), "/Bundle/entry/0/resource/note", "too_many"),
            (
                changed(CONDITION, note=[{"text": "x"}] * 201),
                "/Bundle/entry/3/resource/note",
                "too_many",
            ),
            (
                bundle(reasonCode=[{"coding": [{"system": "urn:x", "code": "y"}] * 20}] * 100),
                "/Bundle/entry/0/resource",
                "too_large",
            ),
            (bundle(note=[{"text": "x" * 200_000}]), "/Bundle/entry/0/resource/note/0/text", "too_large"),
            (bundle(note=[{"text": "x" * 2_000}] * 100), "/Bundle/entry/0/resource/note", "too_large"),
        ],
    )
    def test_is_kept(self, document: Document, place: str, code: str) -> None:
        """One order keeps nobody waiting, and fits into what is told of it."""
        assert (code, place) in [(flaw.code, flaw.pointer) for flaw in asked(document).flaws]

    def test_is_kept_by_what_has_to_be_read(self) -> None:
        """Everything that might be this patient's is read, up to a limit."""
        coverage = {**resources()["urn:uuid:00000000-0000-4000-8000-000000000003"]}
        found = {**resources(), **{f"{SECOND[:-4]}{1000 + n}": coverage for n in range(600)}}

        assert ["too_many"] == [flaw.code for flaw in asked(bundle(found, insurance=None)).flaws]


class TestNonsense:
    @pytest.mark.parametrize(
        ("document", "place"),
        [
            (bundle(authoredOn=1796032800), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(occurrencePeriod={"end": 5}), "/Bundle/entry/0/resource/occurrencePeriod/end"),
            (bundle(occurrenceTiming={"event": [5]}), "/Bundle/entry/0/resource/occurrenceTiming/event/0"),
            (changed(PATIENT, birthDate=0), "/Bundle/entry/1/resource/birthDate"),
            (
                changed(PATIENT, name=[{"family": "Q", "period": {"start": 1}}]),
                "/Bundle/entry/1/resource/name/0/period/start",
            ),
        ],
    )
    def test_is_a_number_for_a_date(self, document: Document, place: str) -> None:
        """FHIR's dates are strings; a parser would read seconds since 1970."""
        assert [("date", place)] == [(flaw.code, flaw.pointer) for flaw in asked(document).flaws]

    def test_is_a_number_that_is_half_a_character(self) -> None:
        """JSON can write half of a surrogate pair, and no seal could hold it."""
        raw = json.dumps(bundle()).replace("Palpitations", "\\ud800").encode()

        assert asked(raw).flaws

    @pytest.mark.parametrize(
        ("elements", "said"),
        [
            ({"subjekt": {}}, "near"),
            ({"birthDate": "1970-01-01"}, "birthDate"),
            ({"Quillfeather": "Zephyrine"}, "unknown element"),
        ],
    )
    def test_is_named_if_fhir_knows_the_name(self, elements: Document, said: str) -> None:
        """A name that FHIR knows is no data, and helps who mistyped it; any other stays untold."""
        [flaw] = asked(bundle(**elements)).flaws

        assert ("unknown_element", "/Bundle/entry/0/resource") == (flaw.code, flaw.pointer)
        assert said in flaw.detail
        assert "Quillfeather" not in flaw.detail


def test_performers_specialty_of_another_order_is_not_taken() -> None:
    """Each order is read by itself."""
    role = {"resourceType": "PractitionerRole", "specialty": [{"coding": [{"system": NUCC, "code": "207N00000X"}]}]}
    document = two(performerType=None, code=None, performer=[{"reference": "urn:uuid:role"}])
    document["entry"].append({"fullUrl": "urn:uuid:role", "resource": role})

    services = [each.instruction.order.service for each in all_asked(document) if isinstance(each.instruction, Place)]

    assert ["207RC0000X", "207N00000X"] == [service and service.code for service in services]
