import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.skills import talk

from device.local.brain.outputs import say
from device.skills.skill import Meaning
from device.skills.skills import SKILLS

TALK = talk()
SKILL = {tool: skill for skill in SKILLS for tool in skill.outputs}
CLOCK = {"time": "09:15", "date": "2026-12-31"}
TIMERS = {"timers": [{"name": "tea", "remaining_seconds": 125}, {"name": "egg", "remaining_seconds": 1}]}


def test_what_a_tool_refuses_is_said_without_jargon_where_the_language_has_words_for_it():
    error = {"error": "the device does not know the time: it has no clock of its own, and no network yet"}
    said = ["I don't know the time yet: nobody has told it to me since I was switched on."]
    assert say(SKILL["get_time"], "get_time", json.dumps(error), [], TALK) == said


@pytest.mark.parametrize(
    ("tool", "output", "asked", "said"),
    [
        ("get_time", CLOCK, [], ["It is a quarter past nine in the morning."]),
        ("get_time", CLOCK, [Meaning("weekday", {}), Meaning("hello", {})], ["Today is Thursday."]),
        ("get_time", CLOCK, [Meaning("year", {}), Meaning("month", {})], ["It is 2026.", "It is December."]),
        ("set_timer", {"name": None, "seconds": 300}, [], ["Your timer for 5 minutes is set."]),
        ("set_timer", {"name": "tea timer", "seconds": 90}, [], ["Your tea timer is set for 1 minute and 30 seconds."]),
        ("set_timer", {"name": "five second timer", "seconds": 5}, [], ["Your timer for 5 seconds is set."]),
        ("list_timers", {"timers": []}, [], ["There is no timer running."]),
        ("list_timers", {"timers": []}, [Meaning("list_timers", {"name": "tea"})], ["There is no timer running."]),
        (
            "list_timers",
            TIMERS,
            [],
            ["Your tea timer has 2 minutes and 5 seconds left.", "Your egg timer has 1 second left."],
        ),
        ("list_timers", TIMERS, [Meaning("list_timers", {"name": "egg"})], ["Your egg timer has 1 second left."]),
        ("list_timers", TIMERS, [Meaning("list_timers", {"name": "cake"})], ["There is no timer called cake."]),
        (
            "list_timers",
            {"timers": [{"name": None, "remaining_seconds": 60}]},
            [],
            ["There is 1 minute left on your timer."],
        ),
        (
            "list_timers",
            {"timers": [{"remaining_seconds": 120}]},
            [],
            ["There are 2 minutes left on your timer."],
        ),
        ("cancel_timer", {"cancelled": []}, [], ["There was no timer to cancel."]),
        ("cancel_timer", {"cancelled": ["tea"]}, [], ["Your tea timer is cancelled."]),
        ("cancel_timer", {"cancelled": [{"name": "tea timer"}]}, [], ["Your tea timer is cancelled."]),
        ("cancel_timer", {"cancelled": [{"name": ""}]}, [], ["Your timer is cancelled."]),
        ("cancel_timer", {"cancelled": ["tea", "egg"]}, [], ["All 2 timers are cancelled."]),
        ("cancel_timer", {"which": ["tea timer", "egg"]}, [], ["Which one? There are these timers: tea, egg."]),
        ("set_volume", {"percent": 60}, [], ["Volume 60 percent."]),
        ("mute", {}, [], ["The microphone is muted."]),
        ("sleep", {}, [], []),
        ("mute", {"error": "no card"}, [], ["That did not work: no card."]),
        ("mute", {"error": "Why?"}, [], ["That did not work: Why?"]),
        ("mute", {"error": ""}, [], ["That did not work: no reason was given."]),
        ("turn_on_light", {"ok": True}, [], ["Done."]),
        ("turn_on_light", "The light is on.", [], ["The light is on."]),
        ("turn_on_light", " ", [], ["Done."]),
        ("turn_on_light", ["on"], [], ["Done."]),
        # Other clients' functions of the same names.
        ("get_time", {"zeit": 3}, [], ["Done."]),
        ("get_time", "noon", [], ["noon"]),
        ("list_timers", {"timers": 7}, [], ["Done."]),
        ("list_timers", {"timers": ["tea"]}, [], ["Done."]),
        ("cancel_timer", {"cancelled": None}, [], ["Done."]),
        ("set_timer", {"name": 1, "seconds": 60}, [], ["Done."]),
        ("set_timer", {"seconds": float("inf")}, [], ["Done."]),
    ],
)
def test_an_output_is_phrased(tool, output, asked, said):
    assert say(SKILL.get(tool), tool, json.dumps(output), asked, TALK) == said


def test_what_is_no_json_is_spoken_as_it_is():
    assert say(None, "turn_on_light", "  The light is on. ", [], TALK) == ["The light is on."]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*CLOCK, "timers", "name"]), inner),
    max_leaves=6,
)


NEW = ["change_timer", "set_alarm", "set_reminder", "list_alarms", "cancel_alarm", "snooze"]


@given(st.sampled_from(["get_time", "set_timer", "list_timers", "cancel_timer", "set_volume", "other", *NEW]), JSON)
def test_whatever_a_client_returns_can_be_spoken(tool, output):
    said = say(SKILL.get(tool), tool, json.dumps(output), [], TALK)
    assert all(isinstance(sentence, str) for sentence in said)
