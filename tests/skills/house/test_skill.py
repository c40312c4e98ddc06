"""The house: what is asked of Home Assistant's tools, and what is said of what they answer."""

from datetime import datetime

import pytest

from device.language.language import load_language
from device.language.phrases import Phrases
from device.skills.house.skill import HOUSE
from device.skills.skill import Meaning, Talk

LANGUAGE = load_language("en")
TALK = Talk(
    language=LANGUAGE,
    phrases=Phrases(LANGUAGE, "Jarvis"),
    now=lambda: datetime(2026, 11, 24, 10, 14),  # noqa: DTZ001 - the device's own clock
)


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("house_on", {"room": "kitchen", "thing": "fan"}, {"area": "kitchen", "domain": ["fan"]}),
        ("house_off", {"room": "kitchen"}, {"area": "kitchen", "domain": ["light"]}),
        ("house_off", {"every": "all", "thing": "light"}, {"name": "all", "domain": ["light"]}),
        ("house_dim", {"room": "hall", "number": 29.6}, {"brightness": 30, "area": "hall", "domain": ["light"]}),
        ("house_warm", {"number": 21.0}, {"temperature": 21}),
        ("house_warm", {"number": 21.0, "room": "bathroom"}, {"temperature": 21, "area": "bathroom"}),
    ],
)
def test_a_meaning_is_what_home_assistants_intents_take(intent, slots, arguments):
    assert HOUSE.arguments(Meaning(intent, slots), TALK) == arguments
    assert HOUSE.answer(Meaning(intent, slots), TALK) == ""


@pytest.mark.parametrize("intent", ["house_on", "house_off", "house_dim"])
def test_where_no_room_is_said_it_is_asked_for(intent):
    assert HOUSE.answer(Meaning(intent, {"thing": "light", "number": 3.0}), TALK).startswith("Where?")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"result": {"response_type": "action_done", "data": {"success": [{"name": "a"}], "failed": []}}}, "It's on."),
        ({"result": {"data": {"success": [], "failed": [{"name": "a"}]}}}, "I couldn't do that"),
        ({"result": {"response_type": "error"}}, "I couldn't do that"),
        ({"result": "Turned on."}, "It's on."),
        ({}, "It's on."),
    ],
)
def test_what_became_of_it_is_said(output, said):
    (text,) = HOUSE.outputs["HassTurnOn"](output, [Meaning("house_on", {"room": "hall"})], TALK)
    assert text.startswith(said)


def test_a_call_that_nobody_asked_for_is_done():
    assert HOUSE.outputs["HassTurnOn"]({}, [], TALK) == ["Done."]
