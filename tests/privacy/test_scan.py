"""The scan can fail: each spelling is known, each place is looked at, and a new field without a canary is refused."""

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import bson
import httpx2
import pytest
import structlog
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter

from services.intake.api.items import AnyItem
from services.intake.api.own import OwnOrder
from services.intake.api.places import zips
from shared.ports import Record
from shared.web.bodies import JsonBody
from tests.privacy import canaries
from tests.privacy.canaries import PHONE, STEM, found_in
from tests.privacy.conftest import logging_to
from tests.privacy.filling import CRAFTED, PUBLIC, Uncovered, filled
from tests.privacy.outside import Outside
from tests.privacy.scanning import evidence_of
from tests.support.five_services.running import FiveServices, open_services

SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "lower": lambda text: text.lower().encode(),
    "upper": lambda text: text.upper().encode(),
    "in an address": lambda text: quote(text, safe="").encode(),
    "percent-encoded": lambda text: "".join(f"%{ord(letter):02X}" for letter in text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, after one byte": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, after two bytes": lambda text: base64.urlsafe_b64encode(b"xy" + text.encode() + b"?"),
    "hex": lambda text: text.encode().hex().upper().encode(),
    "escaped in JSON": lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text).encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "BSON": lambda text: bson.encode({"a": [{"b": text}]}),
    "repr": lambda text: repr({"a": text, "b": text.encode()}).encode(),
}


class TestSpelling:
    @pytest.mark.parametrize("spelling", SPELLINGS)
    @pytest.mark.parametrize("name", ["stem", "phone", "birth date", "npi", "icd", "timezone"])
    def test_does_not_hide_a_canary(self, name: str, spelling: str) -> None:
        """Whatever writes it down, and in the middle of whatever."""
        text = {"stem": STEM, **{each: texts[0] for each, texts in canaries.EXACT.items()}}[name]

        assert {name} == found_in(b"{'x': '" + SPELLINGS[spelling](text) + b"', 'y': 1}")

    @pytest.mark.parametrize("written", ["(617) 555-0142", "617-555-0142", "617.555.0142", "1 617 555 0142", PHONE])
    def test_of_a_number_may_have_any_separators(self, written: str) -> None:
        """Digits are found as people write them."""
        assert {"phone"} == found_in(f"call {written} soon".encode())

    @pytest.mark.parametrize(
        "written", ["1931-07-19", "07/19/1931", "19310719", "datetime.date(1931, 7, 19)", "7.19.1931"]
    )
    def test_of_a_date_may_have_any_order(self, written: str) -> None:
        """Dates are found as programs and people write them."""
        assert {"birth date"} == found_in(f"born {written}.".encode())

    def test_of_something_else_is_not_taken_for_one(self) -> None:
        """A scan that cries always says nothing."""
        assert set() == found_in(b"16175550143 zq vex 1931-07-18 " + bytes(range(256)) + b"9940399403")

    def test_is_of_a_place_and_nothing_that_machines_write(self) -> None:
        """Five digits are a log's 59.935 seconds or a port, unless they can be neither."""
        assert canaries.ZIP in zips().zones
        assert not re.fullmatch("[0-5].{4}", canaries.ZIP)
        assert int(canaries.ZIP) > 2**16

    @pytest.mark.parametrize("written", ["2026-03-02T09:00:59.935+00:00", "127.0.0.1:59935", '"connectionId":59935'])
    def test_of_a_log_is_not_taken_for_one(self, written: str) -> None:
        """As mongod tells the time, and who is connected."""
        assert set() == found_in(written.encode())


def models(house: FiveServices) -> set[type[BaseModel]]:
    """The models of all bodies that any route takes."""
    routes = [route for app in house.apps.values() for route in iter_route_contexts(app.routes)]
    taken = [each.call for route in routes for each in getattr(getattr(route, "dependant", None), "dependencies", ())]
    return {each.model for each in taken if isinstance(each, JsonBody)}


def every_field() -> set[str]:
    """Every field of every model that there is."""
    waiting, found = [BaseModel], set[str]()
    while waiting:
        model = waiting.pop()
        found |= {f"{model.__name__}.{name}" for name in model.model_fields}
        waiting += model.__subclasses__()
    return found


