"""Payers, offices, the EHR and the gateways, in memory: what they do is a function of the identifier alone.

They keep a book of what was done. What is filed under an id is deduplicated by it; a message is sent each time.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import httpx2

from deploy.simulators.behaviour import digest
from tests.simulation.requests import Wire
from tests.simulation.services.agenda import Agenda
from tests.simulation.services.outside_script import Body, ById, behaviour
from tests.support.outside.counterparties import TAKES, Filed

Posts = Callable[[str, Body], None]
"""Delivers a callback: the URL, the body."""

ONE_AT_A_TIME = ("authorizations", "requests")
FILED = re.compile(r"/(?P<keeper>payers/[^/]+|offices/[^/]+|ehr)/(?P<kind>[a-z-]+)/(?P<id>[^/]+)")


@dataclass
class Outside:
    """All of it. `is_wanted` says whether a referral still wants an effect; `posts` and `signed` deliver callbacks."""

    wire: Wire
    agenda: Agenda
    is_wanted: Callable[[str, str], bool]
    posts: Posts
    signed: Callable[[str, Body], None]
    filed: dict[tuple[str, str], Filed] = field(default_factory=dict)
    sent: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def now(self) -> datetime:
        """The business time."""
        return self.wire.cluster.disk.now()

    def land(self, request: httpx2.Request) -> httpx2.Response:
        """What a request does when it lands, and what is answered."""
        path = request.url.path
        if path.endswith("/Messages.json"):
            return self._take_text(parse_qs(request.content.decode()))
        body = json.loads(request.content) if request.content else {}
        if path.endswith("/eligibility"):
            return self._check(body)
        found = FILED.fullmatch(path)
        if found is None:
            raise AssertionError(f"The outside knows no {path}.")
        kind, id_ = found["kind"], found["id"]
        if request.method == "PUT":
            return self._file(kind, found["keeper"], id_, body)
        return self._look_up(self.filed.get((kind, id_)), is_withdrawn=request.method == "DELETE")

    def promise(self, filed: Filed, at: datetime, says: Body, url: str, body: Body) -> None:
        """At an instant it will say something else, unless it is withdrawn before, and will tell so."""

        def happens() -> None:
            if filed.is_alive:
                filed.says = {**filed.says, **says}
                filed.number = max(filed.number, int(says.get("number", 0)))
                self.posts(url, body)

        self.agenda.at(at, happens)

    def mail(self, message_id: str) -> None:
        """An e-mail lands."""
        self.sent[message_id].append(self.now())

    def _check(self, asked: Body) -> httpx2.Response:
        check = asked["check_id"]
        eb01 = behaviour("eligibility", check)
        needed = behaviour("auth_required", check) if eb01 == "1" else "U"
        return _ok({"check_id": check, "eb01": eb01, "auth_required": needed, "in_network": "Y", "plan_ref": "plan-1"})

    def _take_text(self, form: Mapping[str, list[str]]) -> httpx2.Response:
        [callback] = form["StatusCallback"]
        message = callback.rpartition("message=")[2]
        self.sent[message].append(self.now())
        sid = f"SM{digest(message, str(len(self.sent[message])))}"
        ends = behaviour("sms", message)
        if ends != "silence":
            receipt = {"MessageSid": sid, "MessageStatus": ends}
            self.agenda.at(self.now() + timedelta(seconds=20), lambda: self.signed(callback, receipt))
        return _ok({"sid": sid, "status": "queued"}, 201)

    def _file(self, kind: str, keeper: str, id_: str, asked: Body) -> httpx2.Response:
        known = self.filed.get((kind, id_))
        if known is not None:
            self._complain_of_again(known, asked)
            return _ok(known.says)
        self._complain_of_rivals(kind, keeper, asked)
        filed = Filed(kind, keeper, id_, asked, {})
        self.filed[kind, id_] = filed
        TAKES[kind](filed, self.now(), ById(), self.promise)
        return _ok(filed.says, 201)

    def _complain_of_again(self, known: Filed, asked: Body) -> None:
        if not known.is_alive:
            self.wire.cluster.complain(f"{known.kind} {known.id} was sent after it was withdrawn")
        if dict(known.asked) != dict(asked):
            self.wire.cluster.complain(f"{known.kind} {known.id} was sent again with other content")

    def _complain_of_rivals(self, kind: str, keeper: str, asked: Body) -> None:
        """A party hears of a new revision after the one that is not wanted any more was withdrawn."""
        referral_id = asked["referral_id"]
        for other in self.filed.values() if kind in ONE_AT_A_TIME else ():
            is_rival = (other.kind, other.keeper, other.asked["referral_id"]) == (kind, keeper, referral_id)
            if is_rival and other.is_alive and not self.is_wanted(referral_id, other.id):
                self.wire.cluster.complain(f"{kind} of {referral_id} is sent to {keeper} before the last is withdrawn")

    def _look_up(self, known: Filed | None, *, is_withdrawn: bool) -> httpx2.Response:
        if known is None:
            return _ok({"detail": "not found"}, 404)
        if is_withdrawn:
            known.is_alive = False
            if known.kind == "authorizations":
                known.number += 1
                known.says = {**known.says, "number": known.number, "action": "C"}
        elif not known.is_alive:
            return _ok({"detail": "not found"}, 404)
        return _ok(known.says)


def _ok(body: Body, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, json=dict(body))
