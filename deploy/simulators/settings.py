"""The simulators' own settings; those of clock, database and identity are the ones that every service reads."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.settings import read_from

Port = Annotated[int, Field(ge=0, le=65535)]


class SimulatorsSettings(BaseSettings):
    """Where the simulators listen and rest, and how they behave. The same `seed` gives the same stories."""

    model_config = read_from("SIMULATORS_")

    state_directory: Path
    keys_directory: Path = Path("keys")
    """The register of parties, what they know of our keys, and their own keys for our issuer (deploy.platform.keys)."""
    tenant: str = "demo"
    sms_auth_token: SecretStr
    sms_account_sid: str = "AC00000000000000000000000000000000"
    host: str = "127.0.0.1"
    port: Port = 8190
    smtp_port: Port = 8125
    seed: str = "throughline"
    fault_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of all requests that fail, half of them refused, half of them done and never answered."""
    clock_poll_s: Annotated[float, Field(gt=0)] = 0.25
    callback_timeout_s: Annotated[float, Field(gt=0)] = 10.0
