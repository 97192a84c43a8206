"""Verifies reports on text messages: Twilio's signature over the callback URL and the form."""

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha1

from pydantic import SecretStr


def is_signed(auth_token: SecretStr, url: str, form: Iterable[tuple[str, str]], signature: str) -> bool:
    """Whether X-Twilio-Signature is the base64 of HMAC-SHA1 over the URL and the form's pairs, sorted by name.

    https://www.twilio.com/docs/usage/security#validating-requests. Compared in constant time.
    """
    signed = url + "".join(name + value for name, value in sorted(form))
    digest = hmac.new(auth_token.get_secret_value().encode(), signed.encode(), sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())
