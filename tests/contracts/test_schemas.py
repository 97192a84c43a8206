"""What was published stays readable: approved schemas, old samples, and an envelope that others understand."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.catalogue import FACTS, PUBLISHED, is_unknown_version
from shared.contracts.envelope import SERVICES, Envelope, from_headers, to_headers, topic_of
from shared.contracts.vocabulary import MARK
from shared.errors import Unreadable
from tests.contracts.approve import APPROVED, approved, schema_of
from tests.contracts.compatibility import breaks
from tests.contracts.later import with_words_of_later

SAMPLES = Path(__file__).parent / "samples"
ENVELOPE = Envelope(
    source="/demo/intake",
    subject="demo-aaaaaaaaaaaaaaaaaaaaaaaaaa",
    sequence=3,
    type="org.throughline.referral.closed.v1",
    time=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    causationid="/demo/scheduling/demo-aaaaaaaaaaaaaaaaaaaaaaaaaa/9",
    traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
)
TOPIC = topic_of(ENVELOPE.service)
CLOSED = {"priority", "urgency"}
"""The only closed vocabularies: `shared.contracts.vocabulary` says why."""


class TestSchemas:
    @pytest.mark.parametrize("type_", FACTS)
    def test_are_as_approved(self, type_: str) -> None:
        """A change that breaks a reader names the field; any other is approved by tests.contracts.approve."""
        was = approved(type_)

        assert was is not None, "a new fact: approve it"
        assert [] == breaks(was, schema_of(type_))
        assert was == schema_of(type_), "a compatible change: approve it"

    def test_none_that_was_published_is_gone(self) -> None:
        """A fact of an older version stays in the catalogue as long as it is on a topic, which is for ever."""
        assert set(FACTS) == {path.stem for path in APPROVED.glob("*.json")}

    @pytest.mark.parametrize("type_", FACTS)
    def test_every_vocabulary_is_open_but_two(self, type_: str) -> None:
        """A word that readers could not pass over would hold up every later version of the product."""
        schema = schema_of(type_)

        assert {name for name, part in _parts(schema) if "enum" in part or "const" in part} <= CLOSED

    @pytest.mark.parametrize("type_", FACTS)
    def test_words_that_nobody_knows_yet_are_kept(self, type_: str) -> None:
        """A reader of today takes in what a later version says in an open vocabulary, and gives it on as it came."""
        told = json.loads((SAMPLES / f"{type_}.json").read_text())
        told = {**told, "tasks": [{"id": "a", "act": "a", "owner": "a", "queue": "a", "due_at": told["occurred_at"]}]}
        later = with_words_of_later(told, type_)

        read = json.loads(FACTS[type_].model_validate(later).model_dump_json())

        assert later != told
        assert "word_of_later" == read["channel"] == read["recorded_by"]["kind"] == read["tasks"][0]["owner"]
        assert [] == [name for name in later if name != "tasks" and later[name] != read[name]]

    @pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
    def test_old_samples_still_parse(self, sample: Path) -> None:
        """What was told once is read for ever, with every field that it had."""
        told = json.loads(sample.read_text())
        fact = FACTS[sample.stem].model_validate(told)

        assert told == {**told, **{name: json.loads(fact.model_dump_json())[name] for name in told}}

    def test_every_fact_has_a_sample(self) -> None:
        """Nothing is published without one."""
        assert set(FACTS) == {path.stem for path in SAMPLES.glob("*.json")}

    def test_every_publisher_is_known(self) -> None:
        """The envelope's services are the catalogue's."""
        assert set(SERVICES) == set(PUBLISHED)


def _parts(schema: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every part of a schema that is a schema, with the name of the field that it belongs to."""
    if isinstance(schema, dict):
        yield name, schema
        for key, inner in schema.items():
            for field, part in inner.items() if key in ("properties", "$defs") else [(name, inner)]:
                yield from _parts(part, field)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _parts(inner, name)


