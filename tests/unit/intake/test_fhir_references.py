"""Which resource a Reference means, as a table: what stands in the Bundle, where the Reference is, what it says."""

from typing import Any

import pytest

from services.intake.api.fhir.nodes import Node
from services.intake.api.fhir.references import Index, Pointing, same

EHR, LAB = "https://ehr.example/fhir/", "https://lab.example/r4/"
UUID = "urn:uuid:0f5a2c1e-8a70-4c83-9a3e-6d0b6a2f1c11"
MRN = "urn:example:mrn"


def entry(full_url: str | None = None, type_: str = "Patient", id_: str | None = None, **more: Any) -> Node:
    """One entry; its fullUrl, or type and id, name it in the table."""
    raw = {"resourceType": type_, **({"id": id_} if id_ else {}), **more}
    return Node(raw, f"/Bundle/entry/{full_url}/{id_}/{more.get('meta')}", full_url)


def referrer(full_url: str | None = f"{EHR}ServiceRequest/sr1", **more: Any) -> Node:
    """The resource that holds the Reference."""
    return entry(full_url, "ServiceRequest", "sr1", **more)


def version(number: str) -> dict[str, str]:
    """The meta of one version."""
    return {"versionId": number}


def numbered(value: str, system: str | None = MRN) -> list[dict[str, str]]:
    """One identifier."""
    return [{**({"system": system} if system else {}), "value": value}]


OURS, THEIRS = entry(f"{EHR}Patient/p1", id_="p1"), entry(f"{LAB}Patient/p1", id_="p1")
BY_UUID = entry(UUID, id_="p1")
WITHOUT_ID = entry(f"{EHR}Patient/p1")
NAMELESS = entry(None, id_="p1")
RELATIVE = entry("Patient/p1")
OLD = entry(f"{EHR}Patient/p1", id_="p1", meta=version("9"))
NEW = entry(f"{EHR}Patient/p1", id_="p1", meta=version("10"))
UNVERSIONED = entry(f"{EHR}Patient/p1", id_="p1", birthDate="1971-01-01")
IDENTIFIED = entry(UUID, id_="p7", identifier=numbered("7"))
NAMESAKE = entry(f"{LAB}Patient/p8", id_="p8", identifier=numbered("7"))
RELATED = entry(f"{EHR}RelatedPerson/r7", "RelatedPerson", "r7", identifier=numbered("7"))
AT_HOME, IN_URN = referrer(), referrer(UUID.replace("0f5a", "aaaa"))


class TestEntries:
    @pytest.mark.parametrize(
        ("says", "where", "entries", "means"),
        [
            # A full URL is matched as it is.
            (f"{EHR}Patient/p1", AT_HOME, [THEIRS, OURS], [OURS]),
            (f"{EHR}Patient/p1", IN_URN, [THEIRS, OURS], [OURS]),
            (f"{EHR}Patient/p2", AT_HOME, [OURS], []),
            (UUID, AT_HOME, [OURS, BY_UUID], [BY_UUID]),
            (UUID.upper().replace("URN:UUID", "urn:uuid"), AT_HOME, [BY_UUID], [BY_UUID]),
            ("urn:oid:1.2.36.1", AT_HOME, [entry("urn:oid:1.2.36.2")], []),
            # A relative reference is read against the root of the entry that holds it.
            ("Patient/p1", AT_HOME, [THEIRS, OURS], [OURS]),
            ("Patient/p1", referrer(f"{LAB}ServiceRequest/sr1"), [THEIRS, OURS], [THEIRS]),
            ("Patient/p1", AT_HOME, [WITHOUT_ID], [WITHOUT_ID]),
            ("Patient/p1", AT_HOME, [THEIRS], []),
            ("Patient/p1", AT_HOME, [BY_UUID], []),
            ("Practitioner/p1", AT_HOME, [OURS], []),
            # Where nobody claims a server, type and id say which; two of them leave it open.
            ("Patient/p1", IN_URN, [BY_UUID], [BY_UUID]),
            ("Patient/p1", referrer(None), [NAMELESS], [NAMELESS]),
            ("Patient/p1", AT_HOME, [NAMELESS], [NAMELESS]),
            ("Patient/p1", IN_URN, [THEIRS, OURS], [THEIRS, OURS]),
            ("Patient/p1", referrer("ServiceRequest/sr1"), [RELATIVE], [RELATIVE]),
            ("Patient/p1", referrer("ServiceRequest/sr1"), [RELATIVE, BY_UUID], [BY_UUID, RELATIVE]),
            ("Patient/p1", AT_HOME, [RELATIVE], []),
            # A version is stripped; of several the one that is named, else the highest.
            ("Patient/p1/_history/3", AT_HOME, [OURS], [OURS]),
            (f"{EHR}Patient/p1/_history/3", AT_HOME, [OURS], [OURS]),
            ("Patient/p1/_history/9", AT_HOME, [OLD, NEW], [OLD]),
            ("Patient/p1", AT_HOME, [NEW, OLD], [NEW]),
            ("Patient/p1/_history/4", AT_HOME, [OLD, NEW], [NEW]),
            ("Patient/p1", AT_HOME, [OURS, UNVERSIONED], [OURS, UNVERSIONED]),
            ("Patient/p1", AT_HOME, [OURS, entry(f"{EHR}Patient/p1", id_="p1")], [OURS]),
            # A condition names an identifier; other conditions are not read.
            (f"Patient?identifier={MRN}|7", AT_HOME, [OURS, IDENTIFIED, RELATED], [IDENTIFIED]),
            ("Patient?identifier=urn%3Aexample%3Amrn%7C7", AT_HOME, [IDENTIFIED], [IDENTIFIED]),
            (f"Patient?identifier={MRN}|7", AT_HOME, [IDENTIFIED, NAMESAKE], [IDENTIFIED, NAMESAKE]),
            ("Patient?identifier=|7", AT_HOME, [IDENTIFIED], []),
            ("Patient?identifier=7", AT_HOME, [IDENTIFIED], []),
            (f"Patient?identifier={MRN}|7&name=x", AT_HOME, [IDENTIFIED], []),
            ("Patient?name=x", AT_HOME, [OURS], []),
            # What is no reference means nothing.
            ("", AT_HOME, [OURS], []),
            ("p1", AT_HOME, [OURS], []),
            ("#p1", AT_HOME, [OURS], []),
            ("Patient/", AT_HOME, [OURS], []),
        ],
    )
    def test_are_found_from_where_the_reference_stands(
        self, says: str, where: Node, entries: list[Node], means: list[Node]
    ) -> None:
        """FHIR's own algorithm; more than one is an ambiguity, which whoever asks refuses."""
        assert means == Index([where, *entries]).find(Pointing(says), where)

    @pytest.mark.parametrize(
        ("pointing", "entries", "means"),
        [
            (Pointing(None, None, MRN, "7"), [OURS, IDENTIFIED], [IDENTIFIED]),
            (Pointing(None, "Patient", MRN, "7"), [RELATED, IDENTIFIED], [IDENTIFIED]),
            (Pointing(None, None, MRN, "7"), [IDENTIFIED, NAMESAKE], [IDENTIFIED, NAMESAKE]),
            (Pointing(None, None, "urn:example:other", "7"), [IDENTIFIED], []),
            (Pointing(None, None, None, "7"), [IDENTIFIED], []),
            (Pointing("Patient/gone", None, MRN, "7"), [IDENTIFIED], [IDENTIFIED]),
            (Pointing("Patient/p1", None, MRN, "7"), [OURS, IDENTIFIED], [OURS, IDENTIFIED]),
            (Pointing("Patient/p1", None, MRN, "1"), [OURS, IDENTIFIED], [OURS]),
        ],
    )
    def test_are_found_by_their_identifier(self, pointing: Pointing, entries: list[Node], means: list[Node]) -> None:
        """A logical reference means what has the identifier; one that contradicts the literal one leaves it open."""
        assert means == Index([AT_HOME, *entries]).find(pointing, AT_HOME)


