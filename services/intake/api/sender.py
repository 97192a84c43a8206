"""The sender of a message about an order: every command that follows from the message is made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.intake.api.access import placing
from services.intake.domain import Referral
from services.intake.domain.order import Identifier
from services.intake.views import referral_of
from shared.contracts.language import Channel, Command
from shared.engine import CommandEnvelope, CommandOutcome
from shared.engine.commands import command_id
from shared.identity import Caller
from shared.service import Service
from shared.service.commands import attribution
from shared.telemetry import current_traceparent


@dataclass(frozen=True)
class Sender:
    """One message on its way in."""

    caller: Caller
    channel: Channel
    service: Service

    @property
    def tenant(self) -> str:
        """Whose order it is."""
        return self.caller.tenant

    @property
    def placed_by(self) -> str | None:
        """The EHR that sends it; None where one of our own people does."""
        return placing(self.caller)

    def attribution(self) -> Mapping[str, Any]:
        """Spread into a command."""
        return attribution(self.caller, self.service, self.channel)

    def id_of(self, name: Identifier) -> str:
        """The id that is derived from a name of an order."""
        return self.ids_of(name)[0]

    def ids_of(self, name: Identifier) -> tuple[str, ...]:
        """All ids that may have been derived from it, by each live key; first the one of now."""
        return self.service.keyring.referral_ids(self.tenant, name.system, name.value)

    def places_of(self, name: Identifier) -> tuple[str, ...]:
        """Where a referral of this name may come to be: several places while replicas change to another key."""
        ids = self.ids_of(name)
        return ids if self.service.keyring.gives_other_ids_soon(self.tenant) else ids[:1]

    async def referral(self, referral_id: str) -> Referral:
        """The referral as it is now. Raises NotFound."""
        return referral_of(await self.service.read(referral_id))

    async def execute(self, key: str, command: Command, *content: str, seen: int | None = None) -> CommandOutcome:
        """Hand a command over, under an id that its content gives it. Raises what Service.ask raises."""
        id_ = command_id(key, type(command).__name__, *content)
        envelope = CommandEnvelope(
            key=key, id=id_, command=command, expected_version=seen, traceparent=current_traceparent()
        )
        return await self.service.execute(envelope)