class TestBreaks:
    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda s: s["properties"].pop("outcome"), "/outcome: the field is gone"),
            (lambda s: s["required"].remove("outcome"), "/outcome: the field is no longer certain to be there"),
            (
                lambda s: s["properties"]["referral_id"].update(type="integer"),
                "/referral_id: the type was ['string'] and is ['integer']",
            ),
            (lambda s: s["properties"]["outcome"].pop(MARK), "/outcome: the vocabulary was open and is closed"),
            (
                lambda s: s["properties"]["evidence_ref"]["anyOf"][0].update(type="integer"),
                "/evidence_ref: the type was ['null', 'string'] and is ['integer', 'null']",
            ),
            (
                lambda s: s["properties"]["evidence_ref"]["anyOf"][0].update(format="uuid"),
                "/evidence_ref: the format was None and is uuid",
            ),
            (
                lambda s: s["properties"].update(step={"type": "null"}),
                "/step: the type was ['null', 'object'] and is ['null']",
            ),
            (
                lambda s: s["properties"].update(recorded_by={"anyOf": [{"$ref": "#/$defs/Actor"}, {"type": "null"}]}),
                "/recorded_by: the type was ['object'] and is ['null', 'object']",
            ),
            (
                lambda s: s["properties"]["step"]["anyOf"].append({"$ref": "#/$defs/Reason"}),
                "/step: the type was ['null', 'object'] and is ['#/$defs/Reason', '#/$defs/Step', 'null']",
            ),
            (lambda s: s["$defs"]["Actor"]["properties"].pop("id"), "/recorded_by/id: the field is gone"),
            (lambda s: s["$defs"]["Step"]["properties"].pop("act"), "/step/act: the field is gone"),
            (
                lambda s: s["$defs"]["Task"]["properties"].update(owner={"type": "string", "enum": ["nurse"]}),
                "/tasks/*/owner: the vocabulary was open and is closed",
            ),
            (
                lambda s: s["$defs"]["Task"]["required"].remove("due_at"),
                "/tasks/*/due_at: the field is no longer certain to be there",
            ),
            (
                lambda s: s["$defs"]["Task"]["properties"]["due_at"].pop("format"),
                "/tasks/*/due_at: the format was date-time and is None",
            ),
            (
                lambda s: s["$defs"]["Task"]["properties"]["queue"].update(type="integer"),
                "/tasks/*/queue: the type was ['string'] and is ['integer']",
            ),
        ],
    )
    def test_name_the_field(self, change: Any, expected: str) -> None:
        """Each kind of break is found where it is, in a part that may be absent as in one that is always there."""
        old = schema_of("org.throughline.referral.closed.v1")
        new = json.loads(json.dumps(old))
        change(new)

        assert [expected] == breaks(old, new)

    @pytest.mark.parametrize("part", ["items", "additionalProperties", "propertyNames"])
    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            ({"type": "string", "enum": ["a", "b"]}, "/*: new values ['b']"),
            (None, "/*: the type was ['string'] and is ['anything']"),
        ],
    )
    def test_look_into_what_repeats(self, part: str, now: Any, expected: str) -> None:
        """A list's items, and a mapping's names and values, are read like fields."""
        old = {"type": "object", part: {"type": "string", "enum": ["a"]}}

        assert [expected] == breaks(old, {"type": "object", **({part: now} if now else {})})

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda p: p["enum"].append("whenever"), "/priority: new values ['whenever']"),
            (lambda p: p.pop("enum"), "/priority: any value, and not one of ['asap', 'routine', 'stat', 'urgent']"),
            (lambda p: p.update({MARK: p.pop("enum")}), "/priority: the vocabulary was closed and is open"),
        ],
    )
    def test_keep_a_closed_vocabulary_as_it_is(self, change: Any, expected: str) -> None:
        """Its readers were told that they know every word, and order work by it."""
        old = schema_of("org.throughline.referral.received.v1")
        new = json.loads(json.dumps(old))
        change(new["properties"]["priority"])

        assert [expected] == breaks(old, new)

    @pytest.mark.parametrize("word", ["outcome", "channel"])
    def test_stay_quiet_for_a_new_word_of_an_open_vocabulary(self, word: str) -> None:
        """Its readers take what they do not know for "other"."""
        old = schema_of("org.throughline.referral.closed.v1")
        new = json.loads(json.dumps(old))
        new["properties"][word][MARK].append("forgotten")

        assert [] == breaks(old, new)

    def test_stay_quiet_for_a_new_field(self) -> None:
        """Adding is what publishers may do."""
        old = schema_of("org.throughline.referral.closed.v1")
        new = json.loads(json.dumps(old))
        new["properties"]["extra"] = {"type": "string"}
        new["required"].append("extra")

        assert [] == breaks(old, new)

    def test_stay_quiet_for_what_is_never_absent_any_more(self) -> None:
        """Who reads an optional part reads it as well when it is always there."""
        old = schema_of("org.throughline.referral.closed.v1")
        new = json.loads(json.dumps(old))
        new["properties"]["step"] = {"$ref": "#/$defs/Step"}

        assert [] == breaks(old, new)


