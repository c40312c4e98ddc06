"""When the next response is asked for, in every stage."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.engines.realtime.next_response import STEPS, NextResponse, Stage, Step

if TYPE_CHECKING:
    from collections.abc import Callable

EITHER = (False, True)


def at(
    stage: Stage, *, wanted: bool = False, results: bool = False, user_speaks: bool = False, waiting: bool = False
) -> NextResponse:
    """Return one that came to be so by what can happen."""
    ahead = NextResponse()
    if stage is not Stage.FREE:
        ahead.want()
        ahead.asked("create_1", waiting=waiting)
    if stage is Stage.UNWANTED:
        ahead.interrupted()
        ahead.user_done()
    if stage is Stage.OCCUPIED:
        ahead.interrupted()  # else it is still wanted
        ahead.user_done()
        ahead.busy("create_1")
    if wanted:
        ahead.want()
    if results:
        ahead.want_for_result()
    if user_speaks:
        ahead.user_began()
    assert ahead.stage is stage
    return ahead


@pytest.mark.parametrize("stage", Stage)
def test_there_is_a_way_to_every_stage(stage: Stage) -> None:
    assert at(stage).stage is stage
    assert not at(stage).due(active=False, waiting=False)


@pytest.mark.parametrize(("wanted", "results", "user_speaks", "active", "waiting"), list(product(EITHER, repeat=5)))
def test_what_is_wanted_is_asked_for_once_nothing_is_in_the_making(
    wanted: bool, results: bool, user_speaks: bool, active: bool, waiting: bool
) -> None:
    for stage in Stage:
        ahead = at(stage, wanted=wanted, results=results, user_speaks=user_speaks)
        free = stage is Stage.FREE and not active
        # What the device wants is asked for even over the user; results wait for one another, and for the user.
        expected = free and (wanted or (results and not waiting and not user_speaks))
        assert ahead.due(active=active, waiting=waiting) is expected


@pytest.mark.parametrize(
    ("stage", "step", "then"),
    [
        (Stage.FREE, "asked", Stage.ASKED),
        (Stage.FREE, "interrupted", Stage.FREE),
        (Stage.FREE, "created", Stage.FREE),
        (Stage.FREE, "refused", Stage.FREE),
        (Stage.FREE, "busy", Stage.FREE),
        (Stage.FREE, "ended", Stage.FREE),
        (Stage.ASKED, "interrupted", Stage.UNWANTED),
        (Stage.ASKED, "created", Stage.FREE),
        (Stage.ASKED, "refused", Stage.FREE),
        (Stage.ASKED, "busy", Stage.OCCUPIED),
        (Stage.ASKED, "ended", Stage.ASKED),
        (Stage.UNWANTED, "interrupted", Stage.UNWANTED),
        (Stage.UNWANTED, "created", Stage.FREE),
        (Stage.UNWANTED, "refused", Stage.FREE),
        (Stage.UNWANTED, "busy", Stage.OCCUPIED),
        (Stage.UNWANTED, "ended", Stage.UNWANTED),
        (Stage.OCCUPIED, "interrupted", Stage.OCCUPIED),
        (Stage.OCCUPIED, "created", Stage.OCCUPIED),
        (Stage.OCCUPIED, "refused", Stage.OCCUPIED),
        (Stage.OCCUPIED, "busy", Stage.OCCUPIED),
        (Stage.OCCUPIED, "ended", Stage.FREE),
    ],
)
def test_stages_follow_one_another(stage: Stage, step: Step, then: Stage) -> None:
    ahead = at(stage)
    match step:
        case "asked":
            ahead.asked("create_2", waiting=False)
        case "interrupted":
            ahead.interrupted()
        case "created":
            ahead.created(waiting=False)
        case "refused":
            ahead.refused("create_1")
        case "busy":
            ahead.busy("create_1")
        case "ended":
            ahead.ended()
    assert ahead.stage is then


def test_every_step_leads_somewhere() -> None:
    assert {step for _, step in STEPS} == set(get_args(Step))
    assert all(stage is not then for (stage, _), then in STEPS.items())


@pytest.mark.parametrize("stage", Stage)
def test_only_what_was_interrupted_before_it_began_is_cancelled_when_it_does(stage: Stage) -> None:
    assert at(stage).created(waiting=False) is (stage is Stage.UNWANTED)


@pytest.mark.parametrize(
    ("stage", "event_id", "ours"),
    [
        (Stage.FREE, "create_1", False),
        (Stage.FREE, "", False),
        (Stage.FREE, None, False),
        (Stage.ASKED, "create_1", True),
        (Stage.ASKED, "truncate_1", False),
        (Stage.ASKED, None, False),
        (Stage.UNWANTED, "create_1", True),
        (Stage.OCCUPIED, "create_1", False),
    ],
)
def test_a_refusal_is_ours_by_its_id(stage: Stage, event_id: str | None, ours: bool) -> None:
    ahead = at(stage)
    assert ahead.refused(event_id) is ours
    assert ahead.stage is (Stage.FREE if ours else stage)


@pytest.mark.parametrize(
    ("stage", "event_id", "at_once", "due_later"),
    [
        (Stage.FREE, None, True, True),  # the server's own answer failed: ours takes its place
        (Stage.FREE, "say_1", False, False),
        (Stage.ASKED, "create_1", False, True),  # it is asked for again once the other response has ended
        (Stage.ASKED, None, False, True),
        (Stage.UNWANTED, "create_1", False, False),
        (Stage.OCCUPIED, None, True, True),
    ],
)
def test_a_busy_server_is_asked_again_for_what_is_still_wanted(
    stage: Stage, event_id: str | None, at_once: bool, due_later: bool
) -> None:
    ahead = at(stage)
    assert ahead.busy(event_id) is at_once
    ahead.ended()
    assert ahead.due(active=False, waiting=False) is due_later


def test_one_response_answers_all_results_that_are_in() -> None:
    ahead = at(Stage.FREE, results=True)
    ahead.asked("create_1", waiting=False)
    ahead.created(waiting=False)
    assert not ahead.due(active=False, waiting=False)


def test_what_was_asked_for_while_a_result_was_to_come_does_not_answer_it() -> None:
    ahead = at(Stage.FREE, wanted=True, results=True)
    assert ahead.due(active=False, waiting=True)
    ahead.asked("create_1", waiting=True)
    ahead.created(waiting=True)
    assert ahead.due(active=False, waiting=False)


@pytest.mark.parametrize("waiting", EITHER)
def test_the_servers_own_answer_to_the_user_speaks_of_the_results_that_are_in(waiting: bool) -> None:
    ahead = at(Stage.FREE, results=True, user_speaks=True)
    ahead.created(waiting=waiting)
    assert ahead.due(active=False, waiting=False) is waiting


HAPPENINGS: dict[str, Callable[[NextResponse], object]] = {
    "want": NextResponse.want,
    "result": NextResponse.want_for_result,
    "began": NextResponse.user_began,
    "done": NextResponse.user_done,
    "ask": lambda ahead: ahead.due(active=False, waiting=False) and ahead.asked("id", waiting=False),
    "interrupt": NextResponse.interrupted,
    "created": lambda ahead: ahead.created(waiting=False),
    "ended": NextResponse.ended,
    "busy": lambda ahead: ahead.busy("id"),
}


@given(st.lists(st.sampled_from(sorted(HAPPENINGS))))
def test_in_any_order_there_is_one_question_at_a_time(script: list[str]) -> None:
    ahead, unanswered = NextResponse(), 0
    for step in script:
        due = ahead.due(active=False, waiting=False)
        HAPPENINGS[step](ahead)
        if step == "ask":
            unanswered += due
        elif step in {"created", "busy"}:
            unanswered = 0
        elif step == "interrupt":
            assert not ahead.due(active=False, waiting=False)
        assert unanswered == (ahead.stage in {Stage.ASKED, Stage.UNWANTED})
