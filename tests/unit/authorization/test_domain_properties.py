"""Whatever is heard, done and answered in whatever order, at whatever time: what must never be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.authorization import domain
from services.authorization.domain.statuses import Approved, Covered, Exempt
from services.authorization.store import CASE
from shared.contracts.authorization import AuthorizationApproved
from shared.contracts.language import Command, EffectNeedsPerson, Tick
from shared.errors import NotFound, Rejected
from tests.support.tasks import only
from tests.unit.authorization.words import (
    NOW,
    OTHER_PAYER,
    PAYER,
    RECORDS,
    THERE,
    answer,
    cancelled,
    chosen,
    closed,
    confirm_withdrawal,
    correct,
    coverage,
    decided,
    eligible,
    gave_up,
    heard,
    item,
    opened,
    override,
    records_sent,
    resubmit,
    seen,
    self_pay,
    started,
    tick,
    upheld,
    verify,
)

HEARD: list[Command] = [
    opened(),
    opened("stat"),
    opened(has_member_id=False),
    domain.TakeInformation(**heard(), coverage=coverage(OTHER_PAYER, seal="other"), clinical="other"),
    started(),
    chosen(),
    chosen(THERE),
    seen(),
    cancelled(),
    closed(),
    closed("completed"),
]
ANSWERED: list[Command] = [
    *(
        eligible(auth_required, eb01, check, payer=payer)
        for auth_required in "YN"
        for eb01 in "16"
        for check, payer in ((1, PAYER), (2, OTHER_PAYER), (2, PAYER))
    ),
    *(
        answer(action, number, revision, items=(item(provider),), asked_for=asked_for)
        for action in ("A1", "A3", "A4", "NA", "CT", "Z9")
        for number in (1, 2)
        for asked_for in ((), RECORDS if action == "A4" else ())
        for revision, provider in ((1, domain.Provider("prov-1", "site-1")), (2, THERE))
    ),
    gave_up("eligibility"),
    gave_up("submission", in_doubt=True),
    gave_up("submission", 2),
]
PEOPLE: dict[str, list[Command]] = {
    "override": [override()],
    "record_decision": [decided("A1"), decided("A3"), decided("A4"), decided("NA")],
    "verify_coverage": [verify(), verify("6"), verify(auth_required="N")],
    "confirm_records_sent": [records_sent()],
    "record_peer_to_peer": [upheld(), upheld("A1")],
    "resubmit": [resubmit()],
    "correct_coverage": [correct()],
    "confirm_withdrawal": [confirm_withdrawal()],
    "continue_self_pay": [self_pay()],
}
# The usual course is drawn often, or most stories would end before they began.
USUAL = [opened(), started(), chosen(), eligible(), answer("A4"), answer("A1", 2), answer("A3", 2)]
COMMANDS = [*USUAL * 4, *HEARD, *ANSWERED, *(command for known in PEOPLE.values() for command in known)]
PAUSES = (timedelta(), timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=80))
Story = list[tuple[timedelta, Command | None]]
stories = st.lists(st.tuples(st.sampled_from(PAUSES), st.sampled_from([*COMMANDS, None])), max_size=14)
"""Pauses, each with what comes after it; None: the clock strikes at the instant that is armed."""


def play(story: Story, check: Callable[[domain.Case, Command, list[Any], domain.Case], None]) -> None:
    """Tell a story and check each of its moments: the case before, the command, the facts, the case after."""
    case, now = domain.INITIAL, NOW
    for pause, command in story:
        armed = domain.next_due(case)
        now = max(now + pause, armed or now) if command is None else now + pause
        moment = tick(now) if command is None else replace(command, at=now)
        try:
            facts = domain.decide(moment, case)
        except (Rejected, NotFound):
            assert not isinstance(moment, Tick | EffectNeedsPerson), "nobody refuses the clock or the engine"
            continue
        before = case
        for fact in facts:
            case = domain.evolve(case, fact)
        check(before, moment, facts, case)


def waits_for_nobody_here(case: domain.Case) -> bool:
    """Free, decided and used, or waiting for the provider to be chosen, which is scheduling's."""
    standing = case.request.standing if case.request else None
    is_done = isinstance(standing, Exempt) or (isinstance(standing, Approved) and case.is_used)
    is_waiting = standing is None and case.provider is None
    return case.is_free or (isinstance(case.coverage, Covered) and (is_done or is_waiting))


BY_PEOPLE = domain.RecordDecision | domain.ResubmitRequest | domain.CorrectCoverage | domain.VerifyCoverage
"""What may be refused the second time: what it was about is settled."""


