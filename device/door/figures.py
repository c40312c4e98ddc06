"""What is said through the door of how a device does, for whoever looks after many: numbers, and no word of anybody's.

All counts are since the daemon was started.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct, field

from device.door.base import Reply, Request

RESPONSE_S: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Bounds of the response's spread. A choice: close around 650 ms and 1 s, what half and 95 % of turns are to take."""
SILENCE_S: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.5, 2.5)
"""Bounds of the spread of how soon an interruption silences a reply; likewise, around 300 and 600 ms."""


class GetFigures(Request, frozen=True):
    """How does the device do? Answered by `FiguresAre`."""


class Spread(Struct, frozen=True):
    """How often something took how long."""

    counts: tuple[int, ...] = ()
    """For each bound how often it took at most as long, and longer than the bound before; then, how often longer."""
    total_s: float = 0.0
    """All of it together."""


class Cuts(Struct, frozen=True, omit_defaults=True):
    """How often a reply was cut off, by what."""

    voice: int = 0
    """A voice over it."""
    engine: int = 0
    """The engine, of those that decide by themselves."""
    other: int = 0
    """The button, the wake word, a question by text and the like."""


class FiguresAre(Reply, frozen=True):
    """How the device does."""

    version: Annotated[str, Meta(max_length=100)]
    up_s: float
    """Since the daemon was started."""
    wakes: int = 0
    turns: int = 0
    """Replies that were heard to what somebody said."""
    response: Spread = Spread()
    """From the end of somebody's voice to the first sound of the reply: `RESPONSE_S`."""
    cuts: Cuts = Cuts()
    silence: Spread = Spread()
    """From the onset of a voice over a reply to the silence, of those that cut it off: `SILENCE_S`."""
    restores: int = 0
    """Replies that went on after all, though a voice had lowered them."""
    own_voice: int = 0
    """Voices that turned out to be the device's own, by which it interrupted or answered itself."""
    hears_itself: bool = False
    """It does so all the time, and believes no voice any more."""
    sessions: dict[str, int] = field(default_factory=dict)
    """Sessions with engines that were opened, by their names in the settings."""
    reconnects: int = 0
    """Of them, those that were opened because one before had failed in the same conversation."""
    handovers: int = 0
    """Sessions that another one took over from, unheard."""
    engine_errors: int = 0
    cost_today: float = 0.0
    """US dollars, as far as prices are known."""
    budget: float = 0.0
    """US dollars a day; 0: no limit."""
    card: bool = True
    """Whether the sound card is there."""
    cards_lost: int = 0
    """How often it vanished."""
    buffer_s: float = 0.0
    """How much sound the loudspeaker's buffer holds."""
    starved: int = 0
    """How often a reply ran dry, because the engine or the network was too slow."""
    overruns: int = 0
    underruns: int = 0
    """How often the card lost sound of the microphone, and had none for the loudspeaker."""
    lost_s: float = 0.0
    """Sound of the microphone that the assistant was too late for."""
    muted: bool = False
    settings_serial: int = 0
    """Which settings of the fleet are in force; 0: none."""
    faults: tuple[str, ...] = ()
    """Codes of what is wrong now: `Fault.code`."""
