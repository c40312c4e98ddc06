"""What Home Assistant tells of its devices, as its version 2026.2 wrote it, and what is nothing of the kind."""

import pytest

from device.skills.house.told import Device, told_devices

TEXT = """Live Context: An overview of the areas and the devices in this smart home:
- names: Bed Light, Night Light
  domain: light
  state: 'off'
  attributes:
    brightness:
- names: Heating
  domain: climate
  state: heat
  areas: Living Room, Downstairs
  attributes:
    current_temperature: 19.0
    temperature: 22.0
- names: Garden
  domain: sensor
  state: '-3.5'
  areas: Garden
  attributes:
    unit_of_measurement: °C
    device_class: temperature
- names: Door
  domain: sensor
  state: unavailable
  attributes:
    device_class: temperature
"""


def test_devices_are_found_with_what_is_asked_of_them():
    assert told_devices(TEXT) == [
        Device("Bed Light", "light", "off", ("",)),
        Device("Heating", "climate", "heat", ("Living Room", "Downstairs"), 19.0),
        Device("Garden", "sensor", "-3.5", ("Garden",), -3.5),
        Device("Door", "sensor", "unavailable", ("",)),
    ]


@pytest.mark.parametrize(
    "text", ["", "Turned on.", "names: x", "- names: ", "\n- names: \x00\n\n  state\n: :", "- names" * 3000]
)
def test_nonsense_is_no_device_that_anybody_named(text):
    assert all(not one.name.strip("\x00") for one in told_devices(text))
