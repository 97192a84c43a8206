"""How tests say where the database is."""

from typing import Any

from shared.settings import MongoSettings


def mongo_settings(uri: str, **settings: Any) -> MongoSettings:
    """Settings as a service reads them."""
    return MongoSettings.model_validate({"uri": uri, **settings})
