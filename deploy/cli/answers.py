"""Reads intake's answer to a request, order by order: received, known before, changed, or refused, with warnings.

One request may carry several orders (a FHIR Bundle); a Bundle is answered entry by entry, everything else by itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from deploy.cli.reach import problem_of

REPLAYED: Final = "Idempotent-Replayed"
_FIRST_VERSION: Final = 1
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True)
class Warned:
    """A warning: a code for programs, and the end of a sentence."""

    code: str
    detail: str


@dataclass(frozen=True)
class Answer:
    """What became of one order. `referral_id` is empty where it was refused, with `code` and `pointers`.

    `status` is HTTP's; `order_status` is what FHIR calls the order's own (request-status), empty of our own door.
    """

    referral_id: str = ""
    is_repeat: bool = False
    is_first: bool = True
    status: int = 202
    order_status: str = ""
    code: str = ""
    pointers: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()


def answers_of(response: httpx2.Response) -> Sequence[Answer]:
    """The result of each order of a request."""
    if not response.is_success:
        problem = problem_of(response)
        return [Answer(status=response.status_code, code=problem["code"], pointers=tuple(problem["pointers"]))]
    told, is_repeat = response.json(), REPLAYED in response.headers
    if told.get("resourceType") == "Bundle":
        return list(_of_entries(told, is_repeat=is_repeat))
    referral_id = str(told.get("referral_id") or told["id"])
    is_first = _is_first(response.headers.get("ETag"))
    order_status, warnings = str(told.get("status", "")), _warnings(told.get("contained", ()))
    return [Answer(referral_id, is_repeat, is_first, order_status=order_status, warnings=warnings)]


def _of_entries(bundle: Mapping[str, Any], *, is_repeat: bool) -> Iterator[Answer]:
    for entry in bundle.get("entry", ()):
        resource, response = entry.get("resource"), entry["response"]
        status = int(response["status"].partition(" ")[0])
        outcome = response.get("outcome", {})
        if status not in _TAKEN:
            errors = [issue for issue in outcome["issue"] if issue["severity"] == "error"]
            pointers = tuple(where for issue in errors for where in issue.get("expression", ()))
            yield Answer(status=status, code=errors[0]["details"]["text"], pointers=pointers)
        elif resource and resource["resourceType"] == "ServiceRequest":
            warnings = _warnings([outcome])
            was_here = is_repeat or any(warned.code == "replayed" for warned in warnings)
            odd = tuple(warned for warned in warnings if warned.code != "replayed")
            is_first, order_status = _is_first(response.get("etag")), resource.get("status", "")
            yield Answer(resource["id"], was_here, is_first, order_status=order_status, warnings=odd)


def _is_first(etag: str | None) -> bool:
    """Whether this is the version of an order that was just received; an unknown version may be."""
    version = (etag or "").removeprefix("W/").strip('"')
    return not version.isdigit() or int(version) == _FIRST_VERSION


def _warnings(outcomes: Sequence[Mapping[str, Any]]) -> tuple[Warned, ...]:
    issues = [issue for outcome in outcomes for issue in outcome.get("issue", ()) if issue["severity"] != "error"]
    return tuple(Warned(issue["details"]["text"], issue.get("diagnostics", "")) for issue in issues)
