"""Finds the running platform and calls its services as the command line's own client."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from pydantic import Field, ValidationError, create_model
from pydantic_settings import BaseSettings

from deploy.cli.exits import Code, Failure
from deploy.platform.addresses import DEFAULT_PORTS, Addresses, parts, state_file
from shared.effects import ServiceToken
from shared.errors import Unavailable
from shared.identity import audience_of
from shared.settings import KeyFile, read_from

_TIMEOUT_S = 30.0
_CONNECTIONS = 64
_PATIENCE_S = 120.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 5.0
_LATER = frozenset({401, 429, 502, 503, 504})
"""Statuses that are worth another try; 401, because a token may expire on the way."""


class ReachSettings(BaseSettings):
    """A platform that was not started by `throughline up`: its credentials make the rest of these count."""

    model_config = read_from("THROUGHLINE_")

    credentials_file: KeyFile | None = None
    """The command line's client id and key. Without this file, what `throughline up` started is meant."""
    tenant: str = "demo"
    """The tenant."""
    mongo_uri: str | None = None
    """The database, for `throughline demo --running`, which moves the clock."""


class _Urls(BaseSettings):
    """Where the parts of that platform are. A part that is not named is at its documented port of 127.0.0.1."""

    model_config = read_from("THROUGHLINE_")


def find_platform() -> Addresses:
    """Where the platform is: by environment variables, else by the file that `throughline up` wrote."""
    settings = ReachSettings()
    if settings.credentials_file:
        return _from_environment(settings, settings.credentials_file)
    try:
        return Addresses.read(state_file())
    except (OSError, ValidationError, ValueError):
        remedy = "Start it with: throughline up (or set THROUGHLINE_CREDENTIALS_FILE and THROUGHLINE_…_URL)"
        raise Failure("No running platform was found.", remedy, Code.UNREACHABLE) from None


def _from_environment(settings: ReachSettings, credentials: Path) -> Addresses:
    urls = {**{name: f"http://127.0.0.1:{port}" for name, port in DEFAULT_PORTS.items()}, **_given_urls()}
    del urls["smtp"]
    return Addresses(tenant=settings.tenant, urls=urls, credentials_file=credentials, mongo_uri=settings.mongo_uri)


def url_settings() -> type[BaseSettings]:
    """The class of settings that has a URL for each part."""
    fields: dict[str, Any] = {
        f"{part}_url": (str | None, Field(None, description=f"URL of {part}, if it is not at its documented port."))
        for part in parts()
        if part != "smtp"
    }
    return create_model("UrlSettings", __base__=_Urls, __module__=__name__, __doc__=_Urls.__doc__, **fields)


def _given_urls() -> dict[str, str]:
    """The URLs that the environment gives, by part. A part without one, and without a documented port, has none."""
    return {name.removesuffix("_url"): url for name, url in url_settings()().model_dump().items() if url}


