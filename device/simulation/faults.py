"""What goes wrong with the card of a simulated room, and when: the `[[fault]]`s of a scene.

What each kind does to the card's buffers is in `buffers.py`; a jump is one of the echo (`echo_paths.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

Kind = Literal["stall", "freeze", "overrun", "repeat", "drop", "jump", "buffer", "sleep"]
"""What may go wrong with the card:

- `stall`: the card stands still for `ms`, both ways. There is no callback, and what the microphone would have heard is
  lost; the loudspeaker plays what is buffered and then silence, until it goes on as late as before.
- `freeze`: the device's callbacks stand still for `ms`, the card does not. Then what the buffer holds (`latency_ms`) is
  worked off at once. Of a longer freeze, the rest is lost both ways, as in a stall; a card that tells its losses knows,
  too, that what it had kept came too late for anything to be played at that moment.
- `sleep`: the whole process stands still for `ms` (SIGSTOP, a machine out of memory): a freeze in which nothing else of
  the device runs either. Where time is real, it is but a freeze.
- `overrun`: the microphone alone loses `ms`. The callbacks wait for it while the loudspeaker plays what is buffered, so
  that the echo comes `ms` earlier afterwards: by as much as was buffered, at the most.
- `repeat`: the loudspeaker alone plays the last `ms` twice, and everything `ms` later from then on.
- `drop`: `ms` of what the device plays is thrown away, and the rest comes so much earlier: by as much as was buffered,
  at the most.
- `jump`: microphone and loudspeaker jump apart, with nothing lost and nothing told: from then on the echo comes `ms`
  later than `delay_ms` says (negative: earlier), until the next jump.
- `buffer`: the output latency is `ms` from then on. What is more is silence; what is less is thrown away.
"""
LONGEST_MS = 1000
"""No fault is longer than that: a choice, far above what is needed."""

Seconds = Annotated[float, Meta(ge=0)]


class Fault(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """`[[fault]]`: something goes wrong with the card, once or regularly.

    It begins with the block of 10 ms that `at` is in; while another one is on, after that.
    """

    at: Seconds
    """When, in seconds on the scene's clock; of a regular one, the first time."""
    kind: Kind
    ms: float | tuple[float, float]
    """How long or how much, as its kind says; `[least, most]`: at random between the two, each time anew."""
    every: Annotated[float, Meta(ge=0.01)] | None = None
    """Seconds from one time to the next; without it, it happens once."""
    until: Seconds | None = None
    """The time from which on it does not happen any more; the scene's end by default."""
    spread: Seconds = 0.0
    """How many seconds earlier or later it may happen, at random."""

    def __post_init__(self) -> None:
        """Check what concerns more than one key. Raises ValueError."""
        least, most = self.range_ms
        lowest = {"jump": -LONGEST_MS, "buffer": 0}.get(self.kind, 1)
        if not lowest <= least <= most <= LONGEST_MS:
            raise ValueError(f"ms of a {self.kind} must be {lowest} to {LONGEST_MS}, or [least, most] within that")
        if self.until is not None and self.until <= self.at:
            raise ValueError(f"until must be later than at = {self.at:g}")

    @property
    def range_ms(self) -> tuple[float, float]:
        """The least and the most of `ms`."""
        return self.ms if isinstance(self.ms, tuple) else (self.ms, self.ms)


class Happening(Struct, frozen=True):
    """A fault of a kind, once."""

    frame: int
    """Of the room, at which it begins."""
    kind: Kind
    frames: int
    """How long; of a jump, and of a buffer, how much it is from then on."""


def schedule(faults: Iterable[Fault], seconds: float, rate: int, rng: np.random.Generator) -> list[Happening]:
    """Return all that happens in a scene of `seconds`, at a card of `rate` Hz, in the order of time.

    The same `rng` gives the same; each fault draws from one of its own, so that another one beside it changes nothing.
    """
    found = []
    for fault, own in zip(faults := tuple(faults), rng.spawn(len(faults)), strict=True):
        end = min(seconds, seconds if fault.until is None else fault.until)
        number = 0
        while (due := fault.at + number * (fault.every or 0.0)) < end:
            at = max(0.0, due + own.uniform(-fault.spread, fault.spread))
            frames = round(own.uniform(*fault.range_ms) * rate / 1000)
            if at < seconds:
                found.append(Happening(round(at * rate), fault.kind, frames))
            number += 1
            if fault.every is None:
                break
    return sorted(found, key=lambda happening: happening.frame)
