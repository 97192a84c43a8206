"""Every published fact by its wire type, and how a reader tells known, newer and foreign types apart."""

from shared.contracts import authorization, intake, notifications, processing, scheduling
from shared.contracts.language import Fact

PUBLISHED: dict[str, tuple[type[Fact], ...]] = {
    "intake": intake.FACTS,
    "authorization": authorization.FACTS,
    "scheduling": scheduling.FACTS,
    "notifications": notifications.FACTS,
}
EVERY_SERVICE = processing.FACTS


def wire_type(fact: type[Fact]) -> str:
    """The CloudEvents `type` of a fact: its name and version."""
    return f"{fact.TYPE}.v{fact.VERSION}"


FACTS: dict[str, type[Fact]] = {
    wire_type(fact): fact for facts in (*PUBLISHED.values(), EVERY_SERVICE) for fact in facts
}
_NAMES = frozenset(fact.TYPE for fact in FACTS.values())


def is_unknown_version(type_: str) -> bool:
    """Whether this is a known fact in a version that this reader was not built for: it must not be skipped."""
    return type_ not in FACTS and type_.rpartition(".v")[0] in _NAMES
