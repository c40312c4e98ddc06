"""Which device a name means, and what PortAudio says there is."""

import ctypes
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyaudio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from support.pulse import Pulse

from device.audio.card.base import CardError
from device.audio.card.devices import Device, again, choose, list_devices, scan
from device.audio.card.portaudio import quiet
from device.audio.card.rates import RATES

CARDS = """\
 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [ArrayUAC10     ]: USB-Audio - ReSpeaker 4 Mic Array (UAC1.0)
                      SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:01:00.0-1.1, high speed
 2 [Device         ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics USB PnP Sound Device at usb-0000:01:00.0-1.2, full speed
 3 [Device_1       ]: USB-Audio - USB PnP Sound Device
                      C-Media Electronics USB PnP Sound Device at usb-0000:01:00.0-1.3, full speed
"""

HEADPHONES = Device(0, "bcm2835 Headphones: - (hw:0,0)", 0, 8, "Headphones", "bcm2835 Headphones")
RESPEAKER = Device(
    1, "ReSpeaker 4 Mic Array (UAC1.0): USB Audio (hw:1,0)", 6, 2, "ArrayUAC10", "SEEED ReSpeaker at usb-1.1, high"
)
STICK = Device(
    2, "USB PnP Sound Device: Audio (hw:2,0)", 1, 2, "Device", "C-Media USB PnP Sound Device at usb-1.2, full"
)
TWIN = Device(
    3, "USB PnP Sound Device: Audio (hw:3,0)", 1, 2, "Device_1", "C-Media USB PnP Sound Device at usb-1.3, full"
)
PLAIN = Device(4, "pulse", 32, 32)
DEFAULT = Device(5, "default", 32, 32, default_input=True, default_output=True)
ALL = [HEADPHONES, RESPEAKER, STICK, TWIN, PLAIN, DEFAULT]


Cards = Callable[..., None]


class FakePortAudio:
    """PortAudio's tables for a Raspberry Pi with three USB cards; JACK's devices are listed too."""

    def __init__(self) -> None:
        self.infos = [
            {"index": i, "name": d.name, "maxInputChannels": d.inputs, "maxOutputChannels": d.outputs, "hostApi": 0}
            for i, d in enumerate(ALL)
        ] + [{"index": 6, "name": "system", "maxInputChannels": 2, "maxOutputChannels": 2, "hostApi": 1}]

    def get_device_count(self) -> int:
        return len(self.infos)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        return self.infos[index]

    def get_host_api_info_by_type(self, kind: int) -> dict[str, int]:
        assert kind == pyaudio.paALSA
        return {"index": 0, "defaultInputDevice": 5, "defaultOutputDevice": 5}


def renumbered(found: list[Device], seed: int) -> list[Device]:
    """The same cards as PortAudio lists them after they were plugged in another order."""
    numbers = random.Random(seed).sample(range(10, 20), len(found))
    moved = [
        replace(d, index=i, name=d.name.replace(f"(hw:{d.name[-4]},", f"(hw:{i},"))
        for i, d in zip(numbers, found, strict=True)
    ]
    return sorted(moved, key=lambda d: d.index)


@pytest.mark.parametrize(
    ("wanted", "direction", "expected"),
    [
        ("default", "input", DEFAULT),
        ("default", "output", DEFAULT),
        ("ReSpeaker", "input", RESPEAKER),
        ("respeaker 4 mic", "output", RESPEAKER),
        ("ArrayUAC10", "input", RESPEAKER),
        ("seeed", "input", RESPEAKER),
        ("ReSpeaker 4 Mic Array (UAC1.0): USB Audio (hw:1,0)", "input", RESPEAKER),
        ("USB PnP Sound Device: Audio (hw:3,0)", "input", TWIN),
        ("Device_1", "input", TWIN),
        ("Device", "input", STICK),
        ("usb-1.3", "output", TWIN),
        ("pulse", "input", PLAIN),
        ("headphones", "output", HEADPHONES),
    ],
)
def test_a_name_means_a_device(wanted: str, direction: Any, expected: Device) -> None:
    assert choose(ALL, wanted, direction) == expected


@given(seed=st.integers(0, 999), wanted=st.sampled_from(["ReSpeaker", "usb", "Device_1", "pnp", "default"]))
def test_a_name_keeps_meaning_the_same_card_when_numbers_change(seed: int, wanted: str) -> None:
    before = choose(ALL, wanted, "input")
    after = choose(renumbered(ALL, seed), wanted, "input")
    assert (after.plain_name, after.card_id, after.card_name) == (before.plain_name, before.card_id, before.card_name)


@given(seed=st.integers(0, 999), device=st.sampled_from(ALL))
def test_a_device_is_found_again_under_its_new_number(seed: int, device: Device) -> None:
    found = again(renumbered(ALL, seed), device, "output")
    assert (found.plain_name, found.card_name) == (device.plain_name, device.card_name)


def test_a_card_in_another_usb_port_is_found_again() -> None:
    moved = replace(STICK, card_id="Device_2", card_name="C-Media USB PnP Sound Device at usb-1.4, full")
    assert again([RESPEAKER, moved], STICK, "input") == moved


def test_another_card_does_not_take_the_place_of_one_that_is_away() -> None:
    with pytest.raises(CardError, match="ReSpeaker 4 Mic Array"):
        again([HEADPHONES, STICK, PLAIN, DEFAULT], RESPEAKER, "input")


