"""Whether what a route is about is the caller's own: asked at the door, for callers who are bound to a party.

It brings together what the tables need, and has no rule of its own: whose an object is says the service's domain,
what that means for a role says `identity`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from shared.capabilities import Capabilities, shown_in
from shared.identity import Caller, Concerned, Proof, Role, is_theirs
from shared.service.runtime import Service
from shared.service.wiring import Blueprint


@dataclass(frozen=True, slots=True)
class Ownership:
    """Of a running service, which is handed in as what returns it: routes are made before it stands."""

    blueprint: Blueprint
    service: Callable[[], Service]

    async def __call__(self, caller: Caller, roles: frozenset[Role], permission: str, request: Request) -> bool:
        """Whether it is theirs. Raises NotFound where there is no such object; Unavailable without a database."""
        path, shown = request.path_params, shown_in(request)
        proof = self._proof(caller, permission, path.get("referral_id", ""), shown)
        if proof == "missing" and shown is not None:
            return False
        if "payer_id" in path:
            return is_theirs(caller, roles, Concerned(payers=frozenset({path["payer_id"]})), proof)
        document = await self.service().read(path.get("referral_id", ""))
        return is_theirs(caller, roles, self.blueprint.concerned(permission, document.state), proof)

    def _proof(self, caller: Caller, permission: str, referral_id: str, shown: str | None) -> Proof:
        audience = self.blueprint.handed.get(permission)
        if audience is None or caller.party is None:
            return "not_needed"
        capabilities = Capabilities(self.service().keyring, audience)
        holders = caller.party.provider_refs if caller.party.kind == "office" else (caller.party.kind,)
        is_held = any(capabilities.is_one(shown or "", permission, referral_id, holder) for holder in holders)
        return "held" if is_held else "missing"
