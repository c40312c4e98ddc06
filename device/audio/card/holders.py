"""Who holds the sound cards: programs that have one open, by what the kernel tells of its streams.

A card's own device can be opened once. Whoever has it open keeps everybody else out, and PortAudio then lists it as if
it could neither hear nor play.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

from device.audio.card.base import CardError
from device.system.harmless import line

ASOUND = Path("/proc/asound")
PROC = Path("/proc")
"""Where the kernel tells of sound cards (Documentation/sound/designs/procfile.rst) and of processes."""
_STREAM = re.compile(r"card(\d+)/pcm(\d+)([cp])/sub\d+/status$")
_OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)


class Holder(Struct, frozen=True):
    """A program that has a stream of a card open."""

    card: str
    """As ALSA names the card, e.g. Device."""
    records: bool
    """It listens to the microphone; else it plays."""
    pid: int
    name: str
    """Of the program; empty for one that may not be looked at."""

    def __str__(self) -> str:
        who = f"{self.name} (process {self.pid})" if self.name else f"process {self.pid}"
        return f"the {'microphone' if self.records else 'loudspeaker'} of the card {self.card} is held by {who}"


def holders(asound: Path = ASOUND, proc: Path = PROC) -> list[Holder]:
    """Return who else has a sound card open, by the cards' order; nobody on a machine without cards."""
    found = []
    for status in sorted(asound.glob("card*/pcm*/sub*/status")):
        stream = _STREAM.search(str(status))
        owner = _OWNER.search(_text(status))
        if stream is None or owner is None or int(owner[1]) == os.getpid():
            continue
        card = _name(asound / f"card{stream[1]}" / "id") or stream[1]
        # A thread's number is told; its process has the name.
        found.append(Holder(card, stream[3] == "c", int(owner[1]), _name(proc / owner[1] / "comm")))
    return found


def with_holders(fault: str, asound: Path = ASOUND, proc: Path = PROC) -> CardError:
    """Return `fault` as an error that tells who holds a card, if anybody does."""
    told = dict.fromkeys(map(str, holders(asound, proc)))
    if not told:
        return CardError(fault)
    return CardError(f"{fault.rstrip('?.')}. In use: {'; '.join(told)}. End it, or have it use another card")


def _text(path: Path) -> str:
    """Return what a file of the kernel's says; names in it are as others like them."""
    try:
        return path.read_text(errors="replace")[:4096]
    except OSError:
        return ""


def _name(path: Path) -> str:
    return line(_text(path).strip())[:64]
