"""What topics and groups are called on the broker: the product's own names behind the installation's prefixes.

Several installations may share a broker. Nothing beyond this folder knows of it: other code says `referral.public…`.
"""

from shared.settings import KafkaSettings


def topic_there(settings: KafkaSettings, topic: str) -> str:
    """What the broker calls a topic of ours."""
    return f"{settings.topic_prefix}{topic}"


def topic_here(settings: KafkaSettings, name: str) -> str:
    """What we call a topic of the broker's."""
    return name.removeprefix(settings.topic_prefix)


def group_there(settings: KafkaSettings, group: str) -> str:
    """What the broker calls a consumer group of ours."""
    return f"{settings.group_prefix}{group}"
