"""The ways between services and outside: requests out through one replica, callbacks and people in by the routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from shared.effects import NotTaken
from shared.errors import Unknown
from shared.service import Service
from tests.simulation.cluster import Cluster
from tests.simulation.machines import ReplicaWeather
from tests.simulation.requests import Garbled
from tests.simulation.services.direct_requests import Said, app, served
from tests.simulation.services.outside import Outside
from tests.support.five_services.plans import SMS_TOKEN, address_of
from tests.support.five_services.wiring import client_to
from tests.support.outside.mail_gateway import Send
from tests.support.outside.sms_gateway import receipt

CALLS_BACK: Mapping[str, str] = {
    "/payer-callbacks/": "payer",
    "/placements/": "office",
    "/reports": "office",
    "/information": "ehr",
    "/acknowledgement": "ehr",
}
"""Whose program calls back, by what its address holds."""
LAND_S, TIMEOUT_S = 7.0, 8.0
GARBAGE: Sequence[tuple[int, str]] = (
    (500, "sorry"),
    (502, "<html>bad gateway</html>"),
    (200, "<html>welcome</html>"),
    (200, '{"request_id": "'),
    (200, '{"request_id": "another", "visit_id": "another", "report_id": "another"}'),
    (200, "[]"),
)


def client(outside: Outside, weather: ReplicaWeather) -> httpx2.AsyncClient:
    """A replica's client, whose requests meet its weather."""
    storm = outside.wire.storm

    async def handle(request: httpx2.Request) -> httpx2.Response:
        try:
            return await outside.wire.request(weather, lambda: outside.land(request), LAND_S, TIMEOUT_S)
        except NotTaken:
            if storm.random.random() < 0.5:
                return httpx2.Response(429)
            raise httpx2.ConnectError("refused") from None
        except Unknown:
            raise httpx2.ReadTimeout("silence") from None
        except Garbled:
            status, text = storm.random.choice(GARBAGE)
            return httpx2.Response(status, text=text)

    return client_to(handle)


def mail(outside: Outside, weather: ReplicaWeather) -> Send:
    """A replica's way to the mail server."""

    async def send(message_id: str) -> None:
        try:
            await outside.wire.request(weather, lambda: outside.mail(message_id), LAND_S, TIMEOUT_S)
        except Garbled:
            raise Unknown("A reply that is none.") from None

    return send


@dataclass(frozen=True)
class Doors:
    """How requests come in: by the services' own routes, in any replica that answers."""

    cluster: Cluster

    async def ask(self, request: httpx2.Request) -> Said:
        """Have a request answered. Raises Rejected, as the route does."""
        name = request.url.host.partition(".")[0]

        async def serve(service: Service) -> Said:
            return await served(app(name), service, request)

        said: Said = await self.cluster.ask(name, serve)
        return said

    def by_person(self, role: str, service: str, path: str, body: Mapping[str, Any], key: str) -> httpx2.Request:
        """A request of somebody in a role. `key` makes a retry the same request."""
        headers = {"Authorization": f"Bearer {role}:sam.{role}", "Idempotency-Key": key}
        return httpx2.Request("POST", f"{address_of(service)}{path}", json=dict(body), headers=headers)

    def by_system(self, url: str, body: Mapping[str, Any]) -> httpx2.Request:
        """A callback, as the outside makes it: its own ids make a retry the same."""
        path = httpx2.URL(url).path
        role = next(role for part, role in CALLS_BACK.items() if part in path)
        return httpx2.Request("POST", url, json=dict(body), headers={"Authorization": f"Bearer {role}:outside"})

    def by_gateway(self, url: str, form: Mapping[str, str]) -> httpx2.Request:
        """A receipt of the SMS gateway, by Twilio's convention."""
        return receipt(SMS_TOKEN, url, form)
