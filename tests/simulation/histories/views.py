"""What the services show: of a referral to somebody who may act, and of all of them in the worklist.

Asked of the views that the routes answer with; that a role sees no more than it may is tested elsewhere.
"""

from collections.abc import Callable, Mapping
from typing import Any

from services.authorization.views import shown as shown_case
from services.intake.views import shown as shown_referral
from services.notifications.views import shown as shown_conversation
from services.scheduling.views import shown as shown_placement
from services.tracking.views.rows import Row
from services.tracking.views.rows import referral as shown_track
from services.tracking.views.worklist import Filters, Page, Reader
from shared.aggregates import Document, Engine
from shared.contracts.language import Actor
from shared.errors import NotFound
from tests.simulation.histories.house import House
from tests.simulation.services.apps import TENANT

MOST_ROWS = 200
View = Callable[[House, Engine, Document, Actor, bool], Any]
VIEWS: Mapping[str, View] = {
    "intake": lambda house, engine, document, by, _: shown_referral(engine, document, by, house.now),
    "authorization": lambda _house, engine, document, _by, _: shown_case(engine, document),
    "scheduling": lambda house, engine, document, by, _: shown_placement(engine, document, by, house.now),
    "notifications": lambda _house, engine, document, _by, _: shown_conversation(engine, document),
    "tracking": lambda house, engine, document, by, is_lead: shown_track(
        engine, document, house.now, by, by_lead=is_lead
    ),
}


def allowed(house: House, service: str, key: str, role: str) -> frozenset[str]:
    """What a service shows somebody as allowed now; nothing where it does not know the referral."""
    document = house.document(service, key)
    if document is None:
        return frozenset()
    by = Actor(kind=_KINDS.get(role, "person"), id=f"sam.{role}")
    engine = house.services[service].engine

    async def shown() -> frozenset[str]:
        try:
            return frozenset(VIEWS[service](house, engine, document, by, role == "lead").allowed)
        except NotFound:
            return frozenset()

    return frozenset(house.do(shown()))


_KINDS: Mapping[str, Any] = {"service": "service", "specialist": "specialist"}


def worklist(house: House, filters: Filters) -> Mapping[str, Row]:
    """The rows of the worklist, by referral."""
    tracking = house.services["tracking"]
    reader = Reader(tracking.engine, tracking.store, TENANT, "sam.lead", house.now)
    page: Page = house.do(reader.page(filters, None, MOST_ROWS))
    return {row.referral_id: row for row in page.items}