class Reach:
    """Requests to the services, each with a token for it. Raises Failure where a service cannot be reached."""

    def __init__(self, addresses: Addresses, http: httpx2.AsyncClient) -> None:
        self.addresses = addresses
        self._http = http
        issuer, own = addresses.urls["issuer"], addresses.credentials_file
        self._tokens = {
            name: ServiceToken.from_file(own, issuer, http, audience_of(name))
            for name in addresses.urls
            if name != "issuer"
        }

    async def token(self, service: str) -> str:
        """A bearer token that one service believes. Raises Unavailable when the issuer does not grant it."""
        return await self._tokens[service]()

    async def send(self, service: str, method: str, path: str, **content: Any) -> httpx2.Response:
        """The service's answer, whatever its status."""
        url = f"{self.addresses.urls[service]}{path}"
        try:
            headers = {**await self._authorization(service), **content.pop("headers", {})}
            return await self._http.request(method, url, headers=headers, **content)
        except (httpx2.TransportError, Unavailable) as error:
            culprit = "the issuer of tokens" if isinstance(error, Unavailable) else service
            raise Failure(
                f"{culprit} does not answer.", "Is it running? Try: throughline status", Code.UNREACHABLE
            ) from error

    async def _authorization(self, service: str) -> dict[str, str]:
        """None for the issuer: it has no audience, and what it tells of its keys is for all."""
        return {} if service == "issuer" else {"Authorization": f"Bearer {await self.token(service)}"}

    async def insist(self, service: str, method: str, path: str, **content: Any) -> tuple[httpx2.Response, int]:
        """The final answer, and how many tries it took. Only for what may be sent again.

        Raises Failure when the service stays busy or away for long.
        """
        deadline, tries, pause_s = time.monotonic() + _PATIENCE_S, 0, _FIRST_PAUSE_S
        while True:
            tries += 1
            answer = await self._try(deadline, service, method, path, **content)
            if answer and (answer.status_code not in _LATER or time.monotonic() > deadline):
                return answer, tries
            await asyncio.sleep(_retry_after_s(answer) or pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _try(self, deadline: float, service: str, *request: str, **content: Any) -> httpx2.Response | None:
        """One try; None when the service could not be reached. After the deadline no further one is made."""
        try:
            return await self.send(service, *request, **content)
        except Failure:
            if time.monotonic() > deadline:
                raise
            return None

    async def get(self, service: str, path: str, **content: Any) -> Any:
        """The service's answer to a GET, as JSON. Raises Failure on any refusal."""
        return told(await self.send(service, "GET", path, **content))

    async def post(self, service: str, path: str, body: Any) -> Any:
        """The service's answer to a command, as JSON. Raises Failure on any refusal."""
        return told(await self.send(service, "POST", path, json=body))


@asynccontextmanager
async def reaching(addresses: Addresses) -> AsyncIterator[Reach]:
    """A Reach for the time of a command."""
    limits = httpx2.Limits(max_connections=_CONNECTIONS)
    async with httpx2.AsyncClient(timeout=_TIMEOUT_S, limits=limits, trust_env=False) as http:
        try:
            reach = Reach(addresses, http)
        except OSError:
            raise Failure("The credentials file cannot be read.", "Check THROUGHLINE_CREDENTIALS_FILE.") from None
        yield reach


def told(response: httpx2.Response) -> Any:
    """The JSON of an answer. Raises Failure with the problem's own sentence when it is a refusal."""
    if response.is_success:
        return response.json()
    problem = problem_of(response)
    remedy = "Try again shortly." if response.is_server_error else "Check what was asked for."
    code = Code.UNREACHABLE if response.status_code == httpx2.codes.SERVICE_UNAVAILABLE else Code.FAILED
    raise Failure(f"{problem['detail']} ({problem['code']}, {response.status_code})", remedy, code)


def problem_of(response: httpx2.Response) -> dict[str, Any]:
    """Code, sentence and pointers of a refusal, from problem+json or an OperationOutcome; never what was sent."""
    try:
        found = response.json()
    except ValueError:
        return {"code": "unintelligible", "detail": "It answered something else than a problem.", "pointers": []}
    if found.get("resourceType") == "OperationOutcome":
        issues = found["issue"]
        return {
            "code": issues[0].get("details", {}).get("text", issues[0]["code"]),
            "detail": issues[0].get("diagnostics", ""),
            "pointers": [where for issue in issues for where in issue.get("expression", [])],
        }
    pointers = [error["pointer"] for error in found.get("errors", [])]
    return {"code": found.get("code", "refused"), "detail": found.get("detail", ""), "pointers": pointers}


def _retry_after_s(answer: httpx2.Response | None) -> float:
    """What the Retry-After header asks for, bounded; 0 where it asks for nothing, or for a date."""
    asked = answer.headers.get("Retry-After", "") if answer else ""
    return min(float(asked), _LONGEST_PAUSE_S) if asked.isdigit() else 0.0
