"""Which of the services' steps the worklist shows."""

import itertools

import pytest

from services.tracking.domain import NextAct, Stream, next_act, open_tasks
from shared.contracts.language import Owner, Task
from tests.unit.tracking.telling import step


def stories(**tasks: Task | tuple[Task, ...]) -> dict[str, Stream]:
    """What the services said last; those not named wait for nothing."""
    told = {name: each if isinstance(each, tuple) else (each,) for name, each in tasks.items()}
    return {
        name: Stream(1, "", told.get(name, ())) for name in ("intake", "authorization", "scheduling", "notifications")
    }


def listed(is_closed: bool = False, **tasks: Task | tuple[Task, ...]) -> list[str]:
    """The acts in their order."""
    return [task.act for _, task in open_tasks(stories(**tasks), is_closed=is_closed)]


def shown(is_closed: bool = False, **tasks: Task | tuple[Task, ...]) -> str | None:
    """The act that is shown."""
    act = next_act(open_tasks(stories(**tasks), is_closed=is_closed))
    return act.act if act else None


class TestNextAct:
    ORDER = (
        step("resolve_parked", "operator", 900),
        step("call_patient", "coordinator", 800),
        step("await_payer_decision", "payer", 700),
        step("wind_down", "system", 600),
        step("complete_referral", "coordinator", 1),
    )

    @pytest.mark.parametrize(("first", "second"), list(itertools.combinations(ORDER, 2)))
    def test_goes_by_who_can_move_it_on(self, first: Task, second: Task) -> None:
        """Operator, our people, outside parties, system, backstops; even when the others are due sooner."""
        assert first.act == shown(intake=first, scheduling=second)
        assert first.act == shown(intake=second, scheduling=first)

    @pytest.mark.parametrize("owner", ["coordinator", "nurse", "clinician"])
    @pytest.mark.parametrize("outside", ["specialist", "payer", "patient"])
    def test_our_people_go_before_outside_parties(self, owner: Owner, outside: Owner) -> None:
        """Who can be told to act goes before who can only be waited for."""
        assert "ours" == shown(intake=step("theirs", outside, 1), authorization=step("ours", owner, 99))

    def test_the_earliest_due_goes_first_within_a_rank(self) -> None:
        """Two acts of our people: the one that is due sooner."""
        assert "sooner" == shown(intake=step("later", "coordinator", 9), notifications=step("sooner", "nurse", 3))

    def test_a_tie_falls_to_the_earlier_service_of_the_story(self) -> None:
        """So that the answer never depends on who told last."""
        assert "second" == shown(scheduling=step("third", "nurse", 3), authorization=step("second", "coordinator", 3))

    def test_a_leave_to_use_is_a_backstop(self) -> None:
        """An approved authorization only says by when a visit must have happened."""
        use = step("use_authorization", "coordinator", 1)

        assert "attend_visit" == shown(authorization=use, scheduling=step("attend_visit", "patient", 500))
        assert "use_authorization" == shown(authorization=use)

    def test_nothing_waits_when_no_service_does(self) -> None:
        """No task, no act."""
        assert shown() is None

    def test_names_the_service_that_waits(self) -> None:
        """The console sends the act to its owner's API."""
        due = step("call_payer", "coordinator", 5, queue="authorization")

        expected = NextAct("authorization", "call_payer", "coordinator", "authorization", due.due_at)

        assert expected == next_act(open_tasks(stories(authorization=due), is_closed=False))

    def test_a_second_task_of_a_service_counts_like_a_first(self) -> None:
        """What a service names behind another task is neither lost nor last for that."""
        both = step("deliver_report", "coordinator", 48), step("review_change", "nurse", 8)

        assert ["review_change", "deliver_report", "attend_visit"] == listed(
            intake=both, scheduling=step("attend_visit", "patient", 1)
        )

    def test_an_owner_of_whom_we_do_not_know_is_listed_as_other(self) -> None:
        """Whom another service will name one day is waited for like anybody outside, and found in lists."""
        unknown = step("visit_at_home", "nurse").model_copy(update={"owner": "community_worker"})

        act = next_act(open_tasks(stories(scheduling=unknown), is_closed=False))

        assert act is not None
        assert ("visit_at_home", "other") == (act.act, act.owner)
        assert ["visit_at_home", "complete_referral"] == listed(
            intake=step("complete_referral", "coordinator", 1), scheduling=unknown
        )


class TestNextActOfAClosedReferral:
    def test_shows_the_second_task_of_a_service_whose_first_is_nobodys_any_more(self) -> None:
        """Our people still owe it, whatever their service named before it."""
        assert "call_patient" == shown(
            is_closed=True, notifications=(step("await_receipt", "system"), step("call_patient", "nurse"))
        )

    @pytest.mark.parametrize("owner", ["operator", "coordinator", "nurse", "clinician"])
    def test_keeps_what_our_people_still_owe(self, owner: Owner) -> None:
        """A patient whom no message about the cancellation reached must still be called."""
        assert "call_patient" == shown(is_closed=True, notifications=step("call_patient", owner))

    @pytest.mark.parametrize("owner", ["specialist", "payer", "patient", "system"])
    def test_waits_for_nobody_outside(self, owner: Owner) -> None:
        """Nothing that they could still do matters."""
        assert shown(is_closed=True, scheduling=step("attend_visit", owner)) is None

    def test_has_no_backstop(self) -> None:
        """There is nothing left to complete."""
        assert shown(is_closed=True, authorization=step("use_authorization", "coordinator")) is None
