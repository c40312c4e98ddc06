"""Boards that sit on a Raspberry Pi's pins, by name: what each makes of the settings of card, lights and button.

A HAT is a layer of settings: it counts over the defaults and the profile, and what else is set counts over it. The
kernel must know the board, too: on an image of Parley's own it does by the same line, elsewhere by its maker's driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from device.settings.toml import merge

if TYPE_CHECKING:
    from device.settings.toml import Table

Hat = Literal["none", "respeaker-2mic", "respeaker-4mic", "i2s-mics"]

# Names of cards: those of the makers' driver (github.com/HinTak/seeed-voicecard), which the image's overlays use, too.
# Pins: wiki.seeedstudio.com/ReSpeaker_2_Mics_Pi_HAT and …/ReSpeaker_4_Mic_Array_for_Raspberry_Pi.
LAYERS: Final[dict[str, Table]] = {
    "respeaker-2mic": {
        "card": {"input": "seeed-2mic", "output": "seeed-2mic"},
        "panel": {"leds": "apa102", "count": 3, "button_pin": 17},
    },
    # It has microphones alone, and no button.
    "respeaker-4mic": {
        "card": {"input": "seeed-4mic"},
        "panel": {"leds": "apa102", "count": 12, "power_pin": 5},
    },
    "i2s-mics": {"card": {"input": "parley-i2s"}},
}
"""What each board sets."""


def under(table: Table) -> Table:
    """Return a table over what the board that it names sets; the table alone if it names none."""
    return merge(LAYERS.get(table.get("hat", "none"), {}), table)
