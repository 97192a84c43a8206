"""The blueprints of all services, made only to be looked at: what they consume, and whether they publish.

A blueprint wants settings. Those that lie beside the code are the shipped ones; the rest is invented, and reaches
nobody: nothing is wired, started or called.
"""

from collections.abc import Callable, Mapping
from typing import Final, cast

from pydantic import SecretStr

from deploy.platform.parties import CONFIG
from services.authorization import app as authorization
from services.authorization.settings import OwnSettings as AuthorizationOwn
from services.intake import app as intake
from services.intake.settings import OwnSettings as IntakeOwn
from services.notifications import app as notifications
from services.notifications.settings import LetterheadSettings, MailSettings, SmsSettings
from services.scheduling import app as scheduling
from services.scheduling.settings import OwnSettings as SchedulingOwn
from services.tracking import app as tracking
from services.tracking.gateways import Issuer
from shared.effects import ServiceToken
from shared.service import Blueprint


def plans() -> list[Blueprint]:
    """What each service consists of."""
    return [plan() for plan in PLANS.values()]


def _notifications() -> Blueprint:
    sms = SmsSettings(auth_token=SecretStr("invented"), sender="+12025550100")
    mail = MailSettings(sender="nobody@example.com", security="none")
    return notifications.blueprint(LetterheadSettings(sender_name="Nobody", phone="+12025550100"), sms, mail)


PLANS: Final[Mapping[str, Callable[[], Blueprint]]] = {
    "intake": lambda: intake.blueprint(IntakeOwn(pathways_file=CONFIG / "pathways.json")),
    "authorization": lambda: authorization.blueprint(AuthorizationOwn(payers_file=CONFIG / "payers.json")),
    "scheduling": lambda: scheduling.blueprint(SchedulingOwn(directory_file=CONFIG / "directory.json")),
    "notifications": _notifications,
    "tracking": lambda: tracking.blueprint(Issuer(cast("ServiceToken", None), "http://issuer.example/authorize")),
}
