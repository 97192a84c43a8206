"""Which resource of a Bundle a Reference means: FHIR's own algorithm, read from where the Reference stands.

Sources: R4 bundle.html#references (full URLs; relative references against the root of the full URL of the entry that
holds them; versions), references.html#contained (fragments), references.html#logical (identifiers) and
http.html#trules (conditional references). All of it is pure: JSON in, candidates out. Two candidates are an ambiguity,
which is refused by whoever asks; none is chosen here.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from services.intake.api.fhir.nodes import Node

_ID: Final = r"[A-Za-z0-9\-.]{1,64}"
_RELATIVE: Final = re.compile(rf"(?P<type>[A-Z][A-Za-z]+)/(?P<id>{_ID})")
_RESTFUL: Final = re.compile(rf"(?P<root>(?:https?://|urn:|/)\S*?/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>{_ID})")
_VERSION: Final = re.compile(rf"/_history/({_ID})$")
_URN_UUID: Final = "urn:uuid:"


@dataclass(frozen=True)
class Pointing:
    """The parts of a Reference: `literal` is its reference, the others are its type and its identifier."""

    literal: str | None = None
    type: str | None = None
    system: str | None = None
    value: str | None = None

    @property
    def named(self) -> tuple[str | None, str] | None:
        """The identifier that it names, logically or in a condition; the system may be open."""
        return (self.system, self.value) if self.value else _condition(self.literal)[1]


def pointing_of(reference: Any) -> Pointing:
    """The parts of a Reference of `fhir.resources`."""
    identifier = reference.identifier
    system, value = (identifier.system, identifier.value) if identifier else (None, None)
    return Pointing(reference.reference, reference.type, system, value)


@dataclass
class Index:
    """The resources of a Bundle by each of their names. Contained ones are found only from inside their container."""

    nodes: Sequence[Node]
    _by_url: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))
    _by_id: dict[tuple[str, str], list[Node]] = field(default_factory=lambda: defaultdict(list))
    _by_identifier: dict[tuple[str, str | None, str], list[Node]] | None = None
    """Made when it is first asked for: most Bundles refer by URLs."""

    def __post_init__(self) -> None:
        """Know every resource by its full URL, and by its type and id."""
        for node in self.nodes:
            if node.full_url:
                self._by_url[_url(node.full_url)[0]].append(node)
            if node.id and not self._is_copy(node):
                self._by_id[node.type, node.id].append(node)

    def _is_copy(self, node: Node) -> bool:
        """Whether it stands here twice, under no URL."""
        before = self._by_id.get((node.type, node.id or ""), ())
        return not node.full_url and any(not other.full_url and other.raw == node.raw for other in before[:1])

    def find(self, pointing: Pointing, referrer: Node) -> list[Node]:
        """The resources that this may mean, seen from `referrer`: none, one, or, where it is ambiguous, more."""
        named = (pointing.system, pointing.value) if pointing.value else None
        literal = self._literal(pointing.literal, referrer) if pointing.literal else []
        if not named:
            return literal
        logical = self._identified(pointing.type, *named, referrer)
        # An identifier that this Bundle gives to another resource contradicts the literal reference.
        return literal + [node for node in logical if not any(same(node, found) for found in literal)]

    def _literal(self, text: str, referrer: Node) -> list[Node]:
        if text.startswith("#"):
            return _fragment(text[1:], referrer)
        type_, identifier = _condition(text)
        if identifier:
            return self._identified(type_, *identifier, referrer)
        url, version = _url(text)
        relative = _RELATIVE.fullmatch(url)
        found = self._relative(relative["type"], relative["id"], referrer) if relative else self._by_url.get(url, [])
        return _of_version(found, version)

    def _relative(self, type_: str, id_: str, referrer: Node) -> list[Node]:
        """Against the root of the referrer; where it has none, or a resource claims none, by type and id alone."""
        candidates = self._by_id.get((type_, id_), [])
        match = _RESTFUL.fullmatch(_url(referrer.full_url or "")[0])
        if match is None or match["root"] is None:
            # Some write a relative reference where the full URL belongs.
            return [*candidates, *(node for node in self._by_url.get(f"{type_}/{id_}", ()) if node not in candidates)]
        there = self._by_url.get(f"{match['root']}{type_}/{id_}", [])
        return there or [node for node in candidates if not node.full_url]

    def _identified(self, type_: str | None, system: str | None, value: str, referrer: Node) -> list[Node]:
        # A referrer's own contained resources can be meant by what identifies them, too.
        inside = [node for node in referrer.root.contained() if (system, value) in node.identifiers()]
        if self._by_identifier is None:
            self._by_identifier = self._identifiers()
        outside = self._by_identifier.get((type_ or "", system, value), [])
        return _latest([*outside, *(node for node in inside if type_ in {None, node.type})])

    def _identifiers(self) -> dict[tuple[str, str | None, str], list[Node]]:
        found: dict[tuple[str, str | None, str], list[Node]] = defaultdict(list)
        for node in self.nodes:
            for system, value in node.identifiers():
                for type_ in (node.type, ""):
                    found[type_, system, value].append(node)
        return found


def same(one: Node, other: Node) -> bool:
    """Whether two are one resource, perhaps in two versions."""
    if one is other or one.container or other.container:
        return one is other
    return bool(one.full_url and other.full_url and _url(one.full_url)[0] == _url(other.full_url)[0])


def root_of(node: Node) -> str | None:
    """The server whose resource this is, by the full URL of its entry."""
    match = _RESTFUL.fullmatch(_url(node.full_url or "")[0])
    return match["root"] if match else None


def _fragment(id_: str, referrer: Node) -> list[Node]:
    """The contained resource with this id in the entry's resource; `#` alone means that resource itself."""
    container = referrer.root
    return [node for node in container.contained() if node.id == id_] if id_ else [container]


