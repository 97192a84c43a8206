"""Settings that several services share: one frozen slice per concern, read from the environment once.

What only one service needs lives in that service's own `settings.py`. Secrets never print themselves.
"""

from shared.settings.kafka import KafkaSettings
from shared.settings.reading import HoldsKeys, KeyFile, OnlyInDemos, Url, read_from
from shared.settings.slices import (
    AccessRecordsSettings,
    ClockSettings,
    DeploymentSettings,
    IdentitySettings,
    LimitsSettings,
    MongoSettings,
    OutboundSettings,
    PartiesSettings,
    SealingSettings,
    TelemetrySettings,
)

__all__ = [
    "AccessRecordsSettings",
    "ClockSettings",
    "DeploymentSettings",
    "HoldsKeys",
    "IdentitySettings",
    "KafkaSettings",
    "KeyFile",
    "LimitsSettings",
    "MongoSettings",
    "OnlyInDemos",
    "OutboundSettings",
    "PartiesSettings",
    "SealingSettings",
    "TelemetrySettings",
    "Url",
    "read_from",
]
