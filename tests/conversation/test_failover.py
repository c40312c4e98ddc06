"""Whom to ask, as tables of faults and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.failover import BETTER_AFTER, COOLING, GIVE_UP_AFTER, RETRY_MS, STEADY, Attempt, Failover
from device.sample_clock import samples


def second(n: float) -> int:
    return samples(round(1000 * n))


def test_the_next_one_is_asked_at_once_and_the_first_again_after_a_pause() -> None:
    failover = Failover(("best", "other", "local"))
    assert failover.begin(0) == Attempt("best")
    assert failover.failed(10, retry=True) == Attempt("other")
    assert failover.failed(20, retry=True) == Attempt("local")
    assert failover.failed(30, retry=True) == Attempt("best", RETRY_MS[1])
    assert failover.failed(40, retry=True) == Attempt("other")


def test_one_for_which_no_attempt_is_of_use_is_left_out() -> None:
    failover = Failover(("best", "local"))
    failover.begin(0)
    assert not failover.alone
    assert failover.failed(10, retry=False) == Attempt("local")
    assert failover.alone
    failover.opened(20)
    assert failover.better(20 + 100 * BETTER_AFTER) is None
    assert failover.failed(second(5), retry=True) == Attempt("local", RETRY_MS[1])
    assert failover.failed(second(6), retry=False) is None
    assert failover.begin(second(60)) == Attempt("best"), "the user may have fixed it"


def test_what_failed_just_now_is_not_asked_first_where_there_is_another() -> None:
    failover = Failover(("best", "local"))
    failover.begin(0)
    failover.failed(100, retry=True)
    assert failover.begin(second(10)) == Attempt("local")
    assert failover.begin(100 + COOLING) == Attempt("best")
    failover.failed(second(60), retry=True)
    failover.failed(second(60), retry=True)
    assert failover.begin(second(61)) == Attempt("best"), "all failed: none is better than another"


def test_pauses_grow_until_all_have_failed_and_begin_anew_after_a_good_session() -> None:
    failover = Failover(("only",))
    failover.begin(0)
    pauses = []
    while (attempt := failover.failed(second(1), retry=True)) is not None:
        pauses.append(attempt.after_ms)
    assert pauses == list(RETRY_MS[1:])
    failover.begin(0)
    failover.failed(0, retry=True)
    failover.opened(0)
    assert failover.failed(STEADY, retry=True) == Attempt("only", RETRY_MS[0])


def test_an_answer_makes_the_next_attempt_immediate() -> None:
    failover = Failover(("only",))
    failover.begin(0)
    failover.opened(10)
    failover.answered()
    assert failover.failed(20, retry=True) == Attempt("only", 0)


def test_an_engine_is_given_up_even_if_attempts_are_slow() -> None:
    failover = Failover(("only",))
    failover.begin(0)
    assert failover.failed(GIVE_UP_AFTER - 1, retry=True) is not None
    assert failover.failed(GIVE_UP_AFTER, retry=True) is None


@pytest.mark.parametrize(("engines", "after_s", "pause"), [(1, 3.0, 3000), (1, 1000.0, RETRY_MS[-1]), (2, 3.0, 0)])
def test_an_engine_that_says_when_is_asked_then(engines: int, after_s: float, pause: int) -> None:
    failover = Failover(("a", "b")[:engines])
    failover.begin(0)
    attempt = failover.failed(0, retry=True, after_s=after_s)
    assert attempt is not None
    assert attempt.after_ms == pause


def test_the_better_one_is_tried_beside_the_other_ever_less_often() -> None:
    failover = Failover(("best", "local"))
    failover.begin(0)
    failover.failed(0, retry=True)
    failover.opened(0)
    assert failover.better(BETTER_AFTER - 1) is None
    assert failover.better(BETTER_AFTER) == "best"
    assert failover.better(BETTER_AFTER + BETTER_AFTER) is None
    assert failover.better(3 * BETTER_AFTER) == "best"
    failover.switched("best", 4 * BETTER_AFTER)
    assert failover.current == "best"
    assert failover.better(100 * BETTER_AFTER) is None


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40))
def test_it_always_ends_and_never_asks_one_that_is_out(engines: int, faults: list[tuple[int, bool]]) -> None:
    failover = Failover([str(n) for n in range(engines)])
    failover.begin(0)
    out = set()
    for seconds, retry in faults:
        if not retry:
            out.add(failover.current)
        attempt = failover.failed(second(seconds), retry=retry)
        if attempt is None:
            break
        assert attempt.engine not in out
    failover.begin(0)
    asked = 0
    while failover.failed(0, retry=True) is not None:
        asked += 1
    assert asked <= engines * len(RETRY_MS)


def test_an_engine_over_the_budget_is_passed_over_and_left_in_a_pause() -> None:
    over = {"best"}
    failover = Failover(("best", "other", "local"), over.__contains__)
    assert failover.begin(0) == Attempt("other")
    failover.opened(0)
    assert failover.better(BETTER_AFTER) is None
    over.add("other")
    assert failover.better(4 * BETTER_AFTER) == "local"
    failover.switched("local", 5 * BETTER_AFTER)
    assert failover.failed(second(600), retry=True) == Attempt("local", RETRY_MS[0])
    over.clear()
    assert failover.begin(second(2000)) == Attempt("best"), "a new day"
    over.update(("best", "other", "local"))
    assert failover.begin(second(3000)) is None
