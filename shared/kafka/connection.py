"""How to reach the brokers, from the settings, and how to let go of them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.helpers import create_ssl_context

from shared.kafka.tokens import broker_tokens
from shared.settings import KafkaSettings

STOP_TIMEOUT_S: Final = 5.0
UNREACHED: Final = (KafkaError, OSError, AssertionError, RuntimeError)
"""What the client raises where it reaches no broker.

It asserts that it knows one; a broker that starts names none. A write to a connection that was closed meanwhile is a
RuntimeError of uvloop's, which the client does not take for what it is.
"""


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """How to reach the brokers. Raises OSError or ValueError where a file named by the settings cannot be used."""
    password = settings.sasl_password.get_secret_value() if settings.sasl_password else None
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap,
        "security_protocol": settings.security_protocol,
        "sasl_mechanism": settings.sasl_mechanism or "PLAIN",
        "sasl_plain_username": settings.sasl_username,
        "sasl_plain_password": password,
        "sasl_oauth_token_provider": broker_tokens(settings),
    }
    if settings.client_id:
        options["client_id"] = settings.client_id
    if "SSL" in settings.security_protocol:
        options["ssl_context"] = create_ssl_context(
            cafile=settings.ca_file, certfile=settings.certificate_file, keyfile=settings.key_file
        )
    return options


async def bounded(work: Coroutine[Any, Any, None]) -> None:
    """Let a client end within a bound, however it ends: what it cancels of its own would else cancel its caller."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=STOP_TIMEOUT_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
