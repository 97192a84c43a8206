import contextlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.api.fhir.nodes import ELEMENTS
from services.intake.domain.pathways import Pathways
from shared.web import Malformed
from tests.support.fresh import fresh_lines
from tests.unit.intake.bundles import changed, everything, pointers, refusal, taken
from tests.unit.intake.invented import (
    NAMES,
    ORDER,
    PATIENT,
    REQUESTER,
    Document,
    bundle,
    resources,
)

REAL = os.environ.get("THROUGHLINE_BUNDLES", "")


class TestRefusal:
    @pytest.mark.parametrize("status", ["draft", "on-hold", "revoked", "completed", "entered-in-error", "unknown"])
    def test_of_an_order_that_does_not_stand(self, status: str) -> None:
        """Only an active order is taken in, and the answer says so by a code of its own."""
        refused = refusal(bundle(status=status))

        assert (422, "order_not_active") == (refused.status, refused.code)
        assert ["/Bundle/entry/0/resource/status"] == pointers(refused)

    def test_of_an_order_not_to_do_something(self) -> None:
        """`doNotPerform` turns an order into its opposite."""
        assert "do_not_perform" == refusal(bundle(doNotPerform=True)).code

    @pytest.mark.parametrize(
        ("document", "pointer"),
        [
            (bundle(identifier=None), "/Bundle/entry/0/resource/identifier"),
            (bundle(subject={"reference": "urn:uuid:nobody"}), "/Bundle/entry/0/resource/subject"),
            (bundle(subject={"reference": REQUESTER}), "/Bundle/entry/0/resource/subject"),
            (bundle(authoredOn=None), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(authoredOn="2026-04"), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(authoredOn="9999-12-31T23:59:59-12:00"), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(authoredOn=5), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(priority="whenever"), "/Bundle/entry/0/resource/priority"),
            (bundle(priority=7), "/Bundle/entry/0/resource/priority"),
            (bundle(status=None), "/Bundle/entry/0/resource/status"),
            (bundle(authoredOn="yesterday"), "/Bundle/entry/0/resource/authoredOn"),
            (bundle(code="cardiology"), "/Bundle/entry/0/resource/code"),
            (changed(PATIENT, identifier=None), "/Bundle/entry/1/resource/identifier"),
            (bundle(type_="history"), "/Bundle/type"),
            ({"resourceType": "Bundle", "type": "collection"}, "/Bundle/entry"),
        ],
    )
    def test_says_where(self, document: Document, pointer: str) -> None:
        """Whatever is wrong, the answer points at the element."""
        refused = refusal(document)

        assert (422, [pointer]) == (refused.status, pointers(refused))

    def test_says_everything_at_once(self) -> None:
        """Who repairs an order wants to repair it once."""
        document = bundle(identifier=None, priority="whenever", subject={"reference": "urn:uuid:nobody"})

        assert 3 == len(refusal(document).flaws)

    @pytest.mark.parametrize(
        ("raw", "status"),
        [
            (b"[1, 2, 3]", 422),
            (b"null", 422),
            (b'{"resourceType": "Patient"}', 422),
            (b'{"resourceType": "Bundle"', 400),
            (b"\xff", 400),
            (b'{"resourceType": "Bundle", "type": "collection", "entry": [null]}', 422),
            (
                b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Spell"}}]}',
                422,
            ),
            (b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": 5}}]}', 422),
            (b'{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": "x"}]}', 422),
        ],
    )
    def test_of_what_is_no_bundle(self, raw: bytes, status: int) -> None:
        """Whatever comes, it is refused and never a fault of ours."""
        with pytest.raises(Malformed) as refused:
            taken(raw)

        assert status == refused.value.status

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda found: found[PATIENT].update(Quillfeather="Zephyrine"),
            lambda found: found[PATIENT].update(birthDate="Quillfeather"),
            lambda found: found[PATIENT]["name"].append("Quillfeather"),
            lambda found: found[ORDER].update(authoredOn="MRN-7001"),
            lambda found: found[ORDER].update(priority="Zephyrine"),
            lambda found: found[ORDER].update(status="Zephyrine"),
        ],
    )
    def test_echoes_nothing(self, spoil: Callable[[dict[str, Document]], object]) -> None:
        """Neither values nor the names of unknown members come back: both could be patient data."""
        found = resources()
        spoil(found)

        refused = repr(vars(refusal(bundle(found))))

        assert [] == [name for name in NAMES if name in refused]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(ELEMENTS)), inner, max_size=3),
    max_leaves=5,
)


class TestAnyBundle:
    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_is_taken_or_refused_and_never_a_fault(self, data: st.DataObject) -> None:
        """Whatever an EHR puts at whatever place, the door has an answer."""
        document = everything()
        spot: Any = document["entry"][data.draw(st.integers(0, len(document["entry"]) - 1))]
        while True:
            key = data.draw(st.sampled_from(sorted(spot) if isinstance(spot, dict) else range(len(spot))))
            if not isinstance(spot[key], dict | list) or not spot[key] or data.draw(st.booleans()):
                break
            spot = spot[key]
        spot[key] = data.draw(JSON)

        with contextlib.suppress(Malformed):
            taken(document)


@pytest.mark.skipif(not Path(REAL).is_file(), reason="THROUGHLINE_BUNDLES names no file of FHIR Bundles, one a line")
class TestRealBundles:
    @pytest.mark.parametrize("later", [timedelta(), timedelta(days=366), timedelta(days=5 * 365)])
    def test_are_all_taken(self, later: timedelta) -> None:
        """Every order of a real export becomes one referral on a pathway; what is odd in it is no reason to refuse.

        Whenever the tests run, the export is as of that day.
        """
        now = datetime.now(UTC) + later
        table = Pathways.model_validate_json(Path("deploy/config/pathways.json").read_bytes())
        orders = [taken(line, now) for line in fresh_lines(Path(REAL), now)]

        assert len(orders) == len({order.number.value for order in orders})
        assert None not in [table.of(order.service) for order in orders]
        assert all({"diagnosis", "contact", "requester", "service"} <= order.provided for order in orders)