class TestField:
    async def test_of_every_body_has_a_canary_or_a_reason(self) -> None:
        """A new field is covered from the day it appears; what is filled in is what the route would take."""
        async with open_services(Outside()) as house:
            found = models(house)
        assert OwnOrder in found
        for model in found:
            TypeAdapter(model).validate_json(json.dumps(filled(model)))

    @pytest.mark.parametrize("item", AnyItem.__origin__.__args__)  # type: ignore[attr-defined] # of Annotated
    def test_of_every_item_that_may_be_supplied_has_one(self, item: type[BaseModel]) -> None:
        """Each kind of information that may be missing."""
        assert found_in(json.dumps(filled(item)).encode())

    def test_that_no_list_knows_is_refused(self) -> None:
        """A number or a choice is public by a decision, with a reason, or not at all."""

        class Weighed(BaseModel):
            weight_kg: float

        with pytest.raises(Uncovered):
            filled(Weighed)

    def test_on_a_list_exists(self) -> None:
        """The lists are of fields that there are; what may be seen, may be seen for a reason."""
        assert set() == (set(PUBLIC) | set(CRAFTED)) - every_field()
        assert [] == [path for path, (_, reason) in PUBLIC.items() if not reason]


async def _in_a_key(house: FiveServices) -> None:
    await house.world.bus.send("t", 0, [Record(STEM.encode(), (), b"")])


async def _in_a_header(house: FiveServices) -> None:
    await house.world.bus.send("t", 0, [Record(b"k", (("ce_subject", STEM.encode()),), b"")])


async def _in_a_value(house: FiveServices) -> None:
    await house.world.bus.send("t.dlq", 0, [Record(b"k", (), base64.b64encode(STEM.encode()))])


async def _in_a_document(house: FiveServices) -> None:
    await house.services["tracking"].store.save([{"_id": "d", "version": 1, "state": {"a": [{"phone": PHONE}]}}])


async def _in_an_id(house: FiveServices) -> None:
    await house.services["tracking"].store.save([{"_id": STEM, "version": 1}])


async def _in_a_row(house: FiveServices) -> None:
    await house.services["tracking"].store.append([{"_id": "r", "value": STEM.encode()}])


async def _in_a_label(house: FiveServices) -> None:
    house.metrics["intake"].requests.labels(f"/v1/{STEM}", "GET", 200).inc()


async def _in_an_answer(house: FiveServices) -> None:
    house.answers.append(("GET intake", f"Location: /{STEM}".encode()))


PLANTED: dict[str, Callable[[FiveServices], Any]] = {
    "key of t": _in_a_key,
    "header of t": _in_a_header,
    "value of t.dlq": _in_a_value,
    "document tracks": _in_a_document,
    "id of document tracks": _in_an_id,
    "row tracks": _in_a_row,
    "metrics of intake": _in_a_label,
    "answer to GET intake": _in_an_answer,
}


class TestPlace:
    @pytest.mark.parametrize("place", PLANTED)
    async def test_is_looked_at(self, place: str) -> None:
        """One leak is planted, and is found where it is."""
        async with open_services(Outside()) as house:
            await PLANTED[place](house)
            found = evidence_of(house).leaks()

        assert place in found

    @pytest.mark.parametrize("name", ["event", "referral_id"])
    def test_in_logs_is_looked_at(self, name: str) -> None:
        """What an allowed field lets through is found: the allow-list is not the proof."""
        logged = io.StringIO()
        with logging_to(logged):
            structlog.get_logger().warning(**{"event": "fact published", name: STEM})

        assert {"stem"} == found_in(logged.getvalue().encode())

    @pytest.mark.parametrize("where", ["url", "headers"])
    def test_of_a_request_is_looked_at(self, where: str) -> None:
        """What others than the addressee may see of it; the body is for the addressee."""
        outside = Outside()
        request = (
            {"url": f"http://outside.example/payers/x?name={STEM}"} if where == "url" else {"headers": {"X-A": STEM}}
        )
        outside.requests.append(httpx2.Request("GET", **{"url": "http://outside.example/", **request}, content=b""))  # type: ignore[arg-type] # as chosen

        assert {"stem"} == found_in(outside.seen_from_outside())
