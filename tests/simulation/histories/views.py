"""What the services show: of a referral to somebody who may act, and of all of them in the worklist.

Of a referral, the routes are asked themselves, as whoever looks; of the worklist, the view that they answer with.
"""

from collections.abc import Mapping

import httpx2

from services.intake.domain import allowed as allowed_of_referral
from services.tracking.views.rows import Row
from services.tracking.views.worklist import Filters, Page, Reader
from shared.contracts.language import Actor
from shared.errors import Rejected
from tests.simulation.histories.people import Person, is_stranger
from tests.simulation.histories.stepped_services import SteppedServices
from tests.support.five_services.keyrings import TENANT

MOST_ROWS = 200
PAGES: Mapping[str, str] = {
    "intake": "/v1/referrals",
    "authorization": "/v1/cases",
    "scheduling": "/v1/placements",
    "notifications": "/v1/conversations",
    "tracking": "/v1/referrals",
}
"""Where each service shows a referral."""
SEES_NO_PAGE = (("intake", "specialist"),)
"""Who is asked to act and has nothing to look at: an office knows from its visit that a report is wanted."""


def allowed(house: SteppedServices, service: str, key: str, person: Person) -> frozenset[str]:
    """What a service shows somebody as allowed now; nothing where it knows no such referral, or none of theirs."""
    if (service, person.role) in SEES_NO_PAGE:
        return frozenset() if is_stranger(house, service, key, person) else _meant(house, key, person)
    headers = {"Authorization": f"Bearer {person.token}"}
    said = house.ask(service, httpx2.Request("GET", f"http://{service}.example{PAGES[service]}/{key}", headers=headers))
    if isinstance(said, Rejected):
        assert "404" == said.code, f"{person.role} may not see what {service} shows: {said}"
        return frozenset()
    return frozenset(said.body["allowed"])


def _meant(house: SteppedServices, key: str, person: Person) -> frozenset[str]:
    """What a referral would show to somebody who has no page of it."""
    document = house.document("intake", key)
    if document is None:
        return frozenset()
    by = Actor(kind="specialist", id=person.id)
    return allowed_of_referral(document.state, by, house.now, tuple(document.waiting))


def worklist(house: SteppedServices, filters: Filters) -> Mapping[str, Row]:
    """The rows of the worklist, by referral."""
    tracking = house.services["tracking"]
    reader = Reader(tracking.engine, tracking.store, TENANT, "sam.lead", house.now)
    page: Page = house.do(reader.page(filters, None, MOST_ROWS))
    return {row.referral_id: row for row in page.items}