class TestEnvelope:
    def test_survives_the_wire(self) -> None:
        """Reading what was written gives the same."""
        assert ENVELOPE == from_headers(to_headers(ENVELOPE), ENVELOPE.subject.encode(), TOPIC)

    @pytest.mark.parametrize(
        ("attribute", "value", "pointer"),
        [
            ("ce_source", None, "/ce_source"),
            ("ce_sequence", None, "/ce_sequence"),
            ("ce_sequence", b"one", "/headers"),
            ("ce_sequence", b"0", "/ce_sequence"),
            ("ce_time", b"yesterday", "/headers"),
            ("ce_tenant", b"other", "/ce_tenant"),
            ("ce_source", b"/other/intake", "/ce_source"),
            ("ce_source", b"/demo/elsewhere", "/ce_source"),
            ("ce_specversion", b"0.3", "/ce_specversion"),
            ("ce_type", b"\xff", "/headers"),
        ],
    )
    def test_names_what_is_wrong(self, attribute: str, value: bytes | None, pointer: str) -> None:
        """A record that is not ours to apply says which attribute is at fault, and quotes nothing."""
        headers = [(name, was if name != attribute else value) for name, was in to_headers(ENVELOPE)]

        with pytest.raises(Unreadable) as refused:
            from_headers([(name, was) for name, was in headers if was is not None], ENVELOPE.subject.encode(), TOPIC)
        assert pointer == refused.value.pointer

    @pytest.mark.parametrize("key", [None, b"demo-another"])
    def test_belongs_to_its_key(self, key: bytes | None) -> None:
        """A subject that is not the record's key would be out of order with its own story."""
        with pytest.raises(Unreadable):
            from_headers(to_headers(ENVELOPE), key, TOPIC)


class TestCatalogue:
    def test_tells_a_newer_version_from_a_foreign_type(self) -> None:
        """A newer version of a known fact must not be skipped; a foreign type may."""
        assert is_unknown_version("org.throughline.referral.closed.v2")
        assert not is_unknown_version("org.throughline.referral.closed.v1")
        assert not is_unknown_version("org.example.weather.v2")

    @pytest.mark.parametrize("service", SERVICES)
    def test_belongs_to_its_topic(self, service: str) -> None:
        """Who may write to one topic does not speak for the services of the others."""
        headers, key = to_headers(ENVELOPE), ENVELOPE.subject.encode()

        if service == ENVELOPE.service:
            assert ENVELOPE == from_headers(headers, key, topic_of(service))
        else:
            with pytest.raises(Unreadable) as refused:
                from_headers(headers, key, topic_of(service))
            assert "/ce_source" == refused.value.pointer