class TestContained:
    def test_are_found_in_the_resource_that_holds_the_reference(self) -> None:
        """The same id inside two resources means two things, each where it stands."""
        coverage = entry(f"{EHR}Coverage/c1", "Coverage", contained=[{"resourceType": "Organization", "id": "1"}])
        order = referrer(contained=[{"resourceType": "Practitioner", "id": "1"}])
        index = Index([order, coverage])

        assert ["Organization"] == [node.type for node in index.find(Pointing("#1"), coverage)]
        assert ["Practitioner"] == [node.type for node in index.find(Pointing("#1"), order)]

    def test_find_their_siblings_and_their_container(self) -> None:
        """From inside, a fragment still means the container's, and the bare sign the container itself."""
        role = {"resourceType": "PractitionerRole", "id": "role"}
        order = referrer(contained=[role, {"resourceType": "Practitioner", "id": "who"}])
        inside = next(order.contained())
        index = Index([order])

        assert ["Practitioner"] == [node.type for node in index.find(Pointing("#who"), inside)]
        assert [order] == index.find(Pointing("#"), inside)

    def test_read_relative_references_as_their_container_does(self) -> None:
        """A contained resource has no address of its own."""
        order = referrer(contained=[{"resourceType": "PractitionerRole", "id": "role"}])

        assert [OURS] == Index([order, THEIRS, OURS]).find(Pointing("Patient/p1"), next(order.contained()))

    def test_are_ambiguous_under_one_id(self) -> None:
        """Two of one id are two."""
        order = referrer(contained=[{"resourceType": "Practitioner", "id": "1", "active": n} for n in (True, False)])

        assert 2 == len(Index([order]).find(Pointing("#1"), order))

    def test_are_not_found_from_outside(self) -> None:
        """What is contained has no life of its own."""
        order = referrer(contained=[{"resourceType": "Patient", "id": "p1"}])

        assert [] == Index([AT_HOME, order]).find(Pointing("Patient/p1"), AT_HOME)

    def test_may_be_meant_by_what_identifies_them(self) -> None:
        """A logical reference finds what its own resource contains, too."""
        order = referrer(contained=[{"resourceType": "Patient", "id": "p", "identifier": numbered("7")}])

        assert ["p"] == [node.id for node in Index([order]).find(Pointing(None, None, MRN, "7"), order)]


class TestSame:
    def test_is_one_resource_in_two_versions(self) -> None:
        """The full URL names it, whichever version."""
        assert same(OLD, NEW)
        assert not same(OURS, THEIRS)

    def test_is_not_what_two_resources_contain(self) -> None:
        """Contained resources share the full URL of their containers, and nothing else."""
        order = referrer(contained=[{"resourceType": "Patient", "id": "1"}, {"resourceType": "Patient", "id": "2"}])
        one, other = order.contained()

        assert not same(one, other)
        assert not same(one, order)
