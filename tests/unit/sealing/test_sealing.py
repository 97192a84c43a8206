"""Seals open for their tenant and audience only, and every opening is on record."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwe import JWERegistry, encrypt_compact
from joserfc.jwk import OctKey

from deploy.platform.keys import generate_keys
from shared.contracts.sealed import Content
from shared.identity.caller import REFERRAL_ID
from shared.sealing import DERIVED, LARGEST_BYTES, Keyring, Opening, SealingError, counting
from shared.telemetry import Metrics

CANARY = "Zephyrine Quillfeather"
REFERRAL = "demo-x"
KEYS = generate_keys(["demo", "other"])


class Note(Content):
    """Content for a seal."""

    sealed_as = "note"

    text: str


class Count(Content):
    """Content of another shape under the same name."""

    sealed_as = "note"

    count: int


def ring(service: str = "intake", *heard: list[Opening]) -> Keyring:
    """A service's keyring; openings go to the list, if there is one."""
    return Keyring(KEYS[service], heard[0].append) if heard else Keyring(KEYS[service])


class TestSeal:
    def test_opens_to_what_went_in(self) -> None:
        """A seal keeps its content."""
        keyring = ring()
        sealed = keyring.seal("demo", "contact", Note(text=CANARY), referral_id=REFERRAL)

        assert Note(text=CANARY) == keyring.open("demo", "contact", sealed, Note, purpose="test", referral_id=REFERRAL)

    def test_shows_nothing(self) -> None:
        """Neither the seal nor its header tells the content, in plain or in base64."""
        sealed = ring().seal("demo", "contact", Note(text=CANARY), referral_id=REFERRAL)
        decoded = b"".join(base64.urlsafe_b64decode(part + "==") for part in sealed.split("."))

        assert CANARY.encode() not in decoded
        assert {**_HEADER, "kid": "demo:contact:1"} == _header(sealed)

    def test_never_looks_the_same_twice(self) -> None:
        """Equal content must not be recognizable on the bus."""
        assert ring().seal("demo", "contact", Note(text="a"), referral_id=REFERRAL) != ring().seal(
            "demo", "contact", Note(text="a"), referral_id=REFERRAL
        )

    def test_opens_the_largest_that_it_makes(self) -> None:
        """What can be sealed can be opened: the library's own limit would lose the content."""
        keyring = ring()
        largest = Note(text="x" * (LARGEST_BYTES - len('{"text":""}')))
        sealed = keyring.seal("demo", "clinical", largest, referral_id=REFERRAL)

        assert largest == keyring.open("demo", "clinical", sealed, Note, purpose="test", referral_id=REFERRAL)

    def test_refuses_more(self) -> None:
        """Beyond the limit the refusal comes when sealing, while the content is still there."""
        with pytest.raises(SealingError, match="too_large"):
            ring().seal("demo", "clinical", Note(text="x" * LARGEST_BYTES), referral_id=REFERRAL)

    def test_refuses_an_audience_it_has_no_key_for(self) -> None:
        """Notifications could not seal a diagnosis even if it wanted to."""
        with pytest.raises(SealingError, match="no_key"):
            ring("notifications").seal("demo", "clinical", Note(text=CANARY), referral_id=REFERRAL)

    def test_uses_the_newest_key_and_opens_the_old(self) -> None:
        """Rotation: a higher number seals from now on, and nothing becomes unreadable. 10 is newer than 9."""
        old = Keyring(_keys("demo:contact:9"))
        new = Keyring({"keys": [*_keys("demo:contact:9")["keys"], *_keys("demo:contact:10")["keys"]]})
        before = old.seal("demo", "contact", Note(text="a"), referral_id=REFERRAL)
        after = new.seal("demo", "contact", Note(text="b"), referral_id=REFERRAL)

        assert "demo:contact:10" == _header(after)["kid"]
        assert Note(text="a") == new.open("demo", "contact", before, Note, purpose="test", referral_id=REFERRAL)


