"""Sends orders to intake: a few at a time, patiently while it is busy, and with an account of each.

Every order may be sent again: the same one is the same referral.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2

from deploy.cli.reach import Reach, problem_of

AT_ONCE: Final = 16


@dataclass(frozen=True)
class Order:
    """One request to intake. `line` says where it came from."""

    line: int
    path: str
    body: bytes


@dataclass(frozen=True)
class Refusal:
    """An order that intake did not take, and why; never what it said."""

    line: int
    status: int
    code: str
    pointers: tuple[str, ...]


@dataclass
class Account:
    """What became of what was sent: `sent` is always new, repeated and refused together."""

    new: dict[int, str] = field(default_factory=dict)
    """The referral that each line made."""
    repeated: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Orders that got a final answer."""
        return len(self.new) + self.repeated + len(self.refused)


@dataclass
class Feed:
    """Sends orders with a bounded number under way. `on_answer` is told of each final answer."""

    reach: Reach
    on_answer: Callable[[Order], None]
    account: Account = field(default_factory=Account)
    _known: set[str] = field(default_factory=set)

    async def send_all(self, orders: Iterable[Order]) -> Account:
        """Send every order and return the account. Raises Failure when intake stays away for long."""
        source = iter(orders)
        senders = [asyncio.create_task(self._send_from(source)) for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()
        return self.account

    async def _send_from(self, source: Iterator[Order]) -> None:
        headers = {"Content-Type": "application/json"}
        for order in source:
            answer, tries = await self.reach.insist("intake", "POST", order.path, content=order.body, headers=headers)
            self._note(order, answer, tries)
            self.on_answer(order)

    def _note(self, order: Order, answer: httpx2.Response, tries: int) -> None:
        if not answer.is_success:
            problem = problem_of(answer)
            refusal = Refusal(order.line, answer.status_code, problem["code"], tuple(problem["pointers"]))
            self.account.refused.append(refusal)
            return
        told = answer.json()
        referral_id = str(told.get("referral_id") or told["id"])
        # After a try without an answer, "was here before" may mean that try.
        was_here = "Idempotent-Replayed" in answer.headers and tries == 1
        if was_here or referral_id in self._known:
            self.account.repeated += 1
        else:
            self.account.new[order.line] = referral_id
            self._known.add(referral_id)
