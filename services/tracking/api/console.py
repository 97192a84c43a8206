"""How a page is made: templates, the words in them, the files beside them, and headers that let nothing else in."""

from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined

from services.tracking.views import labels
from services.tracking.views.details import details

PACKAGE: Final = "services.tracking"
ASSETS: Final = {file.name: file.read_bytes() for file in files(PACKAGE).joinpath("static").iterdir()}
MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # With no-referrer, browsers hide the origin of our own forms too, and the guard would refuse them.
    "Referrer-Policy": "same-origin",
}


def asset(name: str) -> str:
    """The address of a file, which changes with its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={sha256(ASSETS[name]).hexdigest()[:12]}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(labels=labels, details=details, asset=asset)
    return environment


_TEMPLATES: Final = Jinja2Templates(env=_environment())


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """A page."""
    return _TEMPLATES.TemplateResponse(request, template, context, status_code=status, headers=dict(_HEADERS))
