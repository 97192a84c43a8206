"""Everything that can be wrong with a request, with canaries in all wrong places."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.privacy.canaries import ICD, NPI, PHONE, STEM

WRONG_VALUES: Final[Mapping[str, Any]] = {
    "an object": {STEM: {STEM: STEM}},
    "an array": [STEM, [STEM]],
    "another text": f"{STEM} {PHONE} {ICD} {NPI} {STEM}",
    "a number": int(NPI),
    "a long text": STEM * 600,
    "nothing": None,
}
"""What may stand where something else belongs."""
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BYTES: Final[Mapping[str, tuple[bytes, str]]] = {
    "not JSON": (f'{{"{STEM}": "{STEM}'.encode(), JSON),
    "a comma too many": (f'{{"{STEM}": "{STEM}",}}'.encode(), JSON),
    "not UTF-8": (b'{"a": "\xff' + STEM.encode() + b'"}', JSON),
    "a text": (f'"{STEM}"'.encode(), JSON),
    "too deep": (b"[" * 100 + f'"{STEM}"'.encode() + b"]" * 100, JSON),
    "deep": (b'{"a":' * 60 + f'"{STEM}"'.encode() + b"}" * 60, JSON),
    "no number": (f'{{"{STEM}": NaN}}'.encode(), JSON),
    "twice the same": (f'{{"{STEM}": 1, "{STEM}": "{STEM}"}}'.encode(), JSON),
    "too large": (json.dumps({STEM: STEM * 140_000}).encode(), JSON),
    "plain": (STEM.encode(), "text/plain"),
    "of a type of its own": (STEM.encode(), f"application/{STEM}"),
    "a form": (f"version=0&code=called_office&back=queue%3D{STEM}".encode(), FORM),
    "a wrong form": (f"{STEM}={STEM}&version={STEM}&back={STEM}&code={STEM}".encode(), FORM),
}
"""Bodies that are none, and what they say they are."""
HEADERS: Final[tuple[Mapping[str, str], ...]] = (
    {"If-Match": f'"{STEM}"'},
    {"If-Match": STEM},
    {"Idempotency-Key": f"{STEM} {STEM}"},
    {"Idempotency-Key": STEM * 40},
    {"X-Request-ID": STEM, "traceparent": f"00-{STEM}", "User-Agent": STEM, "Referer": f"http://{STEM}.example/"},
    {"Accept": f"text/html, {STEM}", "Origin": f"http://{STEM}.example"},
    {"Authorization": f"Bearer {STEM}.{STEM}.{STEM}"},
    {"Authorization": f"{STEM} {STEM}"},
    {"Cookie": f"throughline_session={STEM}; throughline_login={STEM}.{STEM}"},
    {"X-Twilio-Signature": STEM, "Content-Encoding": STEM},
)
"""Headers that say what they should not. Host is left out: it names us, and the log-in sends the browser back there."""
QUERIES: Final = (
    f"{STEM}={STEM}",
    f"owner={STEM}&sort={STEM}&limit={STEM}&mine={STEM}",
    f"queue={STEM}",
    f"cursor={STEM}",
    f"cursor={base64.urlsafe_b64encode(json.dumps([STEM, STEM]).encode()).decode()}",
    f"after={STEM}",
    f"message={STEM}.1",
    f"code={STEM}&state={STEM}",
)
PATHS: Final = (STEM, f"demo-{STEM.lower()}", f"{STEM}%20{STEM}", f"%2E%2E/{STEM}")


def spoilt(document: Any) -> Iterator[tuple[str, Any]]:
    """The document with each of its values wrong in each way, and with members that nobody knows."""
    for path in _places(document):
        for name, value in WRONG_VALUES.items():
            yield f"{'/'.join(map(str, path))}: {name}", _changed(document, path, value)
    for path in [(), *_places(document)]:
        here = document
        for step in path:
            here = here[step]
        if isinstance(here, dict):
            more = {**here, STEM: STEM, f"{STEM}/~": [STEM]}
            yield f"{'/'.join(map(str, path))}: more", _changed(document, path, more)


def _places(document: Any) -> Iterator[tuple[int | str, ...]]:
    """Where there is a value, from the outside in."""
    members = document.items() if isinstance(document, dict) else enumerate(document)
    for step, value in members:
        yield (step,)
        if isinstance(value, dict | list):
            yield from ((step, *rest) for rest in _places(value))


def _changed(document: Any, path: tuple[int | str, ...], value: Any) -> Any:
    if not path:
        return value
    copy: Any = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _changed(document[path[0]], path[1:], value)
    return copy
