"""The simulators' own settings; those of clock, database and identity are the ones that every service reads."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from shared.settings import read_from

Port = Annotated[int, Field(ge=0, le=65535)]


class SimulatorsSettings(BaseSettings):
    """Where the simulators listen and rest, and how they behave."""

    model_config = read_from("SIMULATORS_")

    state_directory: Path
    """Where they keep what they were told."""
    keys_directory: Path = Path("keys")
    """The folder with the register of parties, what they know of our keys, and their own keys for our issuer."""
    tenant: str = "demo"
    """The tenant whose parties they play."""
    sms_auth_token: SecretStr
    """The SMS gateway's token, as notifications has it."""
    sms_account_sid: str = "AC00000000000000000000000000000000"
    """The SMS gateway's account."""
    host: str = "127.0.0.1"
    """Where they listen."""
    port: Port = 8190
    """The port of HTTP."""
    smtp_port: Port = 8125
    """The port of mail."""
    seed: str = "throughline"
    """The same seed gives the same stories."""
    fault_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of all requests that fail, half of them refused, half of them done and never answered."""
    clock_poll_s: Annotated[float, Field(gt=0)] = 0.25
    """How often they look at the clock, in seconds."""
    callback_timeout_s: Annotated[float, Field(gt=0)] = 10.0
    """How long they wait for our answer, in seconds."""
