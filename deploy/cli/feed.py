"""Sends orders to intake, a few at a time, waits while it is busy, and counts the results.

Every order may be sent again: the same order is the same referral.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2

from deploy.cli.answers import Answer, answers_of
from deploy.cli.reach import Reach

AT_ONCE: Final = 16
FHIR: Final = "/fhir/R4"


@dataclass(frozen=True)
class IntakeRequest:
    """One request to intake. `line` says where it came from."""

    line: int
    path: str
    body: bytes


@dataclass(frozen=True)
class Refusal:
    """An order that intake refused, and the reason; never its content."""

    line: int
    status: int
    code: str
    pointers: tuple[str, ...]


@dataclass
class Odd:
    """The warnings of one code: their number, the first line with one, and its sentence."""

    line: int
    detail: str
    count: int = 0


@dataclass
class Account:
    """The results of all orders: `sent` is always new, repeated, changed and refused together."""

    new: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The referrals that each line made."""
    repeated: int = 0
    changed: int = 0
    """Orders that were known before and have changed since."""
    refused: list[Refusal] = field(default_factory=list)
    odd: dict[str, Odd] = field(default_factory=dict)
    """Warnings by code."""
    later: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Results of later messages, by message and result."""
    replacing: list[str] = field(default_factory=list)
    """The referrals of orders that replaced others."""

    @property
    def referrals(self) -> list[str]:
        """All new referrals."""
        return [referral_id for made in self.new.values() for referral_id in made]

    @property
    def sent(self) -> int:
        """Orders that got a final answer."""
        return len(self.referrals) + self.repeated + self.changed + len(self.refused)


@dataclass
class Feed:
    """Sends requests with a bounded number under way. `on_answer` is told of each final answer."""

    reach: Reach
    on_answer: Callable[[IntakeRequest], None]
    account: Account = field(default_factory=Account)
    _known: set[str] = field(default_factory=set)

    async def send_all(self, requests: Iterable[IntakeRequest]) -> Account:
        """Send every request and return the account. Raises Failure when intake stays away for long."""
        source = iter(requests)
        senders = [asyncio.create_task(self._send_from(source)) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()
        return self.account

    async def _send_from(self, source: Iterator[IntakeRequest]) -> None:
        for request in source:
            headers = {"Content-Type": "application/fhir+json" if request.path == FHIR else "application/json"}
            answer, tries = await self.reach.insist(
                "intake", "POST", request.path, content=request.body, headers=headers
            )
            self._note(request, answer, tries)
            self.on_answer(request)

    def _note(self, request: IntakeRequest, response: httpx2.Response, tries: int) -> None:
        for answer in answers_of(response):
            for warned in answer.warnings:
                self.account.odd.setdefault(warned.code, Odd(request.line, warned.detail)).count += 1
            if answer.referral_id:
                self._note_taken(request, answer, tries)
            else:
                self.account.refused.append(Refusal(request.line, answer.status, answer.code, answer.pointers))

    def _note_taken(self, request: IntakeRequest, answer: Answer, tries: int) -> None:
        # After a try without an answer, "was here before" may mean that try.
        was_here = answer.is_repeat and tries == 1
        if not (answer.is_first or answer.is_repeat):
            self.account.changed += 1
        elif was_here or answer.referral_id in self._known:
            self.account.repeated += 1
        else:
            self.account.new[request.line] = (*self.account.new.get(request.line, ()), answer.referral_id)
            self._known.add(answer.referral_id)
