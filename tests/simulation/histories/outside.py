"""What payers, offices, the EHR and the gateways may answer to a call: everything that they ever say, and worse.

Each list begins with what is hoped for, so that a chooser who always takes the first plays a kind world.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx2

from tests.simulation.histories.stepped_services import Behaviour
from tests.simulation.services.outside_script import REASON
from tests.support.outside.sms_gateway import message_sid

T = TypeVar("T")
Choose = Callable[[Sequence[T]], T]
"""Picks one of several."""
Body = Mapping[str, Any]

TROUBLES: Sequence[int | str] = (*["none"] * 8, "silence", "refused", 400, 404, 409, 422, 429, 500, "page", "{}")
ACTIONS = ("A1", "A4", "A3", "A2", "A6", "C", "CT", "NA", "Z9")
"""What a payer decides, in codes of X12 306, and one that nobody has seen before."""
COVERAGE = ("1", "6", "8", "V", "Z9")
NEEDED = ("Y", "N", "U", "?")
OFFICE_SAYS = ("accepted", "received", "declined", "mislaid")
GATEWAY_SAYS = ("taken", "taken", "taken", "refused")
_PATH = re.compile(
    r"/.*?(?P<kind>eligibility|authorizations|requests|appointments|information-requests|reports)(/(?P<id>.+))?"
)


def hoped_for(options: Sequence[T]) -> T:
    """The first: what is hoped for."""
    return options[0]


def in_order(choose: Choose[Any]) -> Choose[Any]:
    """Whatever is chosen, but without technical trouble."""
    return lambda options: options[0] if options is TROUBLES else choose(options)


def answering(choose: Choose[Any], now: datetime) -> Behaviour:
    """An outside that answers as it is chosen, request by request."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        trouble = choose(TROUBLES)
        if trouble == "silence":
            raise httpx2.ReadTimeout("silence", request=request)
        if trouble == "refused":
            raise httpx2.ConnectError("refused", request=request)
        if isinstance(trouble, int):
            return httpx2.Response(trouble, json={"code": 21211})
        if trouble == "page":
            return httpx2.Response(200, text="<html>welcome</html>")
        if trouble == "{}":
            return httpx2.Response(200, json={})
        return _answered(request, choose, now)

    return answer


def _answered(request: httpx2.Request, choose: Choose[Any], now: datetime) -> httpx2.Response:
    path = request.url.path
    if path.endswith("/Messages.json") and choose(GATEWAY_SAYS) == "refused":
        return httpx2.Response(400, json={"code": 21211})
    if path.endswith("/Messages.json"):
        return httpx2.Response(201, json={"sid": message_sid(request.content.decode())})
    if path.startswith("/mail/"):
        return httpx2.Response(200)
    found = _PATH.fullmatch(path)
    if found is None:
        raise AssertionError(f"The outside knows no {path}.")
    asked = json.loads(request.content) if request.content else {}
    return httpx2.Response(200, json=_SAYS[found["kind"]](found["id"] or "", asked, choose, now))


def _eligibility(_id: str, asked: Body, choose: Choose[Any], _now: datetime) -> Body:
    return {"check_id": asked["check_id"], "eb01": choose(COVERAGE), "auth_required": choose(NEEDED)}


def _authorization(id_: str, asked: Body, choose: Choose[Any], now: datetime) -> Body:
    return decision(id_, asked, choose(ACTIONS), choose, now)


def decision(id_: str, asked: Body, action: str, choose: Choose[Any], now: datetime) -> Body:
    """What a payer says of a request. `asked` names what it was about, or nothing does."""
    certified = {name: asked.get(name, "?") for name in ("service_ref", "provider_ref", "site_ref")}
    starts = now.date() - timedelta(days=choose((0, 3, -20)))
    window = {"start": starts.isoformat(), "end": (starts + timedelta(days=choose((60, 2, 0, 400)))).isoformat()}
    return {
        "request_id": id_,
        "number": choose((1, 2, 3, 0)),
        "action": action,
        "received_at": (now - timedelta(hours=choose((0, 5, -5)))).isoformat(),
        "reference": "REF-1",
        "reason": choose((REASON, None, {"system": "free words", "code": ""})),
        "decision_due_at": choose((None, (now + timedelta(days=3)).isoformat(), "9999-12-31T00:00:00+00:00")),
        "asked_for": choose(([], ["history-and-physical"])),
        "message": choose((None, "Please send the notes of the last visit.")),
        "items": choose(([{**certified, "window": window, "units": choose((1, 0))}], [])),
    }


def _request(id_: str, _asked: Body, choose: Choose[Any], _now: datetime) -> Body:
    return {"request_id": id_, "status": choose(OFFICE_SAYS)}


def _appointment(id_: str, _asked: Body, _choose: Choose[Any], _now: datetime) -> Body:
    return {"visit_id": id_, "status": "booked"}


def _information(id_: str, _asked: Body, _choose: Choose[Any], _now: datetime) -> Body:
    return {"request_id": id_, "status": "received"}


def _report(id_: str, _asked: Body, _choose: Choose[Any], _now: datetime) -> Body:
    return {"report_id": id_, "status": "received"}


_SAYS: Mapping[str, Callable[[str, Body, Choose[Any], datetime], Body]] = {
    "eligibility": _eligibility,
    "authorizations": _authorization,
    "requests": _request,
    "appointments": _appointment,
    "information-requests": _information,
    "reports": _report,
}
