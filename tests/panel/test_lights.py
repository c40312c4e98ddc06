import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.states import State
from device.panel.lights import (
    DARK,
    PATTERNS,
    SILENT,
    STREAMING_FLOOR,
    WHITE,
    Status,
    counting_s,
    frame,
    sample,
    scene,
    still,
)

TIMES = np.arange(0, 12, 0.02)
STREAMS = {"listening": True, "leak": True}
STATUSES = {
    **{state.value: Status(state, streaming=state is State.LISTENING) for state in State},
    "closed": Status(State.LISTENING, closed=True),
    "updating": Status(updating=True),
    "setting_up": Status(setting_up=True),
    "code": Status(digits="12"),
    "ringing": Status(ringing=True),
    "asking": Status(State.MUTED, asking=True),
    "leak": Status(streaming=True, leak=True),
}
TALK = (np.sin(TIMES * 9) > 0) * np.abs(np.sin(TIMES * 1.7))
"""A level as of speech."""


def trace(status, count=1, coloured=False):
    """Return the brightness of each LED over time, `(times, count)`."""
    levels = TALK if scene(status) == "speaking" else np.zeros(len(TIMES))
    shown = [frame(status, t, level, count, coloured=coloured) for t, level in zip(TIMES, levels, strict=True)]
    return np.array([[max(colour) for colour in one] for one in shown])


def test_there_is_a_pattern_for_everything():
    assert set(STATUSES) == set(PATTERNS)
    assert {name: scene(status) for name, status in STATUSES.items()} == {name: name for name in PATTERNS}


@pytest.mark.parametrize("count", [1, 2, 3, 12])
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(sorted(STATUSES), 2)))
def test_no_two_states_look_alike_without_colours(one, other, count):
    """However they are shifted in time, they differ in more than a glimpse, or half of the time a little."""
    a, b = (trace(STATUSES[name], count, coloured=False) for name in (one, other))
    seen = range(0, 300, 10) if count == 1 else (0,)
    for shift in seen:
        difference = np.abs(np.roll(a, shift, axis=0) - b).max(axis=1)
        assert (difference > 0.2).mean() > 0.04, f"{one} and {other}, {shift / 50} s later"


@pytest.mark.parametrize("name", sorted(set(STATUSES) - {"speaking"}))
@pytest.mark.parametrize("coloured", [False, True])
def test_nothing_flashes_more_than_three_times_a_second(name, coloured):
    """More can be harmful to people with epilepsy."""
    bright = trace(STATUSES[name], 1, coloured)[:, 0] > 0.55
    rises = TIMES[1:][bright[1:] & ~bright[:-1]]
    for t in rises:
        assert ((rises >= t) & (rises < t + 1.0)).sum() <= 3


@pytest.mark.parametrize("count", [1, 3, 12])
def test_asleep_is_dark_and_muted_is_red_all_the_time(count):
    assert not trace(STATUSES["asleep"], count, True).any()
    for t in TIMES:
        lit = frame(STATUSES["muted"], t, 0.0, count)[1 if count >= 3 else 0 :]
        assert set(lit) == {(1.0, 0.0, 0.0)}


def test_the_reply_is_followed():
    status = Status(State.SPEAKING)
    assert max(frame(status, 0, 0.0, 1)[0]) < 0.15
    levels = [max(frame(status, 0, level, 1)[0]) for level in (0.2, 0.5, 1.0)]
    assert levels == sorted(levels)
    assert levels[-1] - levels[0] > 0.5


LOOK = st.builds(
    Status, st.sampled_from(State), streaming=st.booleans(), leak=st.just(False), ringing=st.booleans(),
    updating=st.booleans(), setting_up=st.booleans(), asking=st.booleans(), closed=st.booleans(),
    digits=st.text("0123456789", max_size=12),
)  # fmt: skip


@given(LOOK, st.floats(0, 100), st.floats(0, 1), st.integers(1, 24), st.booleans())
def test_what_the_lights_say_of_streaming_is_true(status, t, level, count, coloured):
    shown = frame(status, t, level, count, coloured=coloured)
    assert len(shown) == count
    assert all(0 <= part <= 1 for colour in shown for part in colour)
    if status.streaming:
        assert all(max(colour) >= STREAMING_FLOOR * 0.9 for colour in shown), "no light goes out"
    if count >= 3:
        assert (shown[0] == WHITE) is status.streaming
        assert status.streaming or shown[0] == (0, 0, 0)


def test_it_does_not_look_like_listening_while_nothing_leaves():
    deaf = Status(State.LISTENING)
    assert scene(deaf) == "connecting"
    assert not still(deaf, coloured=True)


@pytest.mark.parametrize("state", SILENT)
def test_a_leak_is_seen_whatever_the_state_says(state):
    leaking = Status(state, streaming=True, leak=True)
    assert (trace(leaking)[:, 0] >= STREAMING_FLOOR * 0.9).all()
    assert scene(leaking) == "leak"


@given(LOOK, st.integers(1, 12), st.booleans(), st.floats(0, 100), st.floats(0, 100))
def test_what_is_still_does_not_move(status, count, coloured, t, later):
    if still(status, coloured=coloured):
        assert frame(status, t, 0, count, coloured=coloured) == frame(status, later, 1, count, coloured=coloured)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_sample_of_a_light_never_says_that_sound_leaves(name):
    frames = [sample(name, n / 10, 4) for n in range(40)]
    assert all(frame[0] == DARK for frame in frames)
    assert name == "asleep" or any(colour != DARK for frame in frames for colour in frame)


def counted(status, seconds):
    """Return how many blinks there are between pauses, as somebody counts them."""
    counts, lit, dark_since = [], False, 0.0
    for t in np.arange(0, seconds, 0.02):
        bright = max(frame(status, t, 0.0, 1)[0]) > 0.5
        if bright and not lit:
            if not counts or t - dark_since > 1:
                counts.append(0)
            counts[-1] += 1
        elif lit and not bright:
            dark_since = t
        lit = bright
    return counts


@pytest.mark.parametrize("digits", ["305192", "000000", "123456789012"])
def test_the_digits_of_a_code_can_be_counted(digits):
    whole = [int(digit) or 10 for digit in digits]
    status = Status(digits=digits)
    assert counted(status, counting_s(digits)) == whole
    assert counted(status, 2 * counting_s(digits)) == 2 * whole


def test_a_code_hides_neither_that_it_is_muted_nor_that_it_rings():
    assert scene(Status(State.MUTED, digits="12")) == "muted"
    assert scene(Status(ringing=True, digits="12")) == "ringing"
    assert scene(Status(State.SPEAKING, digits="12")) == "speaking"
    assert scene(Status(State.FAULT, digits="12")) == "code"
