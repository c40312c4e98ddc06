"""What sound devices there are, and which one a name in the settings means.

PortAudio numbers devices anew whenever one comes or goes, so nothing here is kept by number: a device is known by
its name and by what ALSA calls its card.
"""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pyaudio
from msgspec import Struct
from msgspec.structs import replace

from device.audio.card import libasound
from device.audio.card.base import CardError
from device.audio.card.holders import with_holders
from device.audio.card.kernel import CARDS, named
from device.audio.card.portaudio import quiet, session
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.audio.card.libasound import Direction

log = logging.getLogger(__name__)

UNLISTED = -1
"""The number of a device that PortAudio does not list."""

_WORD = {"input": "microphone", "output": "loudspeaker"}
_HARDWARE = re.compile(r" \(hw:(\d+),(\d+)\)$")


class Device(Struct, frozen=True):
    """A sound device as PortAudio sees it."""

    index: int
    """PortAudio's number for it, until the next device comes or goes."""
    name: str
    inputs: int
    """Channels that can be recorded."""
    outputs: int
    """Channels that can be played."""
    card_id: str = ""
    """ALSA's short name of its card, if it is a card's own device."""
    card_name: str = ""
    """ALSA's long name of its card; for USB, with the port it is plugged into."""
    rates: tuple[int, ...] = ()
    """Those of `rates.HOST_RATES` that it takes in all its directions; none while another program holds it."""
    default_input: bool = False
    default_output: bool = False

    @property
    def plain_name(self) -> str:
        """The name without ALSA's card and device number, which change from plug to plug."""
        return _HARDWARE.sub("", self.name)

    @property
    def pcm(self) -> str:
        """What ALSA opens it by."""
        hardware = _HARDWARE.search(self.name)
        return f"hw:{hardware[1]},{hardware[2]}" if hardware else self.name

    def channels(self, direction: Direction) -> int:
        """Return how many channels there are in one direction."""
        return self.inputs if direction == "input" else self.outputs


def list_devices() -> list[Device]:
    """Return every device of the machine, with the rates it likes. Raises CardError if PortAudio does not start."""
    with session() as audio:
        found = scan(audio)
    return [replace(device, rates=_rates(device)) for device in found]


def scan(audio: pyaudio.PyAudio, cards: Path = CARDS) -> list[Device]:
    """Return the ALSA devices, in PortAudio's order and without their rates, which take long to try."""
    known = named(cards)
    infos = [audio.get_device_info_by_index(i) for i in range(audio.get_device_count())]
    try:
        api = audio.get_host_api_info_by_type(pyaudio.paALSA)
    except OSError:
        return []
    return [
        _device(info, known, api["defaultInputDevice"], api["defaultOutputDevice"])
        for info in infos
        if info["hostApi"] == api["index"]
    ]


def choose(devices: Sequence[Device], wanted: str, direction: Direction) -> Device:
    """Return the device that `wanted` means: a name or a part of one, or `default`.

    Names are PortAudio's, with or without the numbers, and ALSA's for the card; or of a device of ALSA that PortAudio
    does not list, such as plughw:1,0. A whole name goes before a part; of several that fit, the first by name is taken,
    and the log says so. Raises CardError naming what there is, or that it is in use.
    """
    able = sorted((d for d in devices if d.channels(direction)), key=_order)
    word = _WORD[direction]
    if not able:
        missing = (
            f"no {word} was found that can be opened: plug in a sound card, or see it with `arecord -l` and `aplay -l` "
            f"(sudo apt install alsa-utils); `{typed('demo')}` needs none"
        )
        return _named_by_alsa(wanted, direction, missing)
    if wanted == "default":
        fitting = [d for d in able if (d.default_input if direction == "input" else d.default_output)] or able[:1]
    else:
        fitting = [d for d in able if wanted in _names(d)] or [
            d for d in able if any(wanted.casefold() in name.casefold() for name in _names(d))
        ]
    if not fitting:
        plain = [device.plain_name for device in able]
        names = dict.fromkeys(d.plain_name if plain.count(d.plain_name) == 1 else d.name for d in able)
        listed = ", ".join(map(in_toml, dict.fromkeys(("default", *names))))
        missing = (
            f"card.{direction}: there is no {word} {in_toml(wanted)}; there are, to be written like this or in part: "
            f"{listed}"
        )
        return _named_by_alsa(wanted, direction, missing)
    if len(fitting) > 1:
        log.warning(
            "%s %s fits %s: taking the first", word, in_toml(wanted), ", ".join(in_toml(d.name) for d in fitting)
        )
    return fitting[0]


def _named_by_alsa(wanted: str, direction: Direction, missing: str) -> Device:
    """Return the device that ALSA knows by that name, though it is not listed: PortAudio lists none that is in use.

    Raises CardError: that it is in use, or `missing`.
    """
    try:
        with quiet:
            libasound.rates(wanted, direction)
    except libasound.BusyError:
        raise
    except CardError:
        raise with_holders(missing) from None
    return Device(UNLISTED, wanted, 0, 1) if direction == "output" else Device(UNLISTED, wanted, 1, 0)


def in_toml(name: str) -> str:
    """Return a name as it is written in the settings, in TOML."""
    return json.dumps(name, ensure_ascii=False)


def again(devices: Sequence[Device], before: Device, direction: Direction) -> Device:
    """Return the device that was chosen before and may have got new numbers since. Raises CardError if it is away."""
    if before.index == UNLISTED:
        return before
    same = [d for d in devices if d.channels(direction) and d.plain_name == before.plain_name]
    if not same:
        raise CardError(f"the {_WORD[direction]} {in_toml(before.name)} is not there")
    # Of two cards of one make, the one in the same USB port.
    return min(same, key=lambda d: (d.card_name != before.card_name, _order(d)))


def _device(info: Any, cards: dict[int, tuple[str, str]], default_input: int, default_output: int) -> Device:
    hardware = _HARDWARE.search(info["name"])
    card_id, card_name = cards.get(int(hardware[1]), ("", "")) if hardware else ("", "")
    return Device(
        index=info["index"],
        name=info["name"],
        inputs=info["maxInputChannels"],
        outputs=info["maxOutputChannels"],
        card_id=card_id,
        card_name=card_name,
        default_input=info["index"] == default_input,
        default_output=info["index"] == default_output,
    )


def _rates(device: Device) -> tuple[int, ...]:
    directions: list[Direction] = []
    directions += ["input"] if device.inputs else []
    directions += ["output"] if device.outputs else []
    try:
        with quiet:
            taken = [libasound.rates(device.pcm, direction) for direction in directions]
    except CardError:
        return ()
    return tuple(sorted(set.intersection(*map(set, taken)))) if taken else ()


def _names(device: Device) -> tuple[str, ...]:
    return device.name, device.plain_name, device.card_id, device.card_name


def _order(device: Device) -> tuple[str, str, int, int]:
    hardware = _HARDWARE.search(device.name)
    return device.plain_name.casefold(), device.card_name, int(hardware[2]) if hardware else 0, device.index
