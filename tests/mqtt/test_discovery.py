"""What Home Assistant is told of a device."""

import json
import re

import pytest
from support.scripted_door import ABOUT

from device.door import messages as door
from device.mqtt.asked import request
from device.mqtt.discovery import announcement
from device.mqtt.told import Telling
from device.mqtt.topics import EVENTS, Topics
from device.settings.mqtt import MqttSettings

NEEDS = {
    "sensor": {"state_topic"},
    "binary_sensor": {"state_topic"},
    "switch": {"command_topic"},
    "number": {"command_topic"},
    "button": {"command_topic"},
    "notify": {"command_topic"},
    "event": {"state_topic", "event_types"},
    "update": {"state_topic"},
}
"""What each platform cannot do without (Home Assistant's documentation of each MQTT platform)."""
EVERY = (
    door.State("asleep", "asleep"), door.Muted(), door.Volume(1), door.Engine(), door.Cost(), door.Faults(),
    door.Timers(), door.Timers(ringing=True), door.Caption("u", "user", "a", final=True),
    door.Caption("a", "assistant", "a"), door.Heard("a", 1, over=True),
)  # fmt: skip
"""An event of each kind."""


def announced(**settings):
    made = MqttSettings(**settings)
    return json.loads(announcement(ABOUT, made, Topics(made)))


@pytest.fixture
def told():
    """What is told of each topic."""
    topics, telling = Topics(MqttSettings(topic="t")), Telling(words=True)
    return {topics.told(what): payload for event in EVERY for what, payload in telling.on(event)}


def test_each_component_has_what_its_platform_needs():
    found = announced(words=True)
    assert found["device"]["identifiers"]
    assert found["origin"]["name"]
    components = found["components"]
    for key, one in components.items():
        assert NEEDS[one["platform"]] <= one.keys(), key
    assert len({one["unique_id"] for one in components.values()}) == len(components)


def test_what_is_read_is_told_and_what_is_commanded_can_be_asked_for(told):
    topics = Topics(MqttSettings(topic="t"))
    found = announced(words=True, topic="t")
    components = found["components"].values()
    read = {one[key] for one in components for key in ("state_topic", "json_attributes_topic") if key in one}
    assert read == set(told)
    assert found["availability_topic"] == topics.told("available")
    payloads = {"mute": b"ON", "volume": b"5", "say": b"a", "ask": b"a"}
    commanded = [topics.asked(one["command_topic"]) for one in components if "command_topic" in one]
    for what in commanded:
        request(what, payloads.get(what, b"PRESS"))
    assert {"wake", "stop", "say", "ask", "mute", "volume"} <= set(commanded)


def test_what_a_template_reads_is_in_the_message(told):
    keys = []
    for one in announced(words=True, topic="t")["components"].values():
        for template in (one.get("value_template", ""), one.get("last_reset_value_template", "")):
            for key in re.findall(r"value_json\.(\w+)", template):
                assert key in json.loads(told[one["state_topic"]])
                keys.append(key)
    assert len(keys) > 5


def test_what_happens_is_of_a_kind_that_was_announced(told):
    (event,) = (one for one in announced(topic="t")["components"].values() if one["platform"] == "event")
    assert json.loads(told[event["state_topic"]])["event_type"] in event["event_types"]
    assert {event["state_topic"].rpartition("/")[2]} == EVENTS


@pytest.mark.parametrize("name", ['Kitchen "1"', "Küche\n", "{{ 7 * 7 }}", "\N{ROBOT FACE}" * 50])
def test_a_name_is_as_it_was_given(name):
    assert announced(name=name)["device"]["name"] == name


def test_words_have_entities_only_if_they_are_told():
    assert {"user", "reply"} <= announced(words=True)["components"].keys()
    assert not {"user", "reply"} & announced()["components"].keys()


def test_every_state_is_one_that_home_assistant_was_told_of():
    options = announced()["components"]["state"]["options"]
    assert {"listening", "ringing", "updating", "fault"} <= set(options)
    assert len(options) == len(set(options))
