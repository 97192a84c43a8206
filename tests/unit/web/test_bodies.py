"""A body that is not right is refused with the place and a sentence of ours, and never repeated."""

import json
from collections.abc import AsyncIterator
from time import process_time

import httpx2
import pytest

from tests.unit.web.doors import CANARY

VALID = {"request_id": "r-1", "items": [{"status": "active"}]}

Case = tuple[object, list[tuple[str, str]]]
INVALID: dict[str, Case] = {
    "missing member": ({}, [("/request_id", "missing")]),
    "wrong type": ({"request_id": 7}, [("/request_id", "string_type")]),
    "no object": ([CANARY], [("", "model_type")]),
    "null": (None, [("", "model_type")]),
    "unknown code": ({**VALID, "items": [{"status": CANARY}]}, [("/items/0/status", "literal_error")]),
    "missing in an array": ({**VALID, "items": [{"status": "draft"}, {}]}, [("/items/1/status", "missing")]),
    "unknown member": ({**VALID, CANARY: 1}, [("", "extra_forbidden")]),
    "a name that is data": ({**VALID, "free": {CANARY: "x"}}, [("/free", "int_parsing")]),
    "wrong kind": ({**VALID, "reason": {"kind": CANARY}}, [("/reason", "union_tag_invalid")]),
    "no kind": ({**VALID, "reason": {"code": 1}}, [("/reason", "union_tag_not_found")]),
    "wrong member of a kind": (
        {**VALID, "reason": {"kind": "coded", "code": CANARY}},
        [("/reason/code", "int_parsing")],
    ),
    "too long": ({**VALID, "reason": {"kind": "written", "text": "abcdef"}}, [("/reason/text", "string_too_long")]),
    "wrong pattern": (
        {**VALID, "reason": {"kind": "written", "text": "Abc"}},
        [("/reason/text", "string_pattern_mismatch")],
    ),
    "none of a plain union": (
        {**VALID, "either": {"status": CANARY}},
        [("/either", "int_type"), ("/either/status", "literal_error")],
    ),
}

NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "cut short": b'{"request_id": "r',
    "words": CANARY.encode(),
    "trailing": b'{"request_id": "r"} ' + CANARY.encode(),
    "not UTF-8": b'{"request_id": "\xff"}',
    "a lone surrogate": b'{"request_id": "\\ud800"}',
    "byte order mark": b'\xef\xbb\xbf{"request_id": "r"}',
    "NaN": b'{"request_id": "r", "anything": NaN}',
    "minus infinity": b'{"request_id": "r", "anything": -Infinity}',
    "beyond a double": b'{"request_id": "r", "anything": 1e999}',
    "endless digits": b'{"request_id": "r", "anything": ' + b"9" * 5000 + b"}",
    "endless decimals": b'{"request_id": "r", "anything": ' + b"9" * 400 + b".0}",
    "65 arrays": b'{"request_id": "r", "anything": ' + b"[" * 64 + b"]" * 64 + b"}",
    "100,000 arrays": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
}


