"""The view of a conversation: messages by medium, tasks and allowed actions, without anything that is sealed."""

from datetime import datetime

from pydantic import BaseModel

from services.notifications.domain import Conversation, Message, allowed
from services.notifications.domain.state import Kind, Medium, MessageStatus
from shared.contracts.language import Task
from shared.engine import Document, Engine


class ShownMessage(BaseModel):
    """One message; `at` is when its status came about."""

    message_id: str
    kind: Kind
    about: str
    attempt: int
    medium: Medium
    status: MessageStatus
    at: datetime


class ShownConversation(BaseModel):
    """A conversation. `step` says who must do what by when, `allowed` what the caller may do now."""

    referral_id: str
    version: int
    media: tuple[Medium, ...]
    messages: tuple[ShownMessage, ...]
    unanswered_calls: int
    is_unreachable: bool
    tasks: tuple[Task, ...]
    allowed: tuple[str, ...]


def shown(engine: Engine, document: Document) -> ShownConversation:
    """The conversation as our people may see it."""
    conversation: Conversation = document.state
    return ShownConversation(
        referral_id=document.id,
        version=document.version,
        media=conversation.reach.media if conversation.reach else (),
        messages=tuple(_message(conversation, message) for message in conversation.messages),
        unanswered_calls=conversation.unanswered,
        is_unreachable=conversation.unreachable_at is not None,
        tasks=engine.tasks_of(document),
        allowed=tuple(sorted(allowed(conversation))),
    )


def _message(conversation: Conversation, message: Message) -> ShownMessage:
    return ShownMessage(
        message_id=conversation.message_id(message.number),
        kind=message.notice.kind,
        about=message.notice.about,
        attempt=message.attempt,
        medium=message.medium,
        status=message.status,
        at=message.at,
    )
