"""The set-ups that are drawn: what the settings say, and which wires they leave out."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from device.settings import hats
from device.settings.panel import SPI_PINS, used_pins
from device.settings.tree import Settings

I2S: Final = {18: "I²S clock", 19: "I²S word clock", 20: "I²S data in", 21: "I²S data out"}
I2C: Final = {2: "I²C data", 3: "I²C clock"}
FIVE_VOLTS: Final = {2: "5 V"}
POWER: Final = {1: "3.3 V"}
GROUND: Final = {6: "ground", 9: "ground"}


class Setup(Struct, frozen=True):
    """One drawing."""

    title: str
    settings: str
    """TOML, as it belongs into parley.toml."""
    wires: Mapping[int, str] = {}
    """What else goes to GPIO numbers, and what for."""
    supply: Mapping[int, str] = {}
    """What else goes to pins of the header, and what for."""
    notes: tuple[str, ...] = ()

    def gpios(self) -> dict[int, str]:
        """Return what each GPIO number is for, by the settings and the other wires."""
        panel = msgspec.convert(hats.under(tomllib.loads(self.settings)), Settings).panel
        found = {pin: key.removesuffix("_pin").replace("_", " ") for key, pin in used_pins(panel).items()}
        if panel.leds in ("apa102", "ws2812"):
            found |= {pin: name for name, pin in SPI_PINS.items() if panel.leds == "apa102" or name == "SPI data"}
        return found | dict(self.wires)


BUTTON = "Button: between its pin and ground; the pin's own resistor holds it up."
SPI = "Raspberry Pi OS needs dtparam=spi=on in config.txt; Parley's image nothing. SPI also holds GPIO7 to 9."
SETUPS: Final = {
    "led": Setup(
        "One LED and a button",
        '[panel]\nleds = "led"\nled_pin = 18\nbutton_pin = 17',
        supply=GROUND,
        notes=("LED: its pin, 330 Ω, the long leg; the short leg to ground.", BUTTON),
    ),
    "rgb": Setup(
        "An RGB LED and a button",
        '[panel]\nleds = "rgb"\nred_pin = 22\ngreen_pin = 23\nblue_pin = 24\nbutton_pin = 17',
        supply=GROUND,
        notes=(
            "Each colour: its pin, 330 Ω, the leg; the common leg to ground.",
            'Common anode: that leg to 3.3 V (pin 1), and active = "low".',
            BUTTON,
        ),
    ),
    "apa102": Setup(
        "A strip of APA102 or SK9822, and a button",
        '[panel]\nleds = "apa102"\ncount = 8\nbutton_pin = 17',
        supply=FIVE_VOLTS | GROUND,
        notes=("Strip: DI to SPI data, CI to SPI clock. More than 12 LEDs need a supply of their own.", BUTTON, SPI),
    ),
    "ws2812": Setup(
        "A strip of WS2812 (NeoPixel), and a button",
        '[panel]\nleds = "ws2812"\ncount = 8\nbutton_pin = 17',
        supply=FIVE_VOLTS | GROUND,
        notes=("Strip: DIN to SPI data; a strip that flickers needs a level shifter to 5 V.", BUTTON, SPI),
    ),
    "more": Setup(
        "A light for sending, a mute switch and a knob for the volume",
        '[panel]\nstreaming_pin = 25\nmute_pin = 27\nvolume = "encoder"\nvolume_up_pin = 5\nvolume_down_pin = 6',
        supply=GROUND,
        notes=("Switch: between its pin and ground; closed is muted.", "Knob: A and B to its pins, C to ground."),
    ),
    "respeaker-2mic": Setup(
        "ReSpeaker 2-Mics Pi HAT: what it takes of the pins",
        'hat = "respeaker-2mic"',
        wires=I2C | I2S,
        supply=POWER | FIVE_VOLTS | GROUND,
        notes=("It is put on; nothing is wired. What is not coloured is free, but for GPIO7 to 9, which SPI holds.",),
    ),
    "respeaker-4mic": Setup(
        "ReSpeaker 4-Mic Array: what it takes of the pins",
        'hat = "respeaker-4mic"',
        wires=I2C | {pin: name for pin, name in I2S.items() if name != "I²S data out"},
        supply=POWER | FIVE_VOLTS | GROUND,
        notes=(
            "It has no loudspeaker. Its microphones need its maker's driver, which Parley's image has not.",
            "What is not coloured is free, but for GPIO7 to 9, which SPI holds.",
        ),
    ),
    "i2s-mics": Setup(
        "One or two I²S microphones (SPH0645, INMP441, ICS43434)",
        'hat = "i2s-mics"',
        wires={pin: name for pin, name in I2S.items() if name != "I²S data out"},
        supply=POWER | GROUND,
        notes=("The left one's select to ground, the right one's to 3.3 V; all else side by side.",),
    ),
}
