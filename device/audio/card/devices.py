"""What sound devices there are, and which one a name in the settings means.

PortAudio numbers devices anew whenever one comes or goes, so nothing here is kept by number: a device is known by
its name and by what ALSA calls its card.
"""

from __future__ import annotations

import contextlib
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyaudio
from msgspec import Struct
from msgspec.structs import replace

from device.audio.card.base import CardError
from device.audio.card.holders import with_holders
from device.audio.card.portaudio import quiet, session

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)

Direction = Literal["input", "output"]

RATES = (48_000, 24_000, 16_000)
"""Sample rates that Parley can use, best first."""
CARDS = Path("/proc/asound/cards")
"""Where the kernel lists its sound cards."""

_WORD = {"input": "microphone", "output": "loudspeaker"}
_HARDWARE = re.compile(r" \(hw:(\d+),(\d+)\)$")
_CARD = re.compile(r"^ *(\d+) \[(\S+) *\]: .*\n +(.*)$", re.MULTILINE)


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
    """Those of `RATES` that it takes in all its directions; none while another program holds it."""
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
        return [_rated(audio, device) for device in scan(audio)]


def scan(audio: pyaudio.PyAudio, cards: Path = CARDS) -> list[Device]:
    """Return the ALSA devices, in PortAudio's order and without their rates, which take long to try."""
    known = _cards(cards)
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

    Names are PortAudio's, with or without the numbers, and ALSA's for the card. A whole name goes before a part;
    of several that fit, the first by name is taken, and the log says so. Raises CardError naming what there is.
    """
    able = sorted((d for d in devices if d.channels(direction)), key=_order)
    word = _WORD[direction]
    if not able:
        raise with_holders(
            f"no {word} was found that can be opened: plug in a sound card, or see it with `arecord -l` and `aplay -l` "
            "(sudo apt install alsa-utils); `./scripts/run demo` needs none"
        )
    if wanted == "default":
        fitting = [d for d in able if (d.default_input if direction == "input" else d.default_output)] or able[:1]
    else:
        fitting = [d for d in able if wanted in _names(d)] or [
            d for d in able if any(wanted.casefold() in name.casefold() for name in _names(d))
        ]
    if not fitting:
        names = ", ".join(repr(d.name) for d in able)
        raise with_holders(f"card.{direction}: there is no {word} {wanted!r}; there are: default, {names}")
    if len(fitting) > 1:
        log.warning("%s %r fits %s: taking the first", word, wanted, ", ".join(repr(d.name) for d in fitting))
    return fitting[0]


def again(devices: Sequence[Device], before: Device, direction: Direction) -> Device:
    """Return the device that was chosen before and may have got new numbers since. Raises CardError if it is away."""
    same = [d for d in devices if d.channels(direction) and d.plain_name == before.plain_name]
    if not same:
        raise CardError(f"the {_WORD[direction]} {before.name!r} is not there")
    # Of two cards of one make, the one in the same USB port.
    return min(same, key=lambda d: (d.card_name != before.card_name, _order(d)))


def shared_rates(audio: pyaudio.PyAudio, microphone: Device | None, loudspeaker: Device | None) -> tuple[int, ...]:
    """Return those of `RATES` at which the devices can be opened together, mono."""
    arguments: dict[str, Any] = {}
    if microphone is not None:
        arguments |= {"input_device": microphone.index, "input_channels": 1, "input_format": pyaudio.paInt16}
    if loudspeaker is not None:
        arguments |= {"output_device": loudspeaker.index, "output_channels": 1, "output_format": pyaudio.paInt16}
    liked = []
    for rate in RATES:
        # PyAudio raises for every reason not to open a device, a wrong rate among them.
        with quiet, contextlib.suppress(ValueError, OSError):
            audio.is_format_supported(rate, **arguments)
            liked.append(rate)
    return tuple(liked)


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


def _rated(audio: pyaudio.PyAudio, device: Device) -> Device:
    rates = shared_rates(audio, device if device.inputs else None, device if device.outputs else None)
    return replace(device, rates=rates)


def _cards(path: Path) -> dict[int, tuple[str, str]]:
    """Return ALSA's short and long name of each card by its number."""
    try:
        text = path.read_text(errors="replace")
    except OSError:  # a machine without ALSA cards has no such file
        return {}
    return {int(number): (short, long) for number, short, long in _CARD.findall(text)}


def _names(device: Device) -> tuple[str, ...]:
    return device.name, device.plain_name, device.card_id, device.card_name


def _order(device: Device) -> tuple[str, str, int, int]:
    hardware = _HARDWARE.search(device.name)
    return device.plain_name.casefold(), device.card_name, int(hardware[2]) if hardware else 0, device.index
