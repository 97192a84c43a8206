"""What each service consists of, with the settings that all tests in memory share. Nothing is wired or started here."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from services.authorization import app as authorization
from services.authorization.settings import OwnSettings as AuthorizationOwn
from services.intake import app as intake
from services.intake.settings import OwnSettings as IntakeOwn
from services.notifications import app as notifications
from services.notifications.settings import LetterheadSettings, MailSettings, SmsSettings
from services.scheduling import app as scheduling
from services.scheduling.settings import OwnSettings as SchedulingOwn
from services.tracking import app as tracking
from services.tracking.gateways import Issuer as Login
from shared.service import Blueprint

TABLES = Path(__file__).parent / "tables"
DIRECTORY, ANY_CODE, BY_CODE = (TABLES / name for name in ("directory.json", "pathways.json", "pathways_by_code.json"))
"""One small town; a pathway for whatever is ordered; and one for a single code, so that the others have none."""
PAYERS_FILE = Path(__file__).parents[3] / "deploy/config/payers.json"
PROVIDERS = tuple(each["provider_ref"] for each in json.loads(DIRECTORY.read_bytes())["providers"])
PAYERS = tuple(each["id"] for each in json.loads(PAYERS_FILE.read_bytes())["payers"])
OUTSIDE = "http://outside.example"
SMS_TOKEN = "invented"


def address_of(service: str) -> str:
    """Where a service is reached."""
    return f"http://{service}.example"


LETTERHEAD = LetterheadSettings(sender_name="Sample Health", phone="+12025550100")
MAIL = MailSettings(sender="care@sample.example", security="none")
SMS = SmsSettings(
    auth_token=SecretStr(SMS_TOKEN),
    sender="+12025550100",
    url=OUTSIDE,
    callback_url=address_of("notifications"),
)


def blueprints(
    login: Login, *, directory: Path = DIRECTORY, pathways: Path = ANY_CODE, mail: MailSettings = MAIL
) -> Mapping[str, Blueprint]:
    """What each service consists of, as its app has it."""
    intakes = IntakeOwn(ehr_url=OUTSIDE, public_url=address_of("intake"), pathways_file=pathways)
    cases = AuthorizationOwn(payer_url=OUTSIDE, public_url=address_of("authorization"), payers_file=PAYERS_FILE)
    placements = SchedulingOwn(
        offices_url=OUTSIDE,
        public_url=address_of("scheduling"),
        reports_url=address_of("intake"),
        directory_file=directory,
    )
    plans = (
        intake.blueprint(intakes),
        authorization.blueprint(cases),
        scheduling.blueprint(placements),
        notifications.blueprint(LETTERHEAD, SMS, mail),
        tracking.blueprint(login),
    )
    return {plan.name: plan for plan in plans}