class TestEveryMoment:
    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_has_a_step_with_an_owner_and_a_due_time(self, story: Story) -> None:
        """An open case has a next step, unless nothing is to be done or waited for here."""

        def check(_before: domain.Case, _command: Command, _facts: list[Any], case: domain.Case) -> None:
            step = only(domain.tasks(case))
            is_idle = not case.is_workable or waits_for_nobody_here(case)
            assert (step is None) == (is_idle and not case.left_with_payers)

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_has_each_timer_fire_once(self, story: Story) -> None:
        """A tick at the armed instant changes something and disarms it; who owes us something is woken for."""

        def check(_before: domain.Case, command: Command, facts: list[Any], case: domain.Case) -> None:
            due, step = domain.next_due(case), only(domain.tasks(case))
            if isinstance(command, Tick):
                assert due is None or due > command.at
            if due is not None:
                assert domain.decide(tick(due), case)
            if step and step.owner in {"payer", "system"}:
                assert due is not None
                assert due <= step.due_at
            del facts

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_takes_what_has_happened(self, story: Story) -> None:
        """What has happened is never refused, wherever the case stands."""
        happened: list[Any] = []

        def check(_before: domain.Case, _command: Command, facts: list[Any], case: domain.Case) -> None:
            happened.extend(facts)
            for fact in happened:
                assert isinstance(domain.evolve(case, fact), domain.Case)
                assert isinstance(domain.evolve(domain.INITIAL, fact), domain.Case)

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_asks_once(self, story: Story) -> None:
        """A call that was given up is never wanted again, and one request at most is open."""
        wanted: set[tuple[str, int]] = set()
        given_up: set[tuple[str, int]] = set()

        def check(_before: domain.Case, _command: Command, _facts: list[Any], case: domain.Case) -> None:
            now = {(effect.kind, effect.revision) for effect in domain.wanted_effects(case)}
            given_up.update(wanted - now)
            wanted.clear()
            wanted.update(now)
            denied = {("submission", n) for n, asked in enumerate(case.asked, 1) if asked.stays}
            assert not given_up & now
            assert len([call for call in now - denied if call[0] == "submission"]) <= 1

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_approves_only_what_the_payer_or_a_person_approved(self, story: Story) -> None:
        """No approval but by A1, or by a person who took a grant as it is."""

        def check(_before: domain.Case, command: Command, facts: list[Any], _case: domain.Case) -> None:
            if any(isinstance(fact, AuthorizationApproved) for fact in facts):
                assert "A1" == getattr(command, "action", None)

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_shows_the_buttons_that_the_server_accepts(self, story: Story) -> None:
        """What is allowed is not refused, and what is not allowed changes nothing."""

        def check(_before: domain.Case, _command: Command, _facts: list[Any], case: domain.Case) -> None:
            for name, commands in PEOPLE.items():
                for command in commands:
                    try:
                        changes = bool(domain.decide(command, case))
                        is_refused = False
                    except (Rejected, NotFound):
                        changes, is_refused = False, True
                    assert not (is_refused if name in domain.allowed(case) else changes)

        play(story, check)

    @settings(max_examples=400, deadline=None)
    @given(stories)
    def test_can_be_stored_and_heard_again(self, story: Story) -> None:
        """The state survives the store, and what was taken in once changes nothing the second time."""

        def check(_before: domain.Case, command: Command, _facts: list[Any], case: domain.Case) -> None:
            assert case == CASE.decode(CASE.encode(case), CASE.schema)
            if not isinstance(command, BY_PEOPLE):
                assert [] == domain.decide(command, case)

        play(story, check)


def test_every_state_names_its_instants_in_utc() -> None:
    """Instants are compared and stored as instants."""
    case = domain.INITIAL
    for command in (opened(), started(), chosen(), eligible(), answer("A4")):
        for fact in domain.decide(command, case):
            case = domain.evolve(case, fact)
    due = domain.next_due(case)

    assert isinstance(due, datetime)
    assert timedelta() == due.utcoffset()


def test_an_approval_of_nothing_is_no_leave() -> None:
    """The contract lets a fact have no items, and what was told is never refused."""
    case = domain.INITIAL
    for command in (opened(), started(), chosen(), eligible()):
        for fact in domain.decide(command, case):
            case = domain.evolve(case, fact)
    [approved] = [f for f in domain.decide(answer("A1"), case) if isinstance(f, AuthorizationApproved)]

    assert not domain.evolve(case, approved.model_copy(update={"items": ()})).has_clearance