class TestOpen:
    @pytest.mark.parametrize("service", ["authorization", "scheduling", "tracking"])
    def test_refuses_a_service_outside_the_audience(self, service: str) -> None:
        """A service is given only the keys of its audiences."""
        sealed = ring().seal("demo", "contact", Note(text=CANARY), referral_id=REFERRAL)

        with pytest.raises(SealingError, match="cannot_open"):
            ring(service).open("demo", "contact", sealed, Note, purpose="test", referral_id=REFERRAL)

    def test_refuses_another_tenants_seal(self) -> None:
        """The keyring holds both tenants' keys; asking as the wrong one still fails."""
        sealed = ring().seal("other", "contact", Note(text=CANARY), referral_id=REFERRAL)

        with pytest.raises(SealingError, match="other_audience"):
            ring().open("demo", "contact", sealed, Note, purpose="test", referral_id=REFERRAL)

    def test_refuses_a_seal_of_another_audience(self) -> None:
        """A clinical seal planted where a contact is expected stays shut."""
        sealed = ring().seal("demo", "clinical", Note(text=CANARY), referral_id=REFERRAL)

        with pytest.raises(SealingError, match="other_audience"):
            ring().open("demo", "contact", sealed, Note, purpose="test", referral_id=REFERRAL)

    @pytest.mark.parametrize("at", [0, 2, 3, 4])
    def test_refuses_a_seal_that_was_touched(self, at: int) -> None:
        """Header, nonce, content and tag are all authenticated."""
        parts = ring().seal("demo", "contact", Note(text=CANARY), referral_id=REFERRAL).split(".")
        parts[at] = parts[at][:-2] + ("AA" if parts[at][-2:] != "AA" else "BB")

        with pytest.raises(SealingError):
            ring().open("demo", "contact", ".".join(parts), Note, purpose="test", referral_id=REFERRAL)

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "A256KW", "enc": "A256GCM"},
            {"alg": "A256GCMKW", "enc": "A256GCM"},
            {"alg": "dir", "enc": "A128CBC-HS256"},
            {"alg": "dir", "enc": "A256GCM", "zip": "DEF"},
        ],
    )
    def test_refuses_other_algorithms(self, header: dict[str, str]) -> None:
        """The right key under another algorithm: no compression, no key wrapping, no other cipher."""
        jwk_set = _keys("demo:contact:1")
        key = OctKey.import_key(jwk_set["keys"][0])
        content = Note(text=CANARY).model_dump_json()
        library = JWERegistry(algorithms=list(header.values()), strict_check_header=False)
        sealed = encrypt_compact(
            {**header, "kid": key.kid, "ref": REFERRAL, "cty": "note"}, content, key, registry=library
        )

        with pytest.raises(SealingError, match="cannot_open"):
            Keyring(jwk_set).open("demo", "contact", sealed, Note, purpose="test", referral_id=REFERRAL)

    @pytest.mark.parametrize("garbage", ["", "a", "....", "a.b.c.d.e", "bnVsbA....", "é", "e30....", "W10...."])
    def test_refuses_garbage(self, garbage: str) -> None:
        """What is no seal is refused like any other."""
        with pytest.raises(SealingError):
            ring().open("demo", "contact", garbage, Note, purpose="test", referral_id=REFERRAL)

    def test_tells_nothing_of_content_in_another_shape(self) -> None:
        """The refusal must not quote what it found."""
        sealed = ring().seal("demo", "contact", Note(text=CANARY), referral_id=REFERRAL)

        with pytest.raises(SealingError, match="not_this_content") as refusal:
            ring().open("demo", "contact", sealed, Count, purpose="test", referral_id=REFERRAL)
        assert refusal.value.__suppress_context__
        assert CANARY not in str(refusal.value)

    def test_is_on_record(self) -> None:
        """Who opened what kind of data, and why; never what it says."""
        heard: list[Opening] = []
        keyring = ring("scheduling", heard)
        sealed = keyring.seal("demo", "visit", Note(text=CANARY), referral_id=REFERRAL)
        keyring.open("demo", "visit", sealed, Note, purpose="remind", actor_kind="person", referral_id=REFERRAL)

        assert [Opening("demo", "visit", "remind", "person", "demo-x")] == heard

    def test_stays_shut_when_it_cannot_be_recorded(self) -> None:
        """No record, no data."""

        def audit(_opening: Opening) -> None:
            raise OSError

        keyring = Keyring(KEYS["intake"], audit)
        with pytest.raises(OSError):  # noqa: PT011 - the audit's own error is what must come through
            keyring.open(
                "demo",
                "contact",
                keyring.seal("demo", "contact", Note(text="a"), referral_id=REFERRAL),
                Note,
                purpose="t",
                referral_id=REFERRAL,
            )

    def test_is_counted(self) -> None:
        """Openings are counted by audience alone."""
        metrics = Metrics()
        keyring = Keyring(KEYS["intake"], counting(metrics.seal_openings))
        keyring.open(
            "demo",
            "contact",
            keyring.seal("demo", "contact", Note(text="a"), referral_id=REFERRAL),
            Note,
            purpose="test",
            referral_id=REFERRAL,
        )

        assert b'throughline_seal_openings_total{audience="contact"} 1.0' in metrics.exposition()


