"""Whom to ask, as tables of faults and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.failover import BETTER_AFTER, COOLING, PATIENCE, RETRY_MS, STEADY, Attempt, Failover
from device.sample_clock import samples


def second(n: float) -> int:
    return samples(round(1000 * n))


def test_the_next_one_is_asked_at_once_and_the_first_again_after_a_pause() -> None:
    lineup = Failover(("best", "other", "local"))
    assert lineup.begin(0) == Attempt("best")
    assert lineup.failed(10, retry=True) == Attempt("other")
    assert lineup.failed(20, retry=True) == Attempt("local")
    assert lineup.failed(30, retry=True) == Attempt("best", RETRY_MS[1])
    assert lineup.failed(40, retry=True) == Attempt("other")


def test_one_for_which_no_attempt_is_of_use_is_left_out() -> None:
    lineup = Failover(("best", "local"))
    lineup.begin(0)
    assert not lineup.alone
    assert lineup.failed(10, retry=False) == Attempt("local")
    assert lineup.alone
    lineup.opened(20)
    assert lineup.better(20 + 100 * BETTER_AFTER) is None
    assert lineup.failed(second(5), retry=True) == Attempt("local", RETRY_MS[1])
    assert lineup.failed(second(6), retry=False) is None
    assert lineup.begin(second(60)) == Attempt("best"), "the user may have mended it"


def test_what_failed_just_now_is_not_asked_first_where_there_is_another() -> None:
    lineup = Failover(("best", "local"))
    lineup.begin(0)
    lineup.failed(100, retry=True)
    assert lineup.begin(second(10)) == Attempt("local")
    assert lineup.begin(100 + COOLING) == Attempt("best")
    lineup.failed(second(60), retry=True)
    lineup.failed(second(60), retry=True)
    assert lineup.begin(second(61)) == Attempt("best"), "all failed: none is better than another"


def test_pauses_grow_until_all_have_failed_and_begin_anew_after_a_good_session() -> None:
    lineup = Failover(("only",))
    lineup.begin(0)
    pauses = []
    while (attempt := lineup.failed(second(1), retry=True)) is not None:
        pauses.append(attempt.after_ms)
    assert pauses == list(RETRY_MS[1:])
    lineup.begin(0)
    lineup.failed(0, retry=True)
    lineup.opened(0)
    assert lineup.failed(STEADY, retry=True) == Attempt("only", RETRY_MS[0])


def test_an_answer_makes_the_next_attempt_immediate() -> None:
    lineup = Failover(("only",))
    lineup.begin(0)
    lineup.opened(10)
    lineup.answered()
    assert lineup.failed(20, retry=True) == Attempt("only", 0)


def test_patience_ends_even_if_attempts_are_slow() -> None:
    lineup = Failover(("only",))
    lineup.begin(0)
    assert lineup.failed(PATIENCE - 1, retry=True) is not None
    assert lineup.failed(PATIENCE, retry=True) is None


@pytest.mark.parametrize(("engines", "after_s", "pause"), [(1, 3.0, 3000), (1, 1000.0, RETRY_MS[-1]), (2, 3.0, 0)])
def test_an_engine_that_says_when_is_asked_then(engines: int, after_s: float, pause: int) -> None:
    lineup = Failover(("a", "b")[:engines])
    lineup.begin(0)
    attempt = lineup.failed(0, retry=True, after_s=after_s)
    assert attempt is not None
    assert attempt.after_ms == pause


def test_the_better_one_is_tried_beside_the_other_ever_less_often() -> None:
    lineup = Failover(("best", "local"))
    lineup.begin(0)
    lineup.failed(0, retry=True)
    lineup.opened(0)
    assert lineup.better(BETTER_AFTER - 1) is None
    assert lineup.better(BETTER_AFTER) == "best"
    assert lineup.better(BETTER_AFTER + BETTER_AFTER) is None
    assert lineup.better(3 * BETTER_AFTER) == "best"
    lineup.switched("best", 4 * BETTER_AFTER)
    assert lineup.current == "best"
    assert lineup.better(100 * BETTER_AFTER) is None


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=40))
def test_it_always_ends_and_never_asks_one_that_is_out(engines: int, faults: list[tuple[int, bool]]) -> None:
    lineup = Failover([str(n) for n in range(engines)])
    lineup.begin(0)
    out = set()
    for seconds, retry in faults:
        if not retry:
            out.add(lineup.current)
        attempt = lineup.failed(second(seconds), retry=retry)
        if attempt is None:
            break
        assert attempt.engine not in out
    lineup.begin(0)
    asked = 0
    while lineup.failed(0, retry=True) is not None:
        asked += 1
    assert asked <= engines * len(RETRY_MS)


def test_an_engine_over_the_budget_is_passed_over_and_left_in_a_pause() -> None:
    over = {"best"}
    lineup = Failover(("best", "other", "local"), over.__contains__)
    assert lineup.begin(0) == Attempt("other")
    lineup.opened(0)
    assert lineup.better(BETTER_AFTER) is None
    over.add("other")
    assert lineup.better(4 * BETTER_AFTER) == "local"
    lineup.switched("local", 5 * BETTER_AFTER)
    assert lineup.failed(second(600), retry=True) == Attempt("local", RETRY_MS[0])
    over.clear()
    assert lineup.begin(second(2000)) == Attempt("best"), "a new day"
    over.update(("best", "other", "local"))
    assert lineup.begin(second(3000)) is None
