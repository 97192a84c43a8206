import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from services.notifications.domain import Conversation, Kind
from services.notifications.gateways.gsm import MOST, gsm_length, is_gsm, to_gsm
from services.notifications.gateways.writer import LOCALES, TEMPLATES, Letter, Text, Writer, language_of
from services.notifications.settings import LetterheadSettings
from shared.sealing import SealingError
from tests.unit.notifications.patients import conversation_of, keyring, patient, visit, writer
from tests.unit.notifications.test_domain_hours import US_ZONES

KINDS: tuple[Kind, ...] = get_args(Kind)
KEYS = keyring()
AS_IT_CAME = datetime.fromisoformat("2027-09-29T22:30:00-05:00")
LONGEST_ADDRESS = "12345 Señora Doña Inventada de los Ángeles Boulevard, Suite 1200-B, San Buenaventura, CA 93001-1234"
LONGEST_LETTERHEAD = LetterheadSettings(sender_name="Sample Valley Health of Nowher", phone="(555) 010-0100")
EVERY_KIND = pytest.mark.parametrize("kind", KINDS)
EVERY_LANGUAGE = pytest.mark.parametrize("language", ["en-US", "es-MX"])


def text_of(conversation: Conversation, by: Writer | None = None) -> str:
    """The body of the due text message."""
    text = (by or writer(KEYS)).text(conversation, conversation.messages[1])
    assert isinstance(text, Text)
    return text.body


def letter_of(conversation: Conversation) -> Letter:
    """The due e-mail."""
    letter = writer(KEYS).letter(conversation, conversation.messages[1])
    assert isinstance(letter, Letter)
    return letter


