"""What the kernel says of its sound cards, also of those that are in use, which PortAudio does not list."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

CARDS: Final = Path("/proc/asound/cards")
"""Where the kernel lists its sound cards."""
MOST: Final = 32
"""Cards that are looked at: the kernel has no more (SNDRV_CARDS)."""
_CARD: Final = re.compile(r"^ *(\d+) \[(\S+) *\]: .*\n +(.*)$", re.MULTILINE)
_USB_CHANNELS: Final = re.compile(r"^Capture:.*?^ *Channels: (\d+)$", re.MULTILINE | re.DOTALL)


class KernelCard(Struct, frozen=True):
    """A sound card."""

    id: str
    """ALSA's short name, which the settings take."""
    name: str
    """Its long one."""
    inputs: int
    """Channels that can be recorded, as far as that is known without opening it; 0 if none can."""
    outputs: bool
    """Whether it can play."""


def named(path: Path = CARDS) -> dict[int, tuple[str, str]]:
    """Return ALSA's short and long name of each card by its number."""
    try:
        text = path.read_text(errors="replace")
    except OSError:  # a machine without ALSA cards has no such file
        return {}
    return {int(number): (short, long) for number, short, long in _CARD.findall(text)}


def cards(path: Path = CARDS) -> list[KernelCard]:
    """Return the cards that can record or play, by their numbers."""
    found = []
    for number, (short, long) in sorted(named(path).items())[:MOST]:
        folder = path.parent / f"card{number}"
        inputs = _inputs(folder) if any(folder.glob("pcm*c")) else 0
        if inputs or any(folder.glob("pcm*p")):
            found.append(KernelCard(short, long, inputs, any(folder.glob("pcm*p"))))
    return found


def _inputs(folder: Path) -> int:
    """Return how many channels a card records; of one that is not on USB, which does not say, 1."""
    try:
        told = (folder / "stream0").read_text(errors="replace")
    except OSError:
        return 1
    return max(map(int, _USB_CHANNELS.findall(told)), default=1)
