"""What the FHIR door answers: valid FHIR R4, one answer for each order, and each refusal true and at its place."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from fhir.resources.R4B import get_fhir_model_class

from shared.contracts.intake import ReferralReceived
from shared.identity import Role
from tests.unit.intake.invented import NAMES, ORDER, ORDERS, PATIENT, Document, as_bytes, bundle, resources
from tests.unit.intake.running import Running

SECOND = "urn:uuid:00000000-0000-4000-8000-000000000009"
ISSUE_TYPES: Final = frozenset(
    ("conflict", "informational", "invalid", "not-supported", "required", "structure", "too-long", "value")
)
"""Of http://hl7.org/fhir/R4/valueset-issue-type.html, what this door says."""
ODD_PHONE = [{"system": "phone", "value": "ask Zephyrine"}]


async def send(intake: Running, document: object, content_type: str = "application/fhir+json", prefer: str = "") -> Any:
    """Send it as the referring side's system does."""
    body = document if isinstance(document, bytes) else as_bytes(document)
    async with intake.client(Role.EHR) as ehr:
        return await ehr.post("/fhir/R4", content=body, headers={"Content-Type": content_type, "Prefer": prefer})


def valid(answer: Any) -> Document:
    """The answer, held against R4's models and the rules that they do not know."""
    document: Document = json.loads(answer.content)
    assert "application/fhir+json" == answer.headers["Content-Type"]
    get_fhir_model_class(document["resourceType"]).model_validate_json(answer.content, strict=True)
    for resource in _resources(document):
        _check_contained(resource)
        issues = resource.get("issue", [])
        assert ISSUE_TYPES >= {issue["code"] for issue in issues}
    assert [] == [name for name in NAMES if name in answer.text]
    return document


