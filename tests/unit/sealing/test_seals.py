"""The form that seals travel in is a JWE like any other to a library, and of that form only one spelling opens."""

import base64
import json
import string
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from joserfc.jwe import JWERegistry, decrypt_compact, encrypt_compact
from joserfc.jwk import OctKey

from shared.sealing.seals import LARGEST_BYTES, SealingError, SealKey

KID = "demo:contact:1"
REFERRAL, KIND = "demo-x", "contact"
UNBOUND = {"alg": "dir", "enc": "A256GCM", "kid": KID}
"""The header of seals that were made before each was bound to what it was made for."""
HEADER = {**UNBOUND, "ref": REFERRAL, "cty": KIND}
SECRET = bytes(range(32))
LIBRARY = JWERegistry(algorithms=["dir", "A256GCM", "DEF"], strict_check_header=False)
"""`ref` is a name of ours, as RFC 7516 §4.3 lets it be."""
CANARY = b"Zephyrine Quillfeather"
KEY = SealKey(KID, SECRET)
BASE64URL = string.ascii_letters + string.digits + "-_"
CONTENT = st.binary(max_size=200) | st.binary(min_size=1, max_size=64).map(lambda some: some * 500)


def sealed_for(plain: bytes) -> str:
    """A seal for the referral and kind of these tests."""
    return KEY.seal(plain, REFERRAL, KIND)


def opened_of(sealed: str) -> bytes:
    """What is in it, to whoever asks for the same."""
    return KEY.open(sealed, REFERRAL, KIND)


def by_library(header: dict[str, Any], plain: bytes) -> str:
    """A JWE of these as joserfc writes it."""
    return encrypt_compact(header, plain, OctKey.import_key(SECRET), registry=LIBRARY)


def by_hand(plain: bytes, header: bytes = json.dumps(HEADER, separators=(",", ":")).encode(), nonce: int = 12) -> str:
    """A JWE that is authentic, whatever its header says, and however long its nonce is."""
    first, used = encoded(header), bytes(nonce)
    sealed = AESGCM(SECRET).encrypt(used, plain, first.encode())
    return ".".join((first, "", encoded(used), encoded(sealed[:-16]), encoded(sealed[-16:])))


def encoded(raw: bytes) -> str:
    """In base64url, unpadded."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(segment: str) -> bytes:
    """From base64url, unpadded."""
    return base64.urlsafe_b64decode(segment + "==")


def misspelled(sealed: str) -> Iterator[str]:
    """Everything that one touch can make of a seal: each bit flipped, each character exchanged, lost or doubled."""
    for at, character in enumerate(sealed):
        before, after = sealed[:at], sealed[at + 1 :]
        flipped = {chr(ord(character) ^ 1 << bit) for bit in range(8)}
        for other in (flipped | set(BASE64URL + "+/=. \n\0é")) - {character}:
            yield before + other + after
            yield before + other + character + after
        yield before + after
        yield before + character * 2 + after


class TestSeal:
    @settings(deadline=None)
    @for_all(plain=CONTENT)
    def test_is_opened_by_a_library(self, plain: bytes) -> None:
        """Whoever has the key needs none of our code: the form is the standard's."""
        opened = decrypt_compact(sealed_for(plain), OctKey.import_key(SECRET), registry=LIBRARY)

        assert (plain, HEADER) == (opened.plaintext or b"", opened.protected)

    @settings(deadline=None)
    @for_all(plain=CONTENT)
    def test_looks_as_a_librarys(self, plain: bytes) -> None:
        """Same header to the byte, same lengths: what was counted and kept of seals stays true."""
        ours, theirs = sealed_for(plain).split("."), by_library(HEADER, plain).split(".")

        assert ours[0] == theirs[0]
        assert list(map(len, ours)) == list(map(len, theirs))

    def test_takes_a_new_nonce_each_time(self) -> None:
        """Under one key a nonce that comes twice would give both contents away."""
        assert 500 == len({sealed_for(CANARY).split(".")[2] for _ in range(500)})


