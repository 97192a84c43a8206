"""Payers, offices, the EHR and the SMS gateway as they behave towards each referral, and what they could see of it.

All that they say beside what is asked of them is about the patient too: a canary.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import httpx2

from tests.privacy.canaries import BIRTH_DATE, ICD_SUPPLIED, NPI, planted
from tests.support.outside.counterparties import TAKES, Filed
from tests.support.outside.sms_gateway import message_sid
from tests.support.parties import OFFICES, PARTIES

Body = dict[str, Any]
CHATTER: Mapping[str, Any] = {
    "note": planted("note"),
    "patient": {"name": planted("name"), "reasons": [planted("reason")]},
    planted("member"): planted("value"),
}
"""What nobody asked to be told."""
REASON = {"system": "urn:throughline:sample", "code": "it-is-so", "display": planted("display")}
PROSE = {"system": "urn:throughline:sample", "code": f"{planted('prose')} said so"}
SUPPLIES: Mapping[str, Any] = {
    "diagnosis": ICD_SUPPLIED,
    "contact": {"phone": "(617) 555-0142"},
    "coverage": {"payer_name": planted("payer"), "member_id": planted("supplied"), "plan": planted("plan")},
    "requester": {"npi": NPI, "name": planted("requester"), "organization": planted("house")},
    "service": planted("service"),
    "records": planted("records"),
    "birth_date": "1931-07-19",
    "name": {"given": planted("given"), "family": planted("family")},
}

REPORTED: Mapping[str, Any] = {
    "record_number": {"system": planted("records"), "value": planted("number")},
    "birth_date": BIRTH_DATE.isoformat(),
}
"""Whom an office's report is about: the same birth date, and a number of its own."""


TAKES_TIME: Mapping[str, timedelta] = {
    "decision": timedelta(hours=24),
    "answer": timedelta(hours=2),
    "outcome": timedelta(minutes=5),
    "report 0": timedelta(hours=30),
    "supply": timedelta(hours=3),
    "acknowledgement": timedelta(hours=5),
}


@dataclass(frozen=True)
class Way:
    """How the outside behaves towards a referral. `garbled` answers are no answers, and hold canaries."""

    covered: str = "1"
    needed: str = "Y"
    decisions: tuple[str, ...] = ("A1",)
    office: tuple[str, ...] = ("accepted",)
    outcomes: tuple[str, ...] = ("fulfilled",)
    reports: bool = True
    supplies: bool = True
    acknowledges: bool = True
    sms: str = "delivered"
    garbled: bool = False


@dataclass
class Post:
    """A callback that is due: what is sent to whom, when, and by whose program."""

    at: datetime
    url: str
    body: Body
    form: bool = False
    party: str = ""