def _resources(document: Any) -> Iterator[Document]:
    if isinstance(document, dict):
        if "resourceType" in document:
            yield document
        for inner in document.values():
            yield from _resources(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from _resources(inner)


def _check_contained(resource: Document) -> None:
    """What is contained is referred to from the resource, has an id, and has no meta (dom-3 to dom-5)."""
    text = json.dumps({name: value for name, value in resource.items() if name != "contained"})
    for inner in resource.get("contained", ()):
        assert f'"#{inner["id"]}"' in text
        assert "meta" not in inner


def two(kind: str, **changes: Any) -> Document:
    """Two orders of one patient, whose telephone number is none; `changes` are of the second order."""
    found = resources()
    found[PATIENT]["telecom"] = [*found[PATIENT]["telecom"], {"system": "phone", "value": "617-555-0101"}]
    found[SECOND] = {**found[ORDER], "identifier": [{"system": ORDERS, "value": "ORD-4002"}], **changes}
    document = bundle(found, type_=kind)
    if kind in {"transaction", "batch"}:
        for entry in document["entry"]:
            entry["request"] = {"method": "POST", "url": entry["resource"]["resourceType"]}
    return document


class TestOneOrder:
    async def test_is_answered_by_itself(self, intake: Running) -> None:
        """A ServiceRequest with its subject, by the reference that this patient has here."""
        answer = await send(intake, bundle())

        told = valid(answer)
        assert (202, "ServiceRequest", "active") == (answer.status_code, told["resourceType"], told["status"])
        assert told["subject"]["identifier"]["value"].startswith("demo-p")

    async def test_is_answered_with_its_warnings_inside(self, intake: Running) -> None:
        """They are contained, and the answer refers to them."""
        found = resources()
        found[PATIENT]["telecom"] = ODD_PHONE

        told = valid(await send(intake, bundle(found)))

        assert [{"reference": "#warnings"}] == told["supportingInfo"]
        assert {"phone"} <= {issue["details"]["text"] for issue in told["contained"][0]["issue"]}

    async def test_is_taken_as_json_of_any_name(self, intake: Running) -> None:
        """Many programs send FHIR as plain JSON."""
        for content_type in ("application/json", "application/fhir+json; fhirVersion=4.0; charset=utf-8"):
            assert 202 == (await send(intake, bundle(), content_type)).status_code

    @pytest.mark.parametrize(
        "content_type", ["application/fhir+xml", "application/xml", "text/json", "application/vnd.api+json", ""]
    )
    async def test_is_not_taken_as_anything_else(self, intake: Running, content_type: str) -> None:
        """The sentence says what to send."""
        answer = await send(intake, bundle(), content_type)

        [issue] = valid(answer)["issue"]
        assert (415, "not-supported") == (answer.status_code, issue["code"])
        assert "application/fhir+json" in issue["diagnostics"]

    async def test_is_refused_at_its_place_when_it_is_too_large(self, intake: Running) -> None:
        """Not as a conflict: nothing else is in its way."""
        answer = await send(intake, bundle(note=[{"text": "x" * 200_000}]))

        [issue] = valid(answer)["issue"]
        assert (413, "too-long") == (answer.status_code, issue["code"])
        assert ["Bundle.entry[0].resource.note[0].text"] == issue["expression"]

    async def test_is_refused_under_the_code_of_each_flaw(self, intake: Running) -> None:
        """Who repairs an order reads what each is."""
        answer = await send(intake, bundle(identifier=None, priority="whenever", subject=None))

        issues = valid(answer)["issue"]
        assert 422 == answer.status_code
        assert {"missing"} <= {issue["details"]["text"] for issue in issues}
        assert [] == intake.world.disk.documents("referrals")

    async def test_is_refused_when_a_name_stands_twice(self, intake: Running) -> None:
        """Two readers would read two orders."""
        twice = as_bytes(bundle()).replace(b'"priority"', b'"priority": "stat", "priority"', 1)

        answer = await send(intake, twice)

        [issue] = valid(answer)["issue"]
        assert (400, "structure", ["Bundle.entry[0].resource"]) == (
            answer.status_code,
            issue["code"],
            issue["expression"],
        )

    @pytest.mark.parametrize(
        ("prefer", "status"),
        [("handling=strict", 422), ("return=minimal, handling = Strict", 422), ("handling=lenient", 202), ("", 202)],
    )
    async def test_is_refused_for_what_is_odd_if_its_sender_prefers(
        self, intake: Running, prefer: str, status: int
    ) -> None:
        """Nobody reads the warnings of a 202: a sender may ask for a refusal."""
        found = resources()
        found[PATIENT]["telecom"] = [*found[PATIENT]["telecom"], *ODD_PHONE]

        answer = await send(intake, bundle(found), prefer=prefer)

        assert status == answer.status_code
        assert "phone" in json.dumps(valid(answer))


class TestSeveralOrders:
    @pytest.mark.parametrize(
        ("kind", "answered_as"), [("transaction", "transaction-response"), ("batch", "batch-response")]
    )
    async def test_are_answered_entry_by_entry(self, intake: Running, kind: str, answered_as: str) -> None:
        """One answer for each entry, in its place; the orders' have their referrals."""
        answer = await send(intake, two(kind))

        told = valid(answer)
        assert (202, answered_as, 6) == (answer.status_code, told["type"], len(told["entry"]))
        assert {"202 Accepted"} == {entry["response"]["status"] for entry in told["entry"]}
        made = [n for n, entry in enumerate(told["entry"]) if "resource" in entry]
        assert [0, 5] == made
        assert 2 == len({told["entry"][n]["resource"]["id"] for n in made})
        assert 1 == len({json.dumps(told["entry"][n]["resource"]["subject"]) for n in made})
        assert 2 == len(intake.world.disk.documents("referrals"))

    @pytest.mark.parametrize("kind", ["collection", "searchset"])
    async def test_are_answered_in_a_bundle_of_their_own(self, intake: Running, kind: str) -> None:
        """Nothing but the orders is answered where entries ask for nothing."""
        told = valid(await send(intake, two(kind)))

        assert ("batch-response", 2) == (told["type"], len(told["entry"]))

    @pytest.mark.parametrize("kind", ["collection", "batch"])
    async def test_are_each_taken_for_themselves(self, intake: Running, kind: str) -> None:
        """What is wrong with one is said in its place, and the other is taken."""
        answer = await send(intake, two(kind, priority="whenever"))

        entries = valid(answer)["entry"]
        assert 202 == answer.status_code
        assert "422 Unprocessable Entity" == entries[-1]["response"]["status"]
        assert ["priority"] == [issue["details"]["text"] for issue in entries[-1]["response"]["outcome"]["issue"]]
        assert 1 == len(intake.world.disk.documents("referrals"))

    async def test_are_taken_whole_or_not_at_all(self, intake: Running) -> None:
        """A transaction is one act."""
        answer = await send(intake, two("transaction", priority="whenever"))

        assert (422, ["Bundle.entry[5].resource.priority"]) == (
            answer.status_code,
            valid(answer)["issue"][0]["expression"],
        )
        assert [] == intake.world.disk.documents("referrals")

    async def test_are_refused_when_none_can_be_taken(self, intake: Running) -> None:
        """Nothing was taken, and the status says so."""
        found = two("batch", priority="whenever")
        found["entry"][0]["resource"]["intent"] = "proposal"

        answer = await send(intake, found)

        assert 422 == answer.status_code
        assert ["intent", "priority"] == [issue["details"]["text"] for issue in valid(answer)["issue"]]

    async def test_of_one_requisition_have_a_parent_in_common(self, intake: Running) -> None:
        """Each is a referral of its own; which belong together stays to be seen."""
        shared = {"requisition": {"system": ORDERS, "value": "ORD-4001"}}
        document = two("collection", **shared)
        document["entry"][0]["resource"] |= shared
        await send(intake, document)
        await send(intake, two("collection", identifier=[{"system": ORDERS, "value": "ORD-4003"}]))

        documents = [document["_id"] for document in intake.world.disk.documents("referrals")]
        await intake.until_told(*["ReferralReceived", "ReferralFoundComplete"] * 3)
        received = [told for _, told in intake.published() if isinstance(told, ReferralReceived)]
        [shared_parent] = {fact.parent for fact in received} - {None}
        assert 2 == sum(fact.parent == shared_parent for fact in received)
        assert shared_parent not in documents

    async def test_that_nobody_knows_are_refused_when_they_are_taken_back(self, intake: Running) -> None:
        """Nothing was taken, and the status says so."""
        found = two("batch", status="revoked")
        found["entry"][0]["resource"]["status"] = "entered-in-error"

        answer = await send(intake, found)

        assert (422, "order_not_active") == (answer.status_code, valid(answer)["issue"][0]["details"]["text"])

    async def test_that_come_again_say_so(self, intake: Running) -> None:
        """All of them by the header, each of them in its place."""
        await send(intake, bundle())
        answers = [await send(intake, two("transaction")) for _ in range(2)]

        marked = [answer.headers.get("Idempotent-Replayed") for answer in answers]
        replayed = [
            [n for n, entry in enumerate(valid(answer)["entry"]) if "replayed" in json.dumps(entry)]
            for answer in answers
        ]
        assert ([None, "true"], [[0], [0, 5]]) == (marked, replayed)
        assert 2 == len(intake.world.disk.documents("referrals"))
