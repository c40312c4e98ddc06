"""When something goes wrong with the card of a simulated room: the scene's `[[fault]]`s, each time that they happen.

What each kind does to the card's buffers is in `buffers.py`; a jump is one of the echo (`echo_paths.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.simulation.scene import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np

    from device.simulation.scene import Fault


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
