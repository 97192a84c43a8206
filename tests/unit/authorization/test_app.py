"""The composition root: settings in, an app out whose every route is guarded."""

from pathlib import Path

from fastapi import FastAPI
from pydantic import SecretStr

from deploy.platform.keys import write_register, write_state
from deploy.platform.parties import REGISTER, parties_of
from services.authorization.app import create_app
from services.authorization.settings import AuthorizationSettings, OwnSettings
from shared.settings import IdentitySettings, KafkaSettings, MongoSettings, PartiesSettings, SealingSettings
from tests.support.callers import client_of
from tests.support.five_services.plans import PAYERS_FILE
from tests.support.memory import MemoryWorld
from tests.unit.authorization.words import REFERRAL


def app_of(state: Path) -> FastAPI:
    """The app, on a world in memory."""
    write_state(state, ["demo"])
    write_register(state, parties_of("demo"), "http://outside.example")
    settings = AuthorizationSettings(
        kafka=KafkaSettings(bootstrap="nowhere.example:9092"),
        mongo=MongoSettings(uri=SecretStr("mongodb://nowhere.example")),
        identity=IdentitySettings(issuer="https://issuer.example", jwks_url="https://issuer.example/jwks"),
        sealing=SealingSettings(keys_file=state / "sealing" / "authorization.json"),
        parties=PartiesSettings(file=state / REGISTER),
        own=OwnSettings(payers_file=PAYERS_FILE),
    )
    return create_app(settings, MemoryWorld())


async def test_the_app_is_alive_and_lets_nobody_in_unasked(tmp_path: Path) -> None:
    """Nothing but health is open."""
    async with client_of(app_of(tmp_path)) as http:
        paths = ("/livez", f"/v1/cases/{REFERRAL}", "/v1/parked", "/v1/nothing")
        found = [(await http.get(path)).status_code for path in paths]

    assert [200, 401, 401, 404] == found
