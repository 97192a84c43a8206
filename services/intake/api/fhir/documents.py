"""Reads the addresses of documents. Embedded documents and those of other patients are omitted, with a warning.

Sources: R4 documentreference.html (status, subject, content.attachment), datatypes.html#Attachment ("the url or
data").
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from services.intake.api.fhir.nodes import Node
from services.intake.api.fhir.reading import Placed, Reading
from services.intake.api.fhir.references import pointing_of, root_of

_BROUGHT: Final = frozenset({"DocumentReference", "Binary", "Media", "Composition"})
"""Types of resources that are documents, or hold one."""
_IN_ERROR: Final = "entered-in-error"


def documents_of(reading: Reading, request: Placed, patient: Placed) -> tuple[str, ...]:
    """The addresses of the documents that the order names. Whatever else is a document is warned of."""
    urls: dict[str, None] = {}
    named: list[Node] = []
    for n, reference in enumerate(request.resource.supportingInfo or ()):
        if reference is None:
            continue
        # Observations and the like stay with the referring side, unread.
        meant = reading.shelf.index.find(pointing_of(reference), request.node)
        if not meant and _may_be_a_document(reference):
            detail = "names what did not come along: if it is a document, send a DocumentReference with its address"
            reading.warn(f"{request.pointer}/supportingInfo/{n}", "no_document", detail)
        if not any(node.type in _BROUGHT for node in meant):
            continue
        placed = reading.resolve(reference, request, f"supportingInfo/{n}", "DocumentReference")
        if placed and _counts(reading, placed, patient):
            urls |= dict.fromkeys(_addresses(reading, placed))
        elif not placed:
            detail = "names a document inside the Bundle, which was left out: send its address"
            reading.warn(f"{request.pointer}/supportingInfo/{n}", "inline_document", detail)
        named.extend(meant)
    _warn_of_others(reading, named, urls)
    return tuple(urls)


def _may_be_a_document(reference: Any) -> bool:
    """Whether a reference that leads nowhere names a document, or says nothing of what it names."""
    said = (
        reference.type or (reference.reference or "").partition("/_history/")[0].rpartition("/")[0].rpartition("/")[2]
    )
    return said in _BROUGHT or not said[:1].isupper()


def _counts(reading: Reading, placed: Placed, patient: Placed) -> bool:
    document, at = placed.resource, placed.pointer
    if document.subject is not None:
        subject = reading.resolve(document.subject, placed, "subject")
        if not reading.is_same(subject, patient):
            reading.warn(f"{at}/subject", "not_of_the_patient", "is not the patient: this document was left out")
            return False
    if document.status != "current" or document.docStatus == _IN_ERROR:
        element = "docStatus" if document.docStatus == _IN_ERROR else "status"
        reading.warn(f"{at}/{element}", "document_not_current", "is not current: this document was left out")
        return False
    return True


def _addresses(reading: Reading, placed: Placed) -> Iterator[str]:
    for n, content in enumerate(placed.resource.content or ()):
        attachment, at = content.attachment, f"{placed.pointer}/content/{n}/attachment"
        address = _absolute(attachment, placed.node) if attachment else None
        if address:
            yield address
        elif attachment and (attachment.data or attachment.url):
            detail = "holds a document without an address, which was left out: send its address"
            reading.warn(at, "inline_document", detail)
        else:
            reading.warn(at, "no_document", "says nowhere where the document is")


def _absolute(attachment: Any, node: Node) -> str | None:
    """An address that others can open; a relative one belongs to the server of its resource."""
    url = (attachment.url or "").strip()
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"} and parts.netloc:
        return url
    root = root_of(node)
    return f"{root}{url}" if root and url and not parts.scheme and not url.startswith(("/", "#")) else None


def _warn_of_others(reading: Reading, named: list[Node], urls: dict[str, None]) -> None:
    """Documents that came along and are not named by the order."""
    for node in reading.shelf.nodes:
        if node.type in _BROUGHT and node not in named and node.full_url not in urls:
            detail = "is a document that was left out: the order does not name it, or it has no address"
            reading.warn(node.pointer, "document_not_named", detail)
