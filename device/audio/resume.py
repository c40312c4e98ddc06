"""Where a reply goes on that was interrupted: at the beginning of the word that was broken off, as people do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.duck import RESTORE_MS
from device.audio.reply import word_start

if TYPE_CHECKING:
    from device.audio.duck import Interrupted

DIP_MS = 80
"""What is lowered no longer than this loses no word: it is shorter than a syllable. More would lose some, less would
make the device repeat itself at every noise."""
HICCUP_MS = 150
"""A reply that was held no longer than this goes on where it was: words do not fall apart in so short a time. More
tears words apart, less repeats them needlessly."""
LOOK_BACK_MS = 500
"""How far back the beginning of the word is looked for that was interrupted: words of ordinary speech are shorter (150
to 180 a minute, with pauses)."""


def place_to_resume(interrupted: Interrupted, frames: int, rate: int) -> int | None:
    """Return where the item goes on that was interrupted `frames` ago; None: where it is, or was held.

    That is so early that the ramp up is over where the duck began; after more than a moment, at the beginning of the
    word that was broken off. For the event loop's thread.
    """
    item, mark = interrupted.item, interrupted.mark
    if item is None or frames <= DIP_MS * rate // 1000:
        return None
    in_time = mark - RESTORE_MS * rate // 1000
    hiccup, look_back = HICCUP_MS * rate // 1000, LOOK_BACK_MS * rate // 1000
    # A word is begun again once: else a reply that is ducked again and again would never get any farther.
    first = 0 if item.rewound is None else item.rewound + hiccup
    if frames <= hiccup or mark <= first:
        return in_time
    sound = item.before(mark, min(look_back, mark - first))
    if len(sound) == mark:  # an item comes out of silence
        sound = np.concatenate((np.zeros(look_back, np.int16), sound))
    return min(in_time, mark - len(sound) + word_start(sound, rate))