class TestBody:
    async def test_arrives_as_the_model(self, client: httpx2.AsyncClient) -> None:
        """What is right gets through, with defaults filled in."""
        answer = await client.post("/v1/orders", json=VALID)

        assert 200 == answer.status_code
        assert {"status": "active", "value": 0} == answer.json()["items"][0]

    @pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "[[" * 100, '\\"[[{{' * 50, "9" * 500])
    async def test_may_say_anything_in_a_string(self, client: httpx2.AsyncClient, text: str) -> None:
        """What would be refused as a number or for its depth is only text between quotes."""
        answer = await client.post("/v1/orders", json={"request_id": text})

        assert (200, text) == (answer.status_code, answer.json()["request_id"])

    async def test_may_nest_64_levels(self, client: httpx2.AsyncClient) -> None:
        """FHIR nests deeply; 64 levels are more than it needs."""
        content = b'{"request_id": "r", "anything": ' + b"[" * 63 + b"]" * 63 + b"}"

        assert 200 == (await client.post("/v1/orders", content=content)).status_code

    @pytest.mark.parametrize("case", INVALID.values(), ids=INVALID)
    async def test_is_refused_with_a_pointer(self, client: httpx2.AsyncClient, case: Case) -> None:
        """The pointer leads to the place; a member's name that the schema does not know is data, and not told."""
        content, expected = case
        answer = await client.post("/v1/orders", content=json.dumps(content))

        assert (422, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
        assert expected == [(flaw["pointer"], flaw["code"]) for flaw in answer.json()["errors"]]
        assert CANARY not in answer.text

    async def test_lists_the_codes_that_are_known(self, client: httpx2.AsyncClient) -> None:
        """A sender who mistyped a code reads the right ones."""
        answer = await client.post("/v1/orders", json={**VALID, "items": [{"status": "actve"}]})

        assert "must be one of 'active' or 'draft'" == answer.json()["errors"][0]["detail"]

    @pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON)
    async def test_is_refused_when_it_is_not_json(self, client: httpx2.AsyncClient, content: bytes) -> None:
        """RFC 8259 only: no NaN, no infinity, no other encoding, no bottomless nesting."""
        answer = await client.post("/v1/orders", content=content)

        assert (400, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
        assert CANARY not in answer.text

    @pytest.mark.parametrize(
        ("content", "pointer"),
        [
            (b'{"request_id": "r", "request_id": "s"}', ""),
            (b'{"request_id": "r", "items": [{}, {"status": "draft", "status": "active"}]}', "/items/1"),
            (b'{"request_id": "r", "anything": {"' + CANARY.encode() + b'": {"a": 1, "a": 2}}}', "/anything"),
            (b'{"request_id": "r", "request_id": {"a": 1, "a": 1}}', "/request_id"),
        ],
    )
    async def test_is_refused_when_a_name_stands_twice(
        self, client: httpx2.AsyncClient, content: bytes, pointer: str
    ) -> None:
        """Two readers of one document must not read two things; the place is told as far as its names are known."""
        answer = await client.post("/v1/orders", content=content)

        assert (400, "duplicate_name") == (answer.status_code, answer.json()["code"])
        assert [pointer] == [flaw["pointer"] for flaw in answer.json()["errors"]]
        assert CANARY not in answer.text

    @pytest.mark.parametrize(
        "media_type",
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""],
    )
    async def test_is_refused_as_another_media_type(self, client: httpx2.AsyncClient, media_type: str) -> None:
        """Only JSON is read as JSON; this also keeps out forms that another site makes a browser send."""
        answer = await client.post("/v1/orders", json=VALID, headers={"Content-Type": media_type})

        assert 415 == answer.status_code

    @pytest.mark.parametrize(
        "media_type",
        ["application/fhir+json; fhirVersion=4.0", "application/json; charset=utf-8", "APPLICATION/JSON"],
    )
    async def test_is_read_as_any_json(self, client: httpx2.AsyncClient, media_type: str) -> None:
        """EHRs send application/fhir+json."""
        answer = await client.post("/v1/orders", json=VALID, headers={"Content-Type": media_type})

        assert 200 == answer.status_code

    async def test_is_refused_when_compressed(self, client: httpx2.AsyncClient) -> None:
        """A small body that unpacks to a large one would pass the limit."""
        answer = await client.post("/v1/orders", content=b"x", headers={"Content-Encoding": "gzip"})

        assert 415 == answer.status_code


class TestLimit:
    async def test_refuses_two_megabytes(self, client: httpx2.AsyncClient) -> None:
        """Beyond 1 MiB a body is not read."""
        answer = await client.post("/v1/orders", content=b" " * 2_000_000)

        assert (413, "content_too_large") == (answer.status_code, answer.json()["code"])

    @pytest.mark.parametrize("path", ["/v1/orders", "/v1/raw"])
    async def test_refuses_two_megabytes_that_do_not_say_so(self, client: httpx2.AsyncClient, path: str) -> None:
        """A chunked body is counted while it comes."""

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 100_000

        answer = await client.post(path, content=chunks())
        assert (413, "content_too_large") == (answer.status_code, answer.json()["code"])

    async def test_takes_one_megabyte(self, client: httpx2.AsyncClient) -> None:
        """The limit itself is allowed."""
        content = json.dumps({"request_id": "r"}).encode().ljust(1024 * 1024)

        assert 200 == (await client.post("/v1/orders", content=content)).status_code

    @pytest.mark.parametrize(
        "content",
        [
            b'{"request_id": "r", "items": [' + b"0," * 500_000 + b"0]}",
            b'"' + b'\\"' * 500_000,
            b'"' * 1_000_000,
            b"[]" * 500_000,
            b"e" * 1_000_000,
            b"e0" * 500_000,
            b"9" * 1_000_000,
        ],
        ids=["a million faults", "escaped quotes", "quotes", "brackets", "e", "e0", "digits"],
    )
    async def test_answers_the_worst_megabyte_soon(self, client: httpx2.AsyncClient, content: bytes) -> None:
        """No body that fits may hold up the others: neither its parts nor its faults cost more than linear time."""
        began = process_time()
        answer = await client.post("/v1/orders", content=content)

        assert answer.status_code in {400, 422}
        assert len(answer.content) < 10_000
        assert process_time() - began < 3


class TestDescription:
    async def test_shows_the_body(self, client: httpx2.AsyncClient) -> None:
        """The OpenAPI document describes bodies that FastAPI does not parse, with all their parts."""
        document = (await client.get("/openapi.json")).json()
        content = document["paths"]["/v1/orders"]["post"]["requestBody"]["content"]
        schema = content["application/json"]["schema"]

        assert {"$ref": "#/components/schemas/Item"} == schema["properties"]["items"]["items"]
        assert {"Item", "Coded", "Written"} <= document["components"]["schemas"].keys()

    async def test_shows_problems_and_not_the_frameworks_own(self, client: httpx2.AsyncClient) -> None:
        """The document must not promise errors that repeat the input."""
        document = (await client.get("/openapi.json")).json()

        assert "HTTPValidationError" not in json.dumps(document)
        assert "application/problem+json" in document["paths"]["/v1/list"]["get"]["responses"]["default"]["content"]
