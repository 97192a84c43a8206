"""The clients of this issuer: registered programs, and the invented people of the log-in page."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, TypeAdapter

from deploy.issuer.refusals import OAuthRefusal


class Client(BaseModel):
    """A registered program. With a `redirect_path` it acts for people, and gets no token of its own.

    Its tokens are for one of `audiences`, those of its people for all of them.
    """

    model_config = ConfigDict(frozen=True)

    client_id: str
    tenant: str
    roles: tuple[str, ...]
    audiences: tuple[str, ...]
    jwk: dict[str, Any]
    redirect_path: str | None = None

    @property
    def key(self) -> ECKey:
        """The public key that checks the client's assertions."""
        return ECKey.import_key(self.jwk)

    def audience(self, *asked: object) -> str:
        """The one audience that was asked for, or the only one that there is. Raises OAuthRefusal for any other."""
        named = {audience for audience in asked if audience is not None} or set(self.audiences)
        if len(named) != 1 or not named <= set(self.audiences):
            raise OAuthRefusal("invalid_target")
        return str(named.pop())


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person, to see the console in another role."""

    subject: str
    name: str
    role: str
    does: str


PEOPLE: Final = (
    Person("casey.coordinator", "Casey Coordinator", "coordinator", "works the referral queue"),
    Person("lee.leadwell", "Lee Leadwell", "lead", "watches bottlenecks and deadlines"),
    Person("nora.nurseworth", "Nora Nurseworth", "nurse", "triages, and talks to payers' nurses"),
    Person("clint.clinicson", "Dr. Clint Clinicson", "clinician", "refers, and reads the consult reports"),
    Person("opal.operatsen", "Opal Operatsen", "operator", "looks after what is parked"),
    Person("priya.privatov", "Priya Privatov", "privacy_officer", "reviews who opened what"),
)


class Registry:
    """The registered clients by id."""

    def __init__(self, clients: Iterable[Client]) -> None:
        self._clients = {client.client_id: client for client in clients}

    @classmethod
    def from_file(cls, clients_file: Path) -> Self:
        """Those of a file written by `deploy.platform.keys`."""
        return cls(_FILE.validate_json(clients_file.read_bytes())["clients"])

    def client(self, client_id: object) -> Client:
        """The client of that id. Raises OAuthRefusal when there is none."""
        client = self._clients.get(str(client_id))
        if client is None:
            raise OAuthRefusal("invalid_client")
        return client


def person(subject: str) -> Person:
    """One of PEOPLE. Raises OAuthRefusal for anybody else."""
    for candidate in PEOPLE:
        if candidate.subject == subject:
            return candidate
    raise OAuthRefusal("access_denied")


_FILE: Final = TypeAdapter(dict[str, tuple[Client, ...]])