def test_an_ambiguous_name_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert choose(ALL, "usb pnp", "input") == STICK
    assert 'fits "USB PnP Sound Device: Audio (hw:2,0)", "USB PnP Sound Device: Audio (hw:3,0)"' in caplog.text


def test_an_unknown_name_lists_those_there_are_as_they_are_typed(no_sound: None) -> None:
    with pytest.raises(CardError) as caught:
        choose(ALL, "Jabra", "input")
    assert str(caught.value) == (
        'card.input: there is no microphone "Jabra"; there are, to be written like this or in part: "default", '
        '"pulse", "ReSpeaker 4 Mic Array (UAC1.0): USB Audio", "USB PnP Sound Device: Audio (hw:2,0)", '
        '"USB PnP Sound Device: Audio (hw:3,0)"'
    )


def test_each_name_of_that_list_is_one_that_may_be_typed(no_sound: None) -> None:
    with pytest.raises(CardError) as caught:
        choose(ALL, "Jabra", "output")
    for name in msgspec.toml.decode(f"names = [{str(caught.value).rpartition('part: ')[2]}]".encode())["names"]:
        assert name in choose(ALL, name, "output").name


def test_a_name_is_looked_for_among_devices_of_its_direction(no_sound: None) -> None:
    with pytest.raises(CardError, match='no microphone "Headphones"'):
        choose(ALL, "Headphones", "input")


def test_a_device_of_alsa_that_is_not_listed_may_be_named(cards: Cards) -> None:
    cards(jack="rate 44100 direction capture")
    found = choose(ALL, "jack", "input")
    assert (found.pcm, found.inputs) == ("jack", 1)
    assert again(ALL, found, "input") == found


def test_a_device_that_another_program_has_is_said_to_be_in_use(cards: Cards) -> None:
    cards(busy="rate 48000 busy 1", other="rate 48000")
    with pytest.raises(CardError, match=r"^busy is in use by another program$"):
        choose(list_devices(), "busy", "input")


@pytest.mark.parametrize("wanted", ["default", "only"])
def test_the_only_card_is_said_to_be_in_use_and_nobody_is_told_to_plug_one_in(cards: Cards, wanted: str) -> None:
    cards(default="rate 48000 busy 1", only="rate 48000 busy 1")
    with pytest.raises(CardError, match=rf"^{wanted} is in use by another program$"):
        choose(list_devices(), wanted, "input")


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000])
def test_the_rates_of_each_device_are_its_own(cards: Cards, rate: int) -> None:
    cards(one=f"rate {rate}", two="rate 48000 format S32_LE channels 8")
    found = {device.name: device for device in list_devices()}
    assert found["one"].rates == (rate,)
    assert (found["two"].rates, found["two"].inputs) == ((48_000,), 8)


@pytest.mark.parametrize(("found", "word"), [([], "microphone"), ([HEADPHONES], "microphone")])
def test_no_card_is_one_clear_line(found: list[Device], word: str, no_sound: None) -> None:
    with pytest.raises(CardError) as caught:
        choose(found, "default", "input")
    assert str(caught.value).startswith(f"no {word} was found")
    assert "\n" not in str(caught.value)


def test_devices_carry_the_names_of_their_cards(tmp_path: Path) -> None:
    (tmp_path / "cards").write_text(CARDS)
    found = scan(FakePortAudio(), tmp_path / "cards")
    assert [d.name for d in found] == [d.name for d in ALL], "ALSA's only"
    assert [d.card_id for d in found] == ["Headphones", "ArrayUAC10", "Device", "Device_1", "", ""]
    assert found[1].card_name == "SEEED ReSpeaker 4 Mic Array (UAC1.0) at usb-0000:01:00.0-1.1, high speed"
    assert [d.default_input for d in found] == [False] * 5 + [True]
    assert [d.card_id for d in scan(FakePortAudio(), tmp_path / "none")] == [""] * 6


def test_the_devices_of_a_sound_server_are_listed(pulse: Pulse) -> None:
    found = {d.name: d for d in list_devices()}
    assert set(found) >= {"default", "Loopback", "Microphone"}
    assert found["default"].default_input
    assert found["default"].default_output
    assert set(RATES) <= set(found["Loopback"].rates)
    assert not found["Loopback"].default_input


def test_looking_for_devices_is_silent(
    pulse: Pulse, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # The system's own ALSA configuration names dozens of devices that a machine does not have.
    monkeypatch.delenv("ALSA_CONFIG_PATH")
    assert list_devices()
    assert capfd.readouterr() == ("", "")


def test_trying_a_device_that_cannot_be_opened_is_silent(pulse: Pulse, capfd: pytest.CaptureFixture[str]) -> None:
    microphone = next(d for d in list_devices() if d.name == "Microphone")
    assert microphone.rates == (), "it has no loudspeaker, though ALSA says so"
    assert capfd.readouterr() == ("", "")


def test_the_rest_of_the_process_is_not_silenced(capfd: pytest.CaptureFixture[str]) -> None:
    library = ctypes.CDLL(None)
    with quiet:
        with quiet:
            sys.stderr.write("from Python\n")
            library.perror(b"from C, while quiet")
        library.perror(b"from C, still quiet")
    library.perror(b"from C")
    said = capfd.readouterr().err
    assert "from Python" in said
    assert "quiet" not in said
    assert "from C" in said


def test_a_machine_without_sound_has_no_devices(no_sound: None) -> None:
    assert list_devices() == []
