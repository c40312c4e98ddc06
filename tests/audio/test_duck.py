import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.duck import (
    LOWERED_MS,
    REST_MS,
    RESTORE_MS,
    TRANSITIONS,
    Duck,
    Event,
    Interrupted,
    Order,
    State,
)
from device.audio.reply import ReplyItem

RATE = 16_000
BLOCK = RATE // 100
LOWER = Order(Event.LOWER, 1, 0.1)
HOLD = Order(Event.HOLD, 1, 0.1)
RESTORE = Order(Event.RESTORE, 1)
REPEAT = Order(Event.REPEAT, 1)


def item_at(ms):
    """Return an item of 2 s of which so much was played."""
    item = ReplyItem("a", RATE, RATE)
    item.add(np.full(2 * RATE, 1000, np.int16))
    played = np.zeros(ms * RATE // 1000, np.int16)
    if len(played):
        item.take(played)
    return item


def duck_in(state, item=None):
    """Return a duck that has been brought to `state` by orders and blocks."""
    duck = Duck(RATE)
    if state is State.CUT:
        duck.cut(30)
    elif state in (State.LOWERED, State.DRY):
        duck.obey(LOWER, item)
    elif state is not State.PLAYING:
        duck.obey(HOLD, item)
    if state in (State.DRY, State.HELD, State.RETURNING):
        duck.rendered(BLOCK, silent=True)
    if state in (State.TURNING, State.RETURNING):
        duck.obey(REPEAT, item)
    assert duck.state is state
    return duck


def give(duck, event, item=None):
    """Let `event` happen to `duck`, as its owner would."""
    if event in (Event.LOWER, Event.HOLD):
        duck.obey(Order(event, 2, 0.1), item)
    elif event in (Event.RESTORE, Event.REPEAT):
        duck.obey(Order(event, 1), item)
    elif event is Event.SILENT:
        duck.rendered(BLOCK, silent=True)
    elif event is Event.LONG:
        duck.rendered(LOWERED_MS * RATE // 1000 + 1, silent=False)
    elif event is Event.RESTED:
        duck.rendered(REST_MS * RATE // 1000, silent=True)
        duck.obey(REPEAT, item)
    elif event is Event.CUT:
        duck.cut(30)
    else:
        duck.dropped()


S, E = State, Event
TABLE = [
    # Before,      LOWER,      HOLD,       RESTORE,     REPEAT,      SILENT,      LONG,
    (S.PLAYING, S.LOWERED, S.FALLING, S.PLAYING, S.PLAYING, S.PLAYING, S.PLAYING),
    (S.LOWERED, S.LOWERED, S.FALLING, S.PLAYING, S.TURNING, S.DRY, S.FALLING),
    (S.DRY, S.DRY, S.HELD, S.PLAYING, S.RETURNING, S.DRY, S.HELD),
    (S.FALLING, S.LOWERED, S.FALLING, S.TURNING, S.TURNING, S.HELD, S.FALLING),
    (S.HELD, S.DRY, S.HELD, S.RETURNING, S.RETURNING, S.HELD, S.HELD),
    (S.TURNING, S.LOWERED, S.FALLING, S.TURNING, S.TURNING, S.RETURNING, S.TURNING),
    (S.RETURNING, S.DRY, S.HELD, S.RETURNING, S.RETURNING, S.RETURNING, S.RETURNING),
]
CASES = [
    *(
        (before, event, after)
        for before, *all_after in TABLE
        for event, after in zip((E.LOWER, E.HOLD, E.RESTORE, E.REPEAT, E.SILENT, E.LONG), all_after, strict=True)
    ),
    *((state, E.CUT, S.CUT) for state in State),
    (S.RETURNING, E.RESTED, S.PLAYING),
    (S.HELD, E.SILENT, S.HELD),
    (S.CUT, E.SILENT, S.CUT),
    (S.CUT, E.LONG, S.CUT),
    (S.CUT, E.DROPPED, S.PLAYING),
]


@pytest.mark.parametrize(("before", "event", "after"), CASES, ids=lambda value: value.name)
def test_an_event_leads_from_one_state_to_the_next(before, event, after):
    duck = duck_in(before)
    give(duck, event)
    assert duck.state is after


def test_the_table_of_transitions_lists_what_changes_and_nothing_else():
    listed = {(before, event, after) for before, row in TRANSITIONS.items() for event, after in row.items()}
    changes = {case for case in CASES if case[0] is not case[2]}
    assert listed == changes
    assert set(TRANSITIONS) == set(State)


ORDERS = st.builds(
    Order,
    wants=st.sampled_from([E.LOWER, E.HOLD, E.RESTORE, E.REPEAT]),
    duck=st.integers(1, 3),
    gain=st.floats(0, 1),
    resume=st.none() | st.integers(-RATE, RATE // 2),
)
STEPS = st.lists(ORDERS | st.tuples(st.integers(1, 2 * RATE), st.booleans()) | st.sampled_from(["cut", "same"]))


@given(STEPS)
def test_what_is_said_of_the_duck_belongs_to_its_state(steps):
    duck, item, order = Duck(RATE), item_at(500), Order()
    for step in steps:
        before = item.at
        if step == "cut":
            duck.cut(30)
            duck.dropped()
            assert duck.state is State.PLAYING
        elif step == "same":
            duck.obey(order, item)
        elif isinstance(step, Order):
            order = step
            duck.obey(order, item)
        else:
            frames = duck.frames
            duck.rendered(step[0], silent=step[1])
            assert duck.frames == frames + step[0]
        assert (duck.interrupted is None) == (duck.state is State.PLAYING)
        assert duck.silent == (duck.state in (State.DRY, State.HELD, State.RETURNING))
        assert item.at <= before, "it only goes back"
        target, slope = duck.aim(1.0, 0.5)
        assert 0 <= target <= 1
        assert slope > 0


@pytest.mark.parametrize(
    ("state", "gain", "target", "ms"),
    [
        (S.PLAYING, 0.0, 0.8, 20 / 0.8),
        (S.PLAYING, 1.0, 0.8, 2),
        (S.LOWERED, 0.8, 0.08, 7.2),
        (S.LOWERED, 0.01, 0.08, 0.7),
        (S.DRY, 0.0, 0.08, 0.8),
        (S.FALLING, 0.8, 0.08, 7.2),
        (S.FALLING, 0.08, 0.0, 30),
        (S.TURNING, 0.04, 0.0, 15),
        (S.HELD, 0.0, 0.0, 0),
        (S.CUT, 0.8, 0.0, 24),
    ],
)
def test_each_state_has_its_level_and_its_pace(state, gain, target, ms):
    to, slope = duck_in(state).aim(0.8, gain)
    assert to == pytest.approx(target)
    # Only the ramp up of what plays is paced by full scale, not by the reply's level.
    expected = 16 if (state, gain) == (S.PLAYING, 0.0) else ms
    assert abs(to - gain) / slope == pytest.approx(expected)


@pytest.mark.parametrize(
    ("state", "order", "at_ms", "at_once"),
    [
        (S.LOWERED, RESTORE, 500, False),
        (S.LOWERED, RESTORE, 0, True),
        (S.DRY, RESTORE, 500, True),
        (S.RETURNING, REPEAT, 500, False),
        (S.RETURNING, REPEAT, 10, True),
    ],
)
def test_what_comes_out_of_silence_or_begins_is_at_its_level_at_once(state, order, at_ms, at_once):
    item = item_at(at_ms)
    duck = duck_in(state, item)
    duck.rendered(BLOCK, silent=state is not S.LOWERED)
    assert duck.obey(order, item) is at_once
    assert duck.state is S.PLAYING


def test_without_an_item_whatever_comes_next_is_at_its_level_at_once():
    duck = duck_in(S.RETURNING)
    duck.rendered(BLOCK, silent=True)
    assert duck.obey(REPEAT, None)
    duck = duck_in(S.LOWERED)
    assert duck.obey(RESTORE, None)


@pytest.mark.parametrize(("number", "back_ms"), [(1, 300), (7, 500 - RESTORE_MS)])
def test_a_place_to_go_on_from_counts_for_its_own_duck_only(number, back_ms):
    item = item_at(500)
    duck = duck_in(S.HELD, item)
    duck.rendered(BLOCK, silent=True)
    duck.obey(Order(E.REPEAT, number, resume=300 * RATE // 1000), item)
    assert item.at == back_ms * RATE // 1000


def test_a_reply_goes_back_no_farther_than_the_last_time():
    item = item_at(500)
    item.rewind(450 * RATE // 1000)
    duck = duck_in(S.HELD, item)
    duck.rendered(BLOCK, silent=True)
    duck.obey(Order(E.REPEAT, 1, resume=0), item)
    assert item.at == 450 * RATE // 1000


@pytest.mark.parametrize(("apart_ms", "joined"), [(30, True), (40, False)])
def test_two_dips_close_together_are_one(apart_ms, joined):
    item = item_at(500)
    duck = Duck(RATE)
    duck.obey(LOWER, item)
    item.take(np.zeros(BLOCK, np.int16))
    duck.rendered(BLOCK, silent=False)
    duck.obey(RESTORE, item)
    item.take(np.zeros(apart_ms * RATE // 1000, np.int16))
    duck.rendered(apart_ms * RATE // 1000, silent=False)
    duck.obey(Order(E.LOWER, 2, 0.1), item)
    assert duck.interrupted == Interrupted(
        2, item, 500 * 16 if joined else (510 + apart_ms) * 16, duck.interrupted.since
    )
    assert duck.frames - duck.interrupted.since == ((10 + apart_ms) * 16 if joined else 0)


def test_dips_in_two_items_are_two():
    first, second = item_at(500), item_at(10)
    duck = duck_in(S.LOWERED, first)
    duck.obey(RESTORE, first)
    duck.obey(Order(E.LOWER, 2, 0.1), second)
    assert duck.interrupted.mark == second.at
    duck.obey(Order(E.RESTORE, 2), second)
    duck.obey(Order(E.LOWER, 3, 0.1), None)
    assert duck.interrupted == Interrupted(3, None, 0, 0)
