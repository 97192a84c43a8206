"""Decides the commands of a conversation: one small rule per command, then the facts that follow."""

from collections.abc import Callable, Mapping
from typing import Any

from services.notifications.domain.cascade import Facts, attribution, cascade, failed
from services.notifications.domain.commands import (
    AnnounceVisit,
    EndVisit,
    KeepContact,
    Postpone,
    RecordContact,
    RecordMayHaveGone,
    RecordReceipt,
    RecordRefusal,
    RecordSent,
    StopForCancellation,
    StopForClosing,
)
from services.notifications.domain.facts import (
    CancellationNoted,
    ClosingNoted,
    ContactKept,
    ConversationFact,
    MessagePostponed,
    NoticesPhoned,
    VisitEnded,
    VisitNoted,
)
from services.notifications.domain.hours import have_lawful_hours, known_zone
from services.notifications.domain.schedule import calls
from services.notifications.domain.state import ContactChannels, Conversation, Message, Visit
from shared.contracts.language import Command, EffectNeedsPerson, Reason, Tick
from shared.contracts.notifications import (
    ContactRecorded,
    MessageDelivered,
    MessageSent,
    MessageUnknown,
    PatientUnreachable,
)
from shared.errors import NotFound, Rejected

CALLS_BEFORE_UNREACHABLE = 3
MOST_CONTACTS = 200
"""A limit, because a document has a maximum size. A caller that needs more has a defect."""
GATEWAY_SILENT = Reason(system="throughline", code="gateway-unavailable")
_SILENT = "deceased"
"""The reason and outcome after which nobody is written to."""


def decide(command: Command, conversation: Conversation) -> list[ConversationFact]:
    """Return the facts that follow: none if it is so already, Rejected if it is not allowed.

    While something of another service waits unread nothing is begun and no deadline is decided.
    """
    rule = _RULES.get(type(command))
    if rule is None:
        raise Rejected("unknown-command", "Notifications does not know this command.")
    decided = rule(command, conversation)
    return decided if command.parked else cascade(command, conversation, decided)


def allowed(conversation: Conversation) -> frozenset[str]:
    """The commands that people may send now; `decide` refuses by the same rule."""
    return frozenset({"record_contact"}) if _takes_calls(conversation) else frozenset()


def _takes_calls(conversation: Conversation) -> bool:
    return conversation.reach is not None and (not conversation.has_ended or bool(calls(conversation)))


def _keep_contact(command: KeepContact, conversation: Conversation) -> Facts:
    known = conversation.reach
    if known and known.seal == command.seal:
        return []
    edition = known.edition + 1 if known else 1
    zones = tuple(dict.fromkeys(known_zone(zone) for zone in command.zones))
    media = command.media
    if zones and not have_lawful_hours(zones, command.at):
        # Nobody may be texted at an hour that could be their night; e-mail wakes nobody.
        media, zones = tuple(medium for medium in media if medium != "sms"), ()
    reach = ContactChannels(media, known_zone(command.timezone), command.seal, command.at, edition, zones)
    return [ContactKept(command.referral_id, reach)]


def _announce_visit(command: AnnounceVisit, conversation: Conversation) -> Facts:
    if conversation.visit(command.visit_id):
        return []
    zone = known_zone(command.timezone)
    return [VisitNoted(Visit(command.visit_id, command.starts_at, zone, command.seal, command.at), command.replaces)]


def _end_visit(command: EndVisit, conversation: Conversation) -> Facts:
    """A replaced visit stays replaced: its cancellation is part of the move."""
    visit = conversation.visit(command.visit_id)
    if visit is None or visit.status in {command.status, "replaced"}:
        return []
    return [VisitEnded(command.visit_id, command.status, command.at)]


def _stop_for_cancellation(command: StopForCancellation, conversation: Conversation) -> Facts:
    """The first cancellation counts. A later one can only add that nothing may be said any more."""
    is_silent = command.because == _SILENT
    if conversation.cancelled_at and (conversation.is_silent or not is_silent):
        return []
    return [CancellationNoted(conversation.cancelled_at or command.at, is_silent=is_silent)]


def _stop_for_closing(command: StopForClosing, conversation: Conversation) -> Facts:
    return [] if conversation.is_closed else [ClosingNoted(is_silent=command.outcome == _SILENT)]


