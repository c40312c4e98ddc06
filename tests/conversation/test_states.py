"""The table of transitions, and that it is drawn as it is."""

import re

import pytest

from device.conversation import states
from device.conversation.states import TRANSITIONS, Cause, State, following

ARROW = re.compile(r" ──(\w+)──▶ ")


def drawn():
    """Return the arrows of the module's drawing: (from, cause, to)."""
    arrows = []
    for line in states.__doc__.splitlines():
        first, *rest = ARROW.split(line)
        starts = first.strip().split(", ")
        for cause, end in zip(rest[::2], rest[1::2], strict=True):
            arrows += [(State(start), Cause(cause), State(end)) for start in starts]
            starts = [end]
    return arrows


def test_the_drawing_and_the_table_agree():
    table = [(start, cause, end) for start, ways in TRANSITIONS.items() for cause, end in ways.items()]
    arrows = drawn()
    assert len(set(arrows)) == len(arrows), "an arrow is drawn twice"
    assert set(arrows) == set(table)


def test_every_cause_leads_to_one_state_wherever_it_comes_from():
    for cause in Cause:
        assert len({ways[cause] for ways in TRANSITIONS.values() if cause in ways}) == 1


def test_mute_is_left_by_unmuting_only():
    assert TRANSITIONS[State.MUTED] == {Cause.UNMUTED: State.ASLEEP}


def test_every_state_can_be_reached_and_left():
    assert TRANSITIONS.keys() == set(State)
    assert {end for ways in TRANSITIONS.values() for end in ways.values()} == set(State)


def test_what_leads_nowhere_is_refused():
    assert following(State.ASLEEP, Cause.AWAITED) is State.CONNECTING
    with pytest.raises(ValueError, match=r"'playing'.* does not lead out of .*'asleep'"):
        following(State.ASLEEP, Cause.PLAYING)