def _condition(text: str | None) -> tuple[str | None, tuple[str | None, str] | None]:
    """The type and identifier of `Type?identifier=system|value`; other conditions are not read."""
    type_, is_one, query = (text or "").partition("?")
    asked = parse_qsl(query, keep_blank_values=True) if is_one else []
    if [name for name, _ in asked] != ["identifier"]:
        return None, None
    system, has_system, value = asked[0][1].rpartition("|")
    return (type_.rpartition("/")[2], (system or None, value)) if value and has_system else (None, None)


def _url(text: str) -> tuple[str, str | None]:
    """A URL without its version, and its version. UUIDs are the same in either case (RFC 4122 §3)."""
    match = _VERSION.search(text)
    bare = text[: match.start()] if match else text
    is_uuid = bare[: len(_URN_UUID)].lower() == _URN_UUID
    return (bare.lower() if is_uuid else bare), (match[1] if match else None)


def _of_version(found: Sequence[Node], version: str | None) -> list[Node]:
    """The version that is named, where it is here; else the highest."""
    exact = [node for node in found if version in {str(node.version[0]), node.version[1]}] if version else ()
    return _latest(exact or found)


def _latest(found: Sequence[Node]) -> list[Node]:
    """Of several versions of one resource the highest; the same JSON twice is one resource."""
    if len(found) <= 1:
        return list(found)
    by_name: dict[Any, list[Node]] = defaultdict(list)
    for node in found:
        by_name[_name(node)].append(node)
    return [node for versions in by_name.values() for node in _highest(versions)]


def _highest(versions: Sequence[Node]) -> list[Node]:
    top = max(node.version for node in versions)
    first, *others = (node for node in versions if node.version == top)
    # Two contents of one version: which of them is meant stays open.
    return [first, *(node for node in others if node.raw != first.raw)]


def _name(node: Node) -> Any:
    """What two versions of a resource share. What has no URL, or stands inside, is like nothing but its own copy."""
    return _url(node.full_url)[0] if node.full_url and not node.container else id(node)