def _record_sent(command: RecordSent, conversation: Conversation) -> Facts:
    message = _known(conversation, command.number)
    return [] if message.was_sent else [MessageSent(**attribution(command, conversation, message))]


def _record_receipt(command: RecordReceipt, conversation: Conversation) -> Facts:
    """A receipt may overtake the answer to the send. Word of arrival always counts; word of failure only once."""
    message = _known(conversation, command.number)
    sent = _record_sent(RecordSent(**_circumstances(command), number=command.number), conversation)
    if message.status == "delivered":
        return []
    if command.reason is None:
        return [*sent, MessageDelivered(**attribution(command, conversation, message))]
    if message.was_sent and message.status == "failed":
        return []
    return [*sent, failed(command, conversation, message, command.reason)]


def _record_refusal(command: RecordRefusal, conversation: Conversation) -> Facts:
    message = _known(conversation, command.number)
    return [failed(command, conversation, message, command.reason)] if message.status == "due" else []


def _record_may_have_gone(command: RecordMayHaveGone, conversation: Conversation) -> Facts:
    message = _known(conversation, command.number)
    is_open = message.status in {"dropped", "postponed"}
    return [_unknown(command, conversation, message)] if is_open else []


def _postpone(command: Postpone, conversation: Conversation) -> Facts:
    message = _known(conversation, command.number)
    return [MessagePostponed(message.number, command.at)] if message.status == "due" else []


def _escalate(command: EffectNeedsPerson, conversation: Conversation) -> Facts:
    message = _known(conversation, command.effect_revision)
    if message.status != "due":
        return []
    if command.in_doubt:
        return [_unknown(command, conversation, message)]
    return [failed(command, conversation, message, GATEWAY_SILENT)]


def _record_contact(command: RecordContact, conversation: Conversation) -> Facts:
    if conversation.reach is None:
        raise NotFound
    if command.contact_id in conversation.contacts:
        return []
    if command.is_reached == (command.outcome == "no_answer"):
        raise Rejected("contradictory-contact", "Who was reached answered, and who did not answer was not reached.")
    if not _takes_calls(conversation):
        raise Rejected("nothing-to-call-about", "The referral has ended and nothing is left to tell the patient.")
    if len(conversation.contacts) >= MOST_CONTACTS:
        raise Rejected("too-many-contacts", f"A referral takes {MOST_CONTACTS} calls at most.")
    return _called(command, conversation)


def _called(command: RecordContact, conversation: Conversation) -> Facts:
    attribution: dict[str, Any] = {**vars(command.attribution), "referral_id": conversation.referral_id}
    contact = ContactRecorded(**attribution, contact_id=command.contact_id, outcome=command.outcome)
    wanted_effects = tuple(want.notice for want in calls(conversation))
    if command.is_reached:
        return [NoticesPhoned(wanted_effects), contact] if wanted_effects else [contact]
    attempts = conversation.unanswered + 1
    if not wanted_effects or conversation.unreachable_at or attempts < CALLS_BEFORE_UNREACHABLE:
        return [contact]
    return [contact, PatientUnreachable(**attribution, attempts=attempts)]


def _tick(_command: Tick, _conversation: Conversation) -> Facts:
    """Time alone adds no fact here: due messages follow by themselves."""
    return []


def _known(conversation: Conversation, number: int) -> Message:
    message = conversation.message(number)
    if message is None:
        raise NotFound("not-found", "There is no such message.")
    return message


def _unknown(command: Command, conversation: Conversation, message: Message) -> MessageUnknown:
    return MessageUnknown(**attribution(command, conversation, message))


def _circumstances(command: Command) -> dict[str, Any]:
    return {"at": command.at, "by": command.by, "channel": command.channel, "parked": command.parked}


_RULES: Mapping[type[Command], Callable[[Any, Conversation], Facts]] = {
    KeepContact: _keep_contact,
    AnnounceVisit: _announce_visit,
    EndVisit: _end_visit,
    StopForCancellation: _stop_for_cancellation,
    StopForClosing: _stop_for_closing,
    RecordSent: _record_sent,
    RecordRefusal: _record_refusal,
    RecordReceipt: _record_receipt,
    RecordMayHaveGone: _record_may_have_gone,
    Postpone: _postpone,
    RecordContact: _record_contact,
    EffectNeedsPerson: _escalate,
    Tick: _tick,
}
