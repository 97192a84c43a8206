"""Plays referrals through months: what is due falls due, callbacks come, and people act when their time has come."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from shared.contracts.catalogue import FACTS
from shared.identity import Role
from tests.access.probing import roles_of, routes
from tests.privacy.canaries import planted
from tests.privacy.outside import Outside, Post, Way
from tests.support.five_services.plans import SMS_TOKEN
from tests.support.five_services.running import DEADLINE_S, FiveServices
from tests.support.outside.sms_gateway import receipt

QUIET_LOOKS = 3
LOOK_S, TURNS = 0.01, 20
"""Between two looks whoever can go on does, several times over: on a busy machine little happens in so short a time."""

SHOWS_SEALS = {
    "GET /v1/placements/{referral_id}/wishes": "whoever chooses a provider reads what the order wishes for",
    "GET /v1/cases/{referral_id}/payer-message": "whoever works on a payer's answer reads what it wrote",
}
"""Routes whose answers are patient data, and why."""


@dataclass(frozen=True)
class Deed:
    """What a person does about a referral, so many hours after the order."""

    after_h: float
    role: Role
    service: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Tale:
    """A referral's story: its order, by which door, how the outside behaves, and what people do."""

    order: Mapping[str, Any]
    way: Way = field(default_factory=Way)
    deeds: Sequence[Deed] = ()
    door: str = "/v1/referrals"


@dataclass
class Stage:
    """A house and the outside of it, on which tales are played."""

    house: FiveServices
    outside: Outside
    referrals: dict[str, str] = field(default_factory=dict)
    deeds: list[tuple[datetime, str, Deed]] = field(default_factory=list)
    shown: list[bytes] = field(default_factory=list)
    """What the routes of SHOWS_SEALS answered: patient data, to who may read it."""

    async def begin(self, name: str, tale: Tale) -> str:
        """Send the order; how the outside behaves is settled before, what people will do is noted."""
        self.outside.ways |= dict.fromkeys(self._names_of(tale.order), tale.way)
        answer = await self.house.ask("intake", "POST", tale.door, Role.CLINICIAN, json=tale.order)
        said = answer.json()
        assert 202 == answer.status_code, (name, said)
        referral_id = str(said.get("referral_id") or said["id"])
        self.outside.ways[referral_id] = tale.way  # of a Bundle the id is known only now
        now = self.house.world.disk.now()
        self.deeds += [(now + timedelta(hours=deed.after_h), referral_id, deed) for deed in tale.deeds]
        self.referrals[name] = referral_id
        return referral_id

    def _names_of(self, order: Mapping[str, Any]) -> list[str]:
        """What an order of our own JSON goes by outside: the referral's id, and the members' ids."""
        members = [policy["member_id"] for policy in order.get("coverage", ()) if "member_id" in policy]
        if "order_number" not in order:
            return members
        return [*members, self.house.keys.referral_id("demo", order["source_system"], order["order_number"])]

    async def play(self, days: int) -> None:
        """Let time jump from one thing that is due to the next, until so many days have passed."""
        disk = self.house.world.disk
        end = disk.now() + timedelta(days=days)
        while disk.now() < end:
            await self.settle()
            await self._act()
            due = [
                entry["wake_at"] for index in disk.indexed.values() for entry in index.values() if "wake_at" in entry
            ]
            due += [post.at for post in self.outside.posts] + [at for at, _, _ in self.deeds]
            jump = min([instant for instant in due if instant > disk.now()], default=end) - disk.now()
            disk.offset += max(min(jump, end - disk.now()), timedelta(seconds=1))
            self.outside.now = disk.now()

    async def settle(self) -> None:
        """Wait until nothing changes any more, and the services have nothing in hand that a clock would miss."""
        before, quiet = None, 0
        async with asyncio.timeout(DEADLINE_S):
            while quiet < QUIET_LOOKS:
                await self.house.revive()
                await asyncio.sleep(LOOK_S)
                for _ in range(TURNS):
                    await asyncio.sleep(0)
                now = self._footprint()
                is_quiet = now == before and not self.house.is_busy
                quiet, before = (quiet + 1 if is_quiet else 0), now

    async def look_at_everything(self) -> None:
        """Read every referral by every route that shows one, as those do who may."""
        for route in routes(self.house):
            if route.method == "GET":
                for referral_id in self.referrals.values() if route.is_of_a_referral else ("",):
                    role = min(roles_of(self.house, route))
                    path = route.path.format(referral_id=referral_id)
                    answer = await self.house.ask(route.service, "GET", path, role)
                    assert answer.status_code in (200, 303), (path, answer.text)
                    if route.name in SHOWS_SEALS:
                        self.house.answers.pop()
                        self.shown.append(answer.content)

    def told(self) -> set[str]:
        """The types of the facts that were told."""
        topics = self.house.world.disk.topics.values()
        headers = [dict(record.headers) for records in topics for record in records]
        return {header["ce_type"].decode() for header in headers if "ce_type" in header} & set(FACTS)

    def _footprint(self) -> tuple[int, ...]:
        disk = self.house.world.disk
        versions = [sum(entry["version"] for entry in index.values()) for index in disk.indexed.values()]
        return (*versions, *(len(records) for records in disk.topics.values()), len(self.outside.requests))

    async def _act(self) -> None:
        now = self.house.world.disk.now()
        posts = [post for post in self.outside.posts if post.at <= now]
        self.outside.posts = [post for post in self.outside.posts if post.at > now]
        for post in posts:
            await self._deliver(post)
        deeds = [deed for deed in self.deeds if deed[0] <= now]
        self.deeds = [deed for deed in self.deeds if deed[0] > now]
        for at, referral_id, deed in deeds:
            ids = await self._ids(referral_id)
            said = {name: value.format(**ids) if isinstance(value, str) else value for name, value in deed.body.items()}
            headers = {"Idempotency-Key": f"{planted('key')}-{referral_id}-{at.timestamp()}"}
            path = deed.path.format(**ids)
            answer = await self.house.ask(deed.service, "POST", path, deed.role, json=said, headers=headers)
            assert answer.is_success, (path, answer.text)

    async def _ids(self, referral_id: str) -> Mapping[str, str]:
        """The ids that a person reads off the screen."""
        placement = await self.house.state("scheduling", referral_id) or {}
        visits = placement.get("visits") or [{}]
        return {"referral_id": referral_id, "visit_id": str(visits[-1].get("visit_id", "none"))}

    async def _deliver(self, post: Post) -> None:
        url = urlsplit(post.url)
        service = (url.hostname or "").partition(".")[0]
        path = f"{url.path}?{url.query}" if url.query else url.path
        if post.form:
            signed = receipt(SMS_TOKEN, post.url, post.body)
            answer = await self.house.ask(
                service, "POST", path, token="", content=signed.content, headers=dict(signed.headers)
            )
        else:
            answer = await self.house.ask(service, "POST", path, json=post.body, party=post.party)
        assert answer.status_code < 500, (post.url, answer.text)
        assert answer.status_code not in (400, 401, 403, 415, 422), (post.url, post.body, answer.text)