class TestOpen:
    @settings(deadline=None)
    @for_all(plain=CONTENT)
    def test_takes_what_a_library_sealed(self, plain: bytes) -> None:
        """Seals that rest in documents and topics were made by one."""
        assert plain == opened_of(by_library(HEADER, plain))

    def test_takes_what_was_sealed_before_seals_were_bound(self) -> None:
        """Under the first key of an audience, for as long as that is live; a later key never made such a seal."""
        second = SealKey("demo:contact:2", SECRET)

        assert CANARY == opened_of(by_library(UNBOUND, CANARY))
        with pytest.raises(SealingError, match="cannot_open"):
            second.open(by_library({**UNBOUND, "kid": second.kid}, CANARY), REFERRAL, KIND)

    @pytest.mark.parametrize("name", ["", 'demo-"', "demo-\\", "demo-é", "demo-x\n", "d" * 101])
    def test_is_asked_for_by_an_opaque_id(self, name: str) -> None:
        """Whatever else came would stand in the header in more than one spelling."""
        with pytest.raises(SealingError, match="no_referral"):
            KEY.seal(CANARY, name, KIND)

    def test_takes_the_largest(self) -> None:
        """What may be sealed may be opened, and nothing that is much larger is even decrypted."""
        largest = bytes(LARGEST_BYTES)

        assert largest == opened_of(sealed_for(largest)) == opened_of(by_hand(largest))
        _assert_shut(by_hand(bytes(LARGEST_BYTES + 8)))

    @pytest.mark.parametrize("length", [0, 1, 2, 3])
    def test_refuses_every_other_spelling(self, length: int) -> None:
        """One touch anywhere, also one that a decoder of base64 would overlook, and it stays shut."""
        for spelling in misspelled(sealed_for(CANARY[: len(CANARY) - length])):
            _assert_shut(spelling)

    @pytest.mark.parametrize("at", [0, 2, 3, 4])
    @pytest.mark.parametrize("ending", ["=", "==", "\n", " ", "A", "*", "é"])
    def test_refuses_a_longer_part(self, at: int, ending: str) -> None:
        """Padding, white space and foreign characters are forgiven by decoders; here they are not."""
        parts = sealed_for(CANARY).split(".")
        parts[at] += ending

        _assert_shut(".".join(parts))

    @pytest.mark.parametrize("at", range(5))
    def test_refuses_another_number_of_parts(self, at: int) -> None:
        """Five, and the second is empty: nothing is wrapped for anybody."""
        parts = sealed_for(CANARY).split(".")

        _assert_shut(".".join(parts[:at] + parts[at + 1 :]))
        _assert_shut(".".join([*parts[:at], "", *parts[at:]]))
        _assert_shut(".".join([parts[0], encoded(SECRET), *parts[2:]]))

    @pytest.mark.parametrize(
        "header",
        [
            {**HEADER, "zip": "DEF"},
            {**HEADER, "crit": ["exp"], "exp": 1},
            {**HEADER, "crit": []},
            {**HEADER, "typ": "JWT"},
            {**HEADER, "alg": "none"},
            {**HEADER, "alg": "A256KW"},
            {**HEADER, "enc": "A128GCM"},
            {**HEADER, "kid": "demo:contact:2"},
            {"alg": "dir", "enc": "A256GCM"},
            {**HEADER, "ref": "demo-y"},
            {**HEADER, "cty": "visit"},
            {**UNBOUND, "ref": REFERRAL},
            {**UNBOUND, "cty": KIND},
            dict(reversed(HEADER.items())),
            [HEADER],
        ],
    )
    def test_refuses_any_other_header(self, header: object) -> None:
        """Not even one that the right key has authenticated: nobody has a reason to write it."""
        _assert_shut(by_hand(CANARY, json.dumps(header, separators=(",", ":")).encode()))
        _assert_shut(by_hand(CANARY, json.dumps(header).encode()))

    @pytest.mark.parametrize("nonce", [8, 11, 13, 16])
    def test_refuses_a_nonce_of_another_length(self, nonce: int) -> None:
        """The standard says 96 bits for this algorithm, though the cipher would take others."""
        assert CANARY == opened_of(by_hand(CANARY))
        _assert_shut(by_hand(CANARY, nonce=nonce))

    @pytest.mark.parametrize("length", range(16))
    def test_refuses_a_shorter_tag(self, length: int) -> None:
        """Each byte less is a forgery that is 256 times as easy; nor may the rest of it stand with the content."""
        *parts, content, tag = sealed_for(CANARY).split(".")
        rest, kept = decoded(tag)[: -length or None], decoded(tag)[16 - length :]

        _assert_shut(".".join([*parts, content, encoded(decoded(tag)[:length])]))
        _assert_shut(".".join([*parts, encoded(decoded(content) + rest), encoded(kept)]))

    def test_refuses_the_same_under_another_key(self) -> None:
        """The name of a key is no key."""
        sealed = SealKey(KID, bytes(32)).seal(CANARY, REFERRAL, KIND)

        _assert_shut(sealed)


def _assert_shut(sealed: str) -> None:
    with pytest.raises(SealingError, match=r"cannot_open|moved") as refusal:
        opened_of(sealed)
    assert refusal.value.__suppress_context__
    assert CANARY.decode() not in str(refusal.value)
