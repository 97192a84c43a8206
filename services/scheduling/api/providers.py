"""Routes about providers: the placement, an office's answer, a person's choice."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.scheduling.api.access import MayAnswer, MayChoose, MayRead, may, providers_of
from services.scheduling.domain import AnswerRequest, ChooseProvider, Directory, Provider, candidate_of
from services.scheduling.views import ShownPlacement, choice_of, shown
from shared.errors import Rejected
from shared.service.commands import (
    CONTRACT,
    Accepted,
    Id,
    Key,
    KeyIfAny,
    ReasonIn,
    Seen,
    TheService,
    attribution,
    envelope_of,
    submit,
)
from shared.web import body, etag


class AnswerIn(BaseModel):
    """What an office says to a request of ours."""

    model_config = CONTRACT

    request_id: Id
    accepted: bool
    reason: ReasonIn | None = None


class ProviderIn(BaseModel):
    """A provider of the directory, at the site where it works."""

    model_config = CONTRACT

    provider_ref: Id
    site_ref: Id


def listed(directory: Directory, provider_ref: str, site_ref: str | None, of: frozenset[str] | None = None) -> Provider:
    """The provider of the directory, one of `of` if any. Raises Rejected for any other, or one not at that site."""
    provider = directory.provider(provider_ref if of is None or provider_ref in of else "")
    if provider is None or site_ref not in (None, provider.site_ref):
        raise Rejected("provider-unknown", "The directory has no such provider at this site.")
    return provider


def routes(directory: Directory) -> APIRouter:
    """The routes about providers."""
    router = APIRouter(prefix="/v1/placements/{referral_id}", tags=["placements"])

    @router.get("")
    async def read(caller: MayRead, service: TheService, referral_id: str, response: Response) -> ShownPlacement:
        """Where the placement stands, who must do what by when, and what the caller may do now."""
        document = await service.read(referral_id)
        found = shown(service.engine, document, caller.actor, service.now(), providers_of(caller))
        response.headers["ETag"] = etag(found.version)
        allowed = tuple(name for name in found.allowed if may(caller, name))
        wishes = found.wishes if may(caller, "read_wishes") else None
        return found.model_copy(update={"allowed": allowed, "wishes": wishes})

    @router.post("/answer", status_code=202)
    async def answer(
        caller: MayAnswer,
        service: TheService,
        referral_id: str,
        key: KeyIfAny,
        seen: Seen,
        payload: Annotated[AnswerIn, body(AnswerIn)],
        response: Response,
    ) -> Accepted:
        """Take an office's answer. The same answer again changes nothing; 409 when the request was withdrawn."""
        document = await service.read(referral_id)
        number = choice_of(document, payload.request_id, providers_of(caller))
        command = AnswerRequest(
            **attribution(caller, service),
            choice=number,
            is_accepted=payload.accepted,
            reason=payload.reason.reason if payload.reason else None,
        )
        # An office that changes its mind and back says something else than the first time.
        known = document.state.choices[number - 1].answer
        envelope = envelope_of(
            referral_id, command, caller, key, payload.request_id, str(payload.accepted), known, seen=seen
        )
        return await submit(service, envelope, response)

    @router.post("/provider", status_code=202)
    async def choose(
        caller: MayChoose,
        service: TheService,
        referral_id: str,
        key: Key,
        seen: Seen,
        payload: Annotated[ProviderIn, body(ProviderIn)],
        response: Response,
    ) -> Accepted:
        """Choose the provider. A visit at another one is given back."""
        provider = listed(directory, payload.provider_ref, payload.site_ref)
        command = ChooseProvider(**attribution(caller, service), candidate=candidate_of(provider))
        return await submit(service, envelope_of(referral_id, command, caller, key, seen=seen), response)

    return router