class TestText:
    @EVERY_KIND
    @pytest.mark.parametrize("language", ["en", "es"])
    def test_fits_one_message_with_the_longest_values_on_any_day_in_any_zone(self, kind: Kind, language: str) -> None:
        """One message of 160 characters of GSM's alphabet, in every language: more costs double or is cut."""
        long_winded = Writer(KEYS, LONGEST_LETTERHEAD)
        for day, zone in enumerate([*US_ZONES, *US_ZONES, *US_ZONES]):
            start = datetime(2027, 1, 1, 22, 30, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
            details = visit(start=start, timezone=zone, site_address=LONGEST_ADDRESS, phone="+52 55 1234 5678")
            body = text_of(conversation_of(KEYS, patient(language=language), details, kind), long_winded)
            assert is_gsm(body)
            assert gsm_length(body) <= MOST
            assert "12345 " not in body
            assert body.endswith({"en": " Reply STOP to end", "es": " Para parar: ALTO"}[language])

    @EVERY_KIND
    @EVERY_LANGUAGE
    def test_gives_no_specialty_away(self, kind: Kind, language: str) -> None:
        """Neither site nor practitioner is named, nor the patient: telephones are shared."""
        body = text_of(conversation_of(KEYS, patient(language=language), visit(), kind))
        assert not re.search(r"onco|logist|pavilion|robin|\bsample\b(?! valley)", body, re.IGNORECASE)

    @pytest.mark.parametrize(
        ("language", "expected"),
        [
            (
                "en-US",
                (
                    "Sample Valley Health: your visit is on Wed, Sep 29, 10:30 PM CDT, "
                    "12 Invented Street, Springfield, IL 62700. Questions? (555) 017-7777 Reply STOP to end"
                ),
            ),
            (
                "es-MX",
                (
                    "Sample Valley Health: su cita es el mié, 29 de sept, 10:30 p.m. CDT, "
                    "12 Invented Street, Springfield, IL 62700. Dudas: (555) 017-7777 Para parar: ALTO"
                ),
            ),
            (
                "fr-CA",
                (
                    "Sample Valley Health: your visit is on Wed, Sep 29, 10:30 PM CDT, "
                    "12 Invented Street, Springfield, IL 62700. Questions? (555) 017-7777 Reply STOP to end"
                ),
            ),
        ],
    )
    def test_tells_the_time_at_the_site_with_its_zone_in_the_patients_language(
        self, language: str, expected: str
    ) -> None:
        """The patient may live in another zone than the site; what we have no words for is said in English."""
        assert text_of(conversation_of(KEYS, patient(language=language), visit())) == expected

    def test_tells_which_half_of_the_year_it_is(self) -> None:
        """Standard and summer time have their own names, also in the hour that comes twice."""
        twice = datetime(2027, 11, 7, 1, 30, tzinfo=ZoneInfo("America/Chicago"))
        for start, zone in ((twice, "1:30 AM CDT"), (twice.replace(fold=1), "1:30 AM CST")):
            assert zone in text_of(conversation_of(KEYS, patient(), visit(start=start)))

    def test_keeps_the_hour_as_it_came_for_a_zone_that_nobody_knows(self) -> None:
        """A guess would send the patient at a wrong hour."""
        for zone in ("Mars/Olympus", "../etc/passwd"):
            body = text_of(conversation_of(KEYS, patient(), visit(timezone=zone, start=AS_IT_CAME)))
            assert "Wed, Sep 29, 10:30 PM -0500" in body

    def test_leaves_out_an_address_that_does_not_fit(self) -> None:
        """Half an address misleads."""
        body = text_of(conversation_of(KEYS, patient(), visit(site_address="x" * 120)))
        said = "your visit is on Wed, Sep 29, 10:30 PM CDT. Questions? (555) 017-7777 Reply STOP to end"
        assert f"Sample Valley Health: {said}" == body

    def test_gives_our_own_number_when_the_sites_cannot_be_read(self) -> None:
        """A patient with a question must reach somebody."""
        body = text_of(conversation_of(KEYS, patient(), visit(phone="front desk")))
        assert body.endswith("(555) 010-0100 Reply STOP to end")

    def test_is_not_written_to_what_is_no_telephone(self) -> None:
        """The gateway would only refuse it."""
        for phone in (None, "", "front desk", "12", "555-1234"):
            conversation = conversation_of(KEYS, patient(phone=phone), visit())
            assert writer(KEYS).text(conversation, conversation.messages[1]) is None

    def test_is_never_shown_by_accident(self) -> None:
        """A text in a log or a traceback would be patient data."""
        conversation = conversation_of(KEYS, patient(), visit())
        assert "Invented" not in repr(writer(KEYS).text(conversation, conversation.messages[1]))


class TestLetter:
    @EVERY_KIND
    @EVERY_LANGUAGE
    def test_says_the_same_in_plain_text_and_html(self, kind: Kind, language: str) -> None:
        """Whichever form the patient's program shows."""
        letter = letter_of(conversation_of(KEYS, patient(language=language), visit(), kind))
        bare = re.sub(r"<[^>]+>", " ", letter.html.partition("<body")[2].partition(">")[2])
        assert bare.split() == letter.plain.split()
        assert letter.subject
        assert "\n" not in letter.subject
        assert f'lang="{language[:2]}"' in letter.html

    @EVERY_KIND
    @EVERY_LANGUAGE
    def test_gives_no_specialty_away(self, kind: Kind, language: str) -> None:
        """Families share mailboxes."""
        letter = letter_of(conversation_of(KEYS, patient(language=language), visit(), kind))
        assert not re.search(r"onco|logist|pavilion", letter.subject + letter.plain + letter.html, re.IGNORECASE)

    def test_escapes_what_came_from_outside(self) -> None:
        """A name is text, whatever it looks like."""
        letter = letter_of(conversation_of(KEYS, patient(given="<b>Robin</b>"), visit(site_address="1 A & B Street")))
        assert "&lt;b&gt;Robin&lt;/b&gt;" in letter.html
        assert "1 A &amp; B Street" in letter.html
        assert "<b>Robin</b>" in letter.plain

    def test_keeps_a_line_break_in_a_value_out_of_the_subject(self) -> None:
        """The subject is the first line of a template and holds no value that a patient typed."""
        letter = letter_of(conversation_of(KEYS, patient(given="Robin\n\nBcc: somebody@else.example"), visit()))
        assert "Your visit on Wednesday, September 29, 2027" == letter.subject

    def test_is_not_written_to_what_is_no_address(self) -> None:
        """The mail server would only refuse it, or be misled."""
        for email in (None, "", "robin", "robin@", "a b@c.example", "a@b.example\nBcc: c@d.example", "róbin@c.example"):
            conversation = conversation_of(KEYS, patient(email=email), visit())
            assert writer(KEYS).letter(conversation, conversation.messages[1]) is None


class TestTemplates:
    def test_are_there_for_every_kind_in_every_language_and_no_other(self) -> None:
        """A kind without words would be found out by a patient who hears nothing."""
        expected = {f"{lang}/{kind}.{medium}.txt" for lang in LOCALES for kind in KINDS for medium in ("sms", "mail")}
        expected |= {f"{language}/opted_out.sms.txt" for language in LOCALES}
        assert {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.txt")} == expected


class TestLanguageOf:
    @pytest.mark.parametrize(
        ("tag", "expected"),
        [("es", "es"), ("es-419", "es"), ("ES_us", "es"), ("en-GB", "en"), ("zh-Hant", "en"), ("", "en")],
    )
    def test_reads_the_first_part_of_the_tag(self, tag: str, expected: str) -> None:
        """BCP 47 tags say more than we have words for."""
        assert language_of(patient(language=tag)) == expected


class TestWriter:
    def test_fails_loudly_where_there_is_nothing_to_write_about(self) -> None:
        """A conversation without a contact never owes a message; if it does, that is a fault of ours."""
        conversation = conversation_of(KEYS, patient(), visit())
        with pytest.raises(LookupError):
            writer(KEYS).text(Conversation(referral_id="demo-x"), conversation.messages[1])

    def test_opens_no_seal_of_another_tenant(self) -> None:
        """The referral names the tenant, and the tenant the key."""
        conversation = replace(
            conversation_of(KEYS, patient(), visit()), referral_id="other-abcdefghijklmnopqrstuvwxyz"
        )
        with pytest.raises(SealingError):
            writer(KEYS).text(conversation, conversation.messages[1])


class TestToGsm:
    @for_all(st.text())
    def test_always_ends_in_the_alphabet_and_leaves_what_is_in_it(self, text: str) -> None:
        """Whatever an address holds."""
        plain = to_gsm(text)
        assert is_gsm(plain)
        assert to_gsm(plain) == plain

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("sábado", "sabado"), ("Señor é", "Señor é"), ("10:30\u202fPM", "10:30 PM"), ("“a”", '"a"'), ("日", "")],
    )
    def test_drops_accents_that_it_lacks(self, text: str, expected: str) -> None:
        """Spanish stays readable."""
        assert to_gsm(text) == expected

    def test_counts_what_takes_two(self) -> None:
        """The euro sign is an escape and a letter."""
        assert 3 == gsm_length("a€")
