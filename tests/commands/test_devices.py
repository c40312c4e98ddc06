"""`parley devices`: the table of sound cards."""

import json

import pytest

from device.audio.card.devices import Device
from device.commands import devices
from device.system.typed import typed


def test_each_card_is_a_row_with_what_it_is_the_default_for(parley, monkeypatch):
    found = [
        Device(0, "Jabra", 1, 2, rates=(48_000, 16_000), default_input=True, default_output=True),
        Device(1, "HDMI", 0, 8),
    ]
    monkeypatch.setattr(devices, "list_devices", lambda: found)
    result = parley("devices")
    assert result.exit_code == 0
    _, *rows = (line.split() for line in result.output.splitlines())
    assert rows[0] == ["Jabra", "1", "2", "48000,", "16000", "input,", "output"]
    assert rows[1][:4] == ["HDMI", "0", "8", "none:"]
    assert "card.input and card.output" in result.output


def test_machines_get_json(parley, monkeypatch):
    monkeypatch.setattr(devices, "list_devices", lambda: [Device(0, "Jabra", 1, 2, rates=(48_000,))])
    (told,) = json.loads(parley("devices", "--json").output)
    assert (told["name"], told["inputs"], told["rates"]) == ("Jabra", 1, [48_000])


def test_without_any_the_demo_is_offered(parley, monkeypatch):
    monkeypatch.setattr(devices, "list_devices", list)
    result = parley("devices")
    assert result.exit_code == 1
    assert result.output == (
        f"parley: no sound card was found. Plug one in, or hear Parley without one: {typed('demo')}\n"
    )


@pytest.mark.usefixtures("pulse")
def test_those_of_a_sound_server_are_there(parley):
    assert "default" in parley("devices").output
