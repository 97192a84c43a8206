"""The opt-outs as texts ask them and replies change them: which document a number has, and what it says now.

Numbers are spelled one way, become a key that cannot be read, and rest under seal for the confirmation alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.notifications.domain.opt_out import AllowTexts, OptOut, StopTexts
from shared.contracts.language import Actor, Channel, Command, tenant_of
from shared.contracts.sealed import Content
from shared.engine import CommandEnvelope, Engine
from shared.engine.commands import command_id
from shared.sealing import Keyring

AUDIENCE: Final = "contact"
OPT_OUT: Final = "opt_out"
"""The kind, as its decider is named: its engine is looked up when it is asked."""
PURPOSE: Final = "confirm_opt_out"


class Number(Content):
    """A telephone number, E.164, as it is sealed for the confirmation."""

    sealed_as = "number"

    e164: str


@dataclass(frozen=True)
class OptOuts:
    """All numbers of all tenants whose keys there are."""

    keyring: Keyring
    engines: Mapping[str, Engine]

    def key_of(self, tenant: str, number: str) -> str:
        """The document of a number."""
        return f"{tenant}-sms-{self.keyring.pseudonym(tenant, AUDIENCE, number)}"

    async def has(self, tenant: str, number: str) -> bool:
        """Whether no text may go to this number. Raises Unavailable and Unusable: then none may, either."""
        document = await self.engines[OPT_OUT].read(self.key_of(tenant, number))
        state: OptOut | None = document.state if document else None
        return state is not None and state.is_stopped

    async def stop(self, tenant: str, number: str, id_: str, told: Mapping[str, Any], *, is_confirmed: bool) -> None:
        """Stop all texts to this number. `id_` makes a second delivery the same. Returns when it is saved."""
        sealed = self.keyring.seal(tenant, AUDIENCE, Number(e164=number), referral_id=self.key_of(tenant, number))
        await self._submit(tenant, number, id_, StopTexts(**told, number=sealed, is_confirmed=is_confirmed))

    async def allow(self, tenant: str, number: str, id_: str, told: Mapping[str, Any]) -> None:
        """Let texts go to this number again. Returns when it is saved."""
        await self._submit(tenant, number, id_, AllowTexts(**told))

    def number_of(self, key: str, opt_out: OptOut) -> str:
        """The number of a document, opened for its confirmation. Raises LookupError where none is kept."""
        if opt_out.number is None:
            raise LookupError("An opt-out without a number is confirmed.")
        opened = self.keyring.open(tenant_of(key), AUDIENCE, opt_out.number, Number, purpose=PURPOSE, referral_id=key)
        return opened.e164

    async def _submit(self, tenant: str, number: str, id_: str, command: Command) -> None:
        key = self.key_of(tenant, number)
        envelope = CommandEnvelope(key=key, id=command_id(key, type(command).__name__, id_), command=command)
        outcome = await self.engines[OPT_OUT].queue.submit(envelope)
        if error := outcome.refusal or outcome.fault:
            raise error


def told_by(actor: Actor, now: datetime, channel: Channel) -> dict[str, Any]:
    """Who said so, when, and how: spread into a command."""
    return {"at": now, "by": actor, "channel": channel}
