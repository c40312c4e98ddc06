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
        ("house_on", {"name": "reading", "called": "lamp"}, {"name": "reading lamp"}),
        (
            "house_dim",
            {"which": "bedside", "called": "light", "number": 7.0},
            {"brightness": 7, "name": "bedside light"},
        ),
        ("house_is_on", {"room": "kitchen", "thing": "light"}, {}),
        ("house_degrees", {"room": "kitchen"}, {}),
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


TOLD = """Live Context: An overview of the areas and the devices in this smart home:
- names: Ceiling Light
  domain: light
  state: 'on'
  areas: Kitchen
- names: Table Lamp
  domain: light
  state: 'on'
  areas: Kitchen
- names: Warmth
  domain: sensor
  state: '20.5'
  areas: Hall
  attributes:
    device_class: temperature
"""


@pytest.mark.parametrize(
    ("intent", "slots", "said"),
    [
        ("house_is_on", {"room": "kitchen", "thing": "light"}, "Ceiling Light, Table Lamp"),
        ("house_is_on", {"name": "ceiling", "called": "light"}, "Ceiling Light is on."),
        ("house_is_on", {"name": "moon", "called": "light"}, "doesn't know"),
        ("house_degrees", {"room": "hall"}, "20.5 degrees"),
        ("house_degrees", {"room": "kitchen"}, "doesn't know"),
    ],
)
def test_how_the_house_is(intent, slots, said):
    output = {"result": {"success": True, "result": TOLD}}
    (text,) = HOUSE.outputs["GetLiveContext"](output, [Meaning(intent, slots)], TALK)
    assert said in text
