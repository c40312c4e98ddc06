"""At which rate a card is used: one for both directions, at which its rings are, and what each device itself takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

RATES = (48_000, 44_100, 24_000, 16_000)
"""Of the rings, in Hz, best first. The best engines speak at 24 kHz; what is listened to is 16 kHz."""
HOST_RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
"""Those that sound devices have (include/uapi/sound/asound.h and the rates of pcm.h in the kernel); all can be
converted to all of `RATES`."""


def common_rate(microphone: Collection[int], loudspeaker: Collection[int]) -> int:
    """Return the rate of `RATES` that takes the least converting, of devices that take these.

    If there is none that both take, the loudspeaker's sound stays as it is: the microphone's is heard at 16 kHz anyway.
    """
    for taken in (set(microphone) & set(loudspeaker), loudspeaker, microphone):
        for rate in RATES:
            if rate in taken:
                return rate
    return RATES[0]


def host_rate(taken: Collection[int], wanted: int) -> int | None:
    """Return at which of the rates that a device takes it is best used for sound at `wanted`; None if it takes none.

    The lowest from there on: to convert from and to a higher one loses nothing.
    """
    return min((rate for rate in taken if rate >= wanted), default=max(taken, default=None))


def is_convertible(rate: int) -> bool:
    """Return whether a device of this unusual rate can be used: that divides all of `RATES` into groups of frames."""
    return rate > 0 and rate % 50 == 0
