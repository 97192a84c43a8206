"""How HTTP says no: problem+json (RFC 9457), and OperationOutcome below /fhir. What came in is never repeated."""

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from shared.errors import (
    Busy,
    Conflict,
    Mismatched,
    NotFound,
    Rejected,
    Stale,
    Unavailable,
    Unknown,
    Unreadable,
)
from shared.identity import Forbidden, TooMany, Unauthenticated
from shared.sealing import SealingError
from shared.web.flaws import Flaw, flaws_of_parameters

_FHIR: Final = "/fhir"
_REJECTIONS: Final[Mapping[type[Rejected], int]] = {
    Rejected: 409,
    Conflict: 409,
    NotFound: 404,
    Stale: 412,
    Mismatched: 422,
}
_STATUSES: Final[Mapping[int, tuple[str, str]]] = {
    404: ("not_found", "There is no such resource."),
    405: ("method_not_allowed", "The resource does not know this method."),
    413: ("content_too_large", "The body is larger than 1 MiB."),
    500: ("internal_error", "The fault is ours, and it is in our logs under this X-Request-ID."),
}
# https://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUE_TYPES: Final = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    412: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "invalid",
    428: "required",
    429: "throttled",
    500: "exception",
    503: "transient",
}


_SAFE: Final = frozenset({"GET", "HEAD"})
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


class Malformed(Exception):
    """A request that does not follow the rules of its door. `detail` and `flaws` are our words, never input."""

    def __init__(self, status: int, code: str, detail: str, flaws: Sequence[Flaw] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.flaws = tuple(flaws)


@dataclass(frozen=True, slots=True)
class Problem:
    """What the answer will say, in either of its forms."""

    status: int
    code: str
    detail: str
    flaws: tuple[Flaw, ...] = ()
    headers: Mapping[str, str] | None = None


def answer(request: Request, problem: Problem) -> Response:
    """Write a problem in the form that the path's clients read."""
    is_fhir = request.url.path == _FHIR or request.url.path.startswith(f"{_FHIR}/")
    return JSONResponse(
        _outcome(problem) if is_fhir else _problem_details(problem),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/fhir+json" if is_fhir else "application/problem+json",
    )


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem that a bare HTTP status stands for."""
    code, detail = _STATUSES.get(status, ("refused", "The request was refused."))
    return Problem(status, code, detail, headers=headers)


def _problem_details(problem: Problem) -> dict[str, Any]:
    details: dict[str, Any] = {
        "type": f"urn:throughline:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    return {**details, "errors": [asdict(flaw) for flaw in problem.flaws]} if problem.flaws else details


def _outcome(problem: Problem) -> dict[str, Any]:
    flaws = problem.flaws or (Flaw("", problem.code, problem.detail),)
    kind = _ISSUE_TYPES.get(problem.status, "processing")
    return {"resourceType": "OperationOutcome", "issue": issues_of("error", flaws, kind)}


def issues_of(severity: str, flaws: Iterable[Flaw], kind: str = "value") -> list[dict[str, Any]]:
    """Flaws as issues of an OperationOutcome; `kind` is of FHIR's issue types."""
    return [_issue(severity, flaw, kind) for flaw in flaws]


def _issue(severity: str, flaw: Flaw, kind: str) -> dict[str, Any]:
    issue: dict[str, Any] = {
        "severity": severity,
        "code": "required" if flaw.code == "missing" else kind,
        "details": {"text": flaw.code},
        "diagnostics": flaw.detail,
    }
    return {**issue, "expression": [_fhirpath(flaw.pointer)]} if flaw.pointer else issue


def _fhirpath(pointer: str) -> str:
    steps = pointer.strip("/").split("/")
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps).lstrip(".")


def _rejected(error: Rejected) -> Problem:
    return Problem(_REJECTIONS[_kind(error)], error.code, error.message)


def _kind(error: Rejected) -> type[Rejected]:
    return next(kind for kind in type(error).__mro__ if kind in _REJECTIONS)


def later(error: Busy | Unavailable) -> Problem:
    """Nothing was done, and it may be sent again after a while."""
    code = "busy" if isinstance(error, Busy) else "unavailable"
    detail = "Nothing was done. Send it again after the time given."
    return Problem(503, code, detail, headers={"Retry-After": str(error.retry_after_s)})


def _too_many(error: TooMany) -> Problem:
    detail = "This client asks for more than its share. Nothing was done. Send it again after the time given."
    return Problem(429, "too_many_requests", detail, headers={"Retry-After": str(error.retry_after_s)})


def unrecorded(method: str, error: Unavailable) -> Problem:
    """What is answered instead of what could not be put on record. What was asked for may have been done."""
    return later(error) if method in _SAFE else _unknown(Unknown())


def _unknown(_error: Unknown) -> Problem:
    detail = "It may or may not have been done. Send it again with the same id or Idempotency-Key."
    return Problem(503, "outcome_unknown", detail, headers={"Retry-After": "1"})


def _unreadable(error: Unreadable) -> Problem:
    flaw = Flaw(error.pointer, "unreadable", error.detail)
    return Problem(422, "unreadable", "The content does not follow its contract.", (flaw,))


def _malformed(error: Malformed) -> Problem:
    return Problem(error.status, error.code, error.detail, error.flaws)


def _parameters(error: RequestValidationError) -> Problem:
    return Problem(422, "invalid", "The request is not valid.", flaws_of_parameters(error.errors()))


def _http(error: HTTPException) -> Problem:
    return of_status(error.status_code, error.headers)


def _unauthenticated(error: Unauthenticated) -> Problem:
    challenge = 'Bearer error="invalid_token"' if error.has_token else "Bearer"
    return Problem(401, "unauthenticated", "A valid token is needed.", headers={"WWW-Authenticate": challenge})


def _unsealed(error: SealingError) -> Problem:
    """What cannot be kept under seal is refused. That a seal cannot be opened is a fault of ours."""
    if error.code == "no_key":
        return Problem(403, "tenant_without_keys", "This system holds no keys of your tenant. Ask its operator.")
    if error.code == "too_large":
        detail = "Part of the content is too large to be kept. Send documents by reference."
        return Problem(413, "content_too_large", detail)
    structlog.get_logger().error("a seal does not open", code=error.code)
    return of_status(500)


def _forbidden(error: Forbidden) -> Problem:
    structlog.get_logger().info("caller lacks the role", permission=error.permission)
    return Problem(403, "forbidden", "The caller may not do this.")


async def _login(request: Request, error: Unauthenticated) -> Response:
    """A person who opens a page without a session is sent to log in; programs get the problem."""
    session = request.app.state.guard.session
    if session and request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(session.login_path, status_code=303)
    return answer(request, _unauthenticated(error))


def _handler(problem_of: Callable[[Any], Problem]) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        return answer(request, problem_of(error))

    return handle


HANDLERS: Final[dict[int | type[Exception], Handler]] = {
    Rejected: _handler(_rejected),
    Busy: _handler(later),
    Unavailable: _handler(later),
    TooMany: _handler(_too_many),
    Unknown: _handler(_unknown),
    Unreadable: _handler(_unreadable),
    Malformed: _handler(_malformed),
    RequestValidationError: _handler(_parameters),
    HTTPException: _handler(_http),
    Forbidden: _handler(_forbidden),
    SealingError: _handler(_unsealed),
    Unauthenticated: _login,
}
"""What create_app registers. An exception that is not here is a fault of ours: 500, logged, without detail."""