@dataclass
class Outside:
    """Answers requests, and keeps them. `ways` says how it behaves, by referral."""

    ways: dict[str, Way] = field(default_factory=dict)
    now: datetime = datetime(2026, 3, 2, tzinfo=UTC)
    requests: list[httpx2.Request] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    filed: dict[str, Filed] = field(default_factory=dict)
    garbles: set[str] = field(default_factory=set)

    def seen_from_outside(self) -> bytes:
        """What others than the addressee may see of requests: addresses, also for answers, and headers; no bodies."""
        bodies = [unquote_plus(request.content.decode("utf-8", "replace")) for request in self.requests]
        for_answers = [re.findall(r"https?://[^\s\"]+", body) for body in bodies]
        return repr([(str(r.url), sorted(r.headers.multi_items())) for r in self.requests] + for_answers).encode()

    def way(self, referral_id: str) -> Way:
        """How it behaves towards a referral."""
        return self.ways.get(referral_id, Way())

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests.append(request)
        path = request.url.path
        if path.endswith("/Messages.json"):
            return self._text({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        asked = json.loads(request.content) if request.content else {}
        if path.endswith("/eligibility"):
            return self._eligible(asked)
        return self._object(request, path.split("/")[-2], path.rpartition("/")[2], asked)

    def _eligible(self, asked: Body) -> httpx2.Response:
        # A check names no referral: its member id tells them apart.
        way = next((way for key, way in self.ways.items() if key in asked["member_id"]), Way())
        if self._is_garbled(way, asked["check_id"]):
            return garbage()
        said = {"check_id": asked["check_id"], "eb01": way.covered, "auth_required": way.needed}
        return httpx2.Response(200, json={**said, **CHATTER})

    def _text(self, form: Mapping[str, str]) -> httpx2.Response:
        message = form["StatusCallback"].rpartition("message=")[2]
        way = self.way(message.rpartition(".")[0])
        if way.sms == "refused":
            return httpx2.Response(400, json={"code": 21211, "message": f"{form['To']} is {planted('number')}"})
        if way.sms == "garbled":
            return garbage()
        sid = message_sid(message)
        receipt = {"MessageSid": sid, "MessageStatus": way.sms, "To": form["To"], "ErrorMessage": planted("error")}
        self.posts.append(Post(self.now, form["StatusCallback"], receipt, form=True))
        return httpx2.Response(201, json={"sid": sid, "status": "queued", "to": form["To"], "body": form["Body"]})

    def _object(self, request: httpx2.Request, kind: str, id_: str, asked: Body) -> httpx2.Response:
        if request.method == "PUT" and id_ not in self.filed:
            if self._is_garbled(self.way(asked["referral_id"]), id_):
                return garbage()
            filed = Filed(kind, called(request.url.path), id_, asked, {})
            TAKES[kind](filed, self.now, self, self._promise)
            self.filed[id_] = filed
        if id_ not in self.filed:
            return httpx2.Response(404, json=dict(CHATTER))
        filed = self.filed[id_]
        if request.method == "DELETE":
            filed.says = {**filed.says, "action": "C", "number": 9, "status": "withdrawn"}
            self.posts = [post for post in self.posts if id_ not in post.body.values()]
        return httpx2.Response(200, json={**filed.says, **CHATTER})

    def _promise(self, filed: Filed, at: datetime, _says: Mapping[str, Any], url: str, body: Mapping[str, Any]) -> None:
        self.posts.append(Post(at, url, dict(body), party=filed.keeper))

    def _is_garbled(self, way: Way, id_: str) -> bool:
        """Whether this is the first that is heard of it, and comes to nothing."""
        is_first = id_ not in self.garbles
        self.garbles.add(id_)
        return way.garbled and is_first

    def behaves(self, filed: Filed, purpose: str) -> str:
        """As its way says, and turn by turn towards one referral."""
        way = self.way(filed.asked["referral_id"])
        turn = sum(
            (filed.kind, filed.asked["referral_id"]) == (f.kind, f.asked["referral_id"]) for f in self.filed.values()
        )
        behaviours = {
            "authorizations": (" ".join(way.decisions),),
            "requests": way.office,
            "appointments": way.outcomes,
            "report": ("final" if way.reports else "",),
            "information-requests": ("supplies" if way.supplies else "",),
            "reports": ("acknowledges" if way.acknowledges else "",),
        }[purpose]
        return behaviours[min(turn, len(behaviours) - 1)]

    def takes(self, _filed: Filed, purpose: str, _low: int, _high: int) -> timedelta:
        """Always as long."""
        return TAKES_TIME[purpose]

    def supplies(self, code: str, _referral_id: str) -> Any:
        """Canaries, in every form."""
        return SUPPLIES[code]

    def says(self, _filed: Filed, purpose: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """With prose, where a code would do; and that of a patient."""
        if purpose == "report":
            return {**body, "document_ref": planted("letter"), "patient": REPORTED}
        if purpose == "answer":
            return body if body["accepted"] else {**body, "reason": {"system": "throughline", "code": "declined"}}
        items = {"items": [{**item, **CHATTER} for item in body["items"]]} if "items" in body else {}
        prose = {"asked_for": [f"{planted('asked')} for"], "message": f"{planted('message')} says the payer"}
        reason = REASON if body["action"] == "A3" else PROSE
        return {**body, **items, **prose, "reason": reason, "reference": planted("certificate"), **CHATTER}


def called(path: str) -> str:
    """Which party a request went to, and so whose program calls back about it."""
    _, kind, keeper, *_ = path.split("/")
    if kind == "offices":
        return next(office for office, providers in OFFICES.items() if keeper in providers)
    if kind == "payers":
        return keeper if PARTIES.named("demo", "payer", keeper) else "clearinghouse"
    return "main-ehr"


def garbage() -> httpx2.Response:
    """An answer that is none, as proxies give it: what was asked comes back in it."""
    return httpx2.Response(200, text=f"<html>{planted('page')} {CHATTER} {NPI}</html>")


def with_canaries(directory: Body) -> Body:
    """A directory whose sites and providers have canaries for names: they reveal why somebody goes there."""
    for n, entry in enumerate([*directory["sites"], *directory["providers"]]):
        entry |= {name: planted(f"{name}{n}") for name in ("name", "address") if name in entry}
    return directory
