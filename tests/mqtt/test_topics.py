"""Below which topics a device is told of."""

import pytest

from device.mqtt.topics import Topics, number_of
from device.settings.mqtt import MqttSettings


@pytest.fixture
def machine(tmp_path):
    file = tmp_path / "machine-id"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    return file


def test_a_machine_has_one_number_that_does_not_tell_its_id(machine, tmp_path):
    number = number_of(machine)
    assert number == number_of(machine)
    assert number not in machine.read_text()
    assert number != number_of(tmp_path / "none")


def test_topics_are_its_own(machine):
    topics = Topics(MqttSettings(), machine)
    number = number_of(machine)
    assert topics.told("state") == f"parley/{number}/state"
    assert topics.do("say") == f"parley/{number}/do/say"
    assert topics.config == f"homeassistant/device/parley_{number}/config"
    assert topics.home == "homeassistant/status"


def test_topics_can_be_set(machine):
    topics = Topics(MqttSettings(topic="house/kitchen/", discovery=""), machine)
    assert topics.told("mute") == "house/kitchen/mute"
    assert (topics.config, topics.home) == ("", "")


@pytest.mark.parametrize(
    ("topic", "asked"),
    [
        ("house/do/say", "say"),
        ("house/do/what", "what"),
        ("house/say", ""),
        ("house/do/say/more", ""),
        ("other/do/say", ""),
        ("", ""),
    ],
)
def test_what_is_asked_for_is_the_end_of_a_topic_below_do(machine, topic, asked):
    assert Topics(MqttSettings(topic="house"), machine).asked(topic) == asked