class TestReferralId:
    def test_is_the_same_for_the_same_order(self) -> None:
        """The same order by any door is the same referral, and looks like one."""
        first, second = (ring().referral_id("demo", "urn:ehr", "ORD-1") for _ in range(2))

        assert first == second
        assert REFERRAL_ID.fullmatch(first)

    def test_differs_by_tenant_system_and_number(self) -> None:
        """Shifting a character from one part to another makes another order."""
        keyring = ring()
        orders = [("demo", "a", "bc"), ("demo", "ab", "c"), ("demo", "a", "b"), ("other", "a", "bc")]

        assert len(orders) == len({keyring.referral_id(*order)[-26:] for order in orders})

    def test_needs_the_key(self) -> None:
        """Without the tenant's key nobody can tell which order an id belongs to."""
        with pytest.raises(SealingError, match="no_key"):
            ring("notifications").referral_id("demo", "urn:ehr", "ORD-1")


class TestDigests:
    def test_of_different_uses_cannot_be_compared(self) -> None:
        """An index entry tells nothing about a fingerprint of the same value."""
        keyring = ring()

        assert keyring.blind_indexes("demo", "MRN1") != keyring.fingerprints("demo", b"MRN1")
        assert keyring.blind_indexes("demo", "MRN1") == keyring.blind_indexes("demo", "MRN1")
        assert keyring.blind_indexes("demo", "MRN1") != keyring.blind_indexes("other", "MRN1")

    def test_give_a_text_a_name_to_be_called_by_in_the_open(self) -> None:
        """By the key of its audience, so that who cannot open the seal cannot guess what is in it."""
        keyring = ring()
        names = {
            keyring.pseudonym(tenant, audience, "Fernglow")
            for tenant in ("demo", "other")
            for audience in ("coverage", "contact")
        }

        assert 4 == len(names)
        assert keyring.pseudonym("demo", "coverage", "Fernglow") in names


class TestFromFile:
    def test_reads_what_the_key_maker_wrote(self, tmp_path: Path) -> None:
        """The layout is the same for a laptop and for key management."""
        file = tmp_path / "keys.json"
        file.write_text(json.dumps(KEYS["intake"]))

        assert Keyring.from_file(file).referral_id("demo", "a", "b") == ring().referral_id("demo", "a", "b")

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[]",
            "{}",
            '{"keys": 1}',
            '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "demo:contact:1"}]}',
            json.dumps({"keys": [{**KEYS["intake"]["keys"][0], "kid": "Demo:contact:1"}]}),
            json.dumps({"keys": [{**KEYS["intake"]["keys"][0], "kid": "demo:contact:0"}]}),
            json.dumps({"keys": [{**KEYS["intake"]["keys"][0], "kid": "demo:contact:1", "use": "sig"}]}),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Key size")
    def test_refuses_a_file_of_anything_else(self, tmp_path: Path, content: str) -> None:
        """A short key, a name out of order, a key for something else: found at start, not at the first referral."""
        file = tmp_path / "keys.json"
        file.write_text(content)

        with pytest.raises(SealingError, match="keys_unreadable"):
            Keyring.from_file(file)


class TestGenerateKeys:
    def test_gives_each_service_its_audiences_only(self) -> None:
        """Least knowledge: tracking reads nothing and derives nothing."""
        held = {service: {jwk["kid"].split(":")[1] for jwk in keys["keys"]} for service, keys in KEYS.items()}

        assert {
            "intake": {"contact", "clinical", "coverage", "logistics", *DERIVED},
            "authorization": {"coverage", "clinical"},
            "scheduling": {"logistics", "visit"},
            "notifications": {"contact", "visit"},
            "tracking": set(),
        } == held


_HEADER = {"alg": "dir", "enc": "A256GCM", "ref": REFERRAL, "cty": "note"}


def _keys(kid: str) -> dict[str, list[dict[str, Any]]]:
    key = base64.urlsafe_b64encode(kid.encode().ljust(32, b"."))
    return {"keys": [{"kty": "oct", "k": key.decode().rstrip("="), "kid": kid}]}


def _header(sealed: str) -> dict[str, str]:
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(sealed.partition(".")[0] + "=="))
    return header
