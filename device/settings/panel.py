"""`[panel]`: lights, buttons and knobs, and the pins that they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from device.settings.types import Section, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator

Pin = Annotated[int, Meta(ge=-1, le=27, description="a GPIO number from 0 to 27, or -1 for none")]

SPI_PINS = {"SPI data": 10, "SPI clock": 11}
"""Where strips are wired to; the chip select lines are not used, but the kernel's driver holds them."""
SPI_SELECT_PINS = (8, 7)
"""By the number of the device: /dev/spidev0.0 and 0.1 (the Raspberry Pi's SPI0)."""


class PanelSettings(Section, frozen=True):
    """`[panel]`: lights, buttons and knobs; pins are GPIO numbers, not those of the header."""

    leds: Literal["none", "led", "rgb", "apa102", "ws2812"] = "none"
    """What shows whose turn it is: one LED, one RGB LED, or a strip. `apa102` and `ws2812` are on the SPI pins."""
    led_pin: Pin = -1
    red_pin: Pin = -1
    green_pin: Pin = -1
    blue_pin: Pin = -1
    active: Literal["high", "low"] = "high"
    """Level at which an LED on a pin lights; low with a common anode."""
    count: Annotated[int, Meta(ge=1, le=300)] = 3
    """LEDs of the strip."""
    order: Literal["grb", "rgb"] = "grb"
    """In which `ws2812` take their colours."""
    spi_device: Literal[0, 1] = 0
    """Which /dev/spidev0.N the strip is written through; either does."""
    power_pin: Pin = -1
    """Switches the strip on where a board has it so: 5 on ReSpeaker 4-Mic."""
    brightness: Unit = 0.3
    streaming_pin: Pin = -1
    """An LED of its own, lit while sound of the microphone leaves."""
    button_pin: Pin = -1
    """17 on ReSpeaker HATs."""
    mute_pin: Pin = -1
    """A switch: muted while it is closed."""
    volume: Literal["none", "buttons", "encoder"] = "none"
    volume_up_pin: Pin = -1
    """Of an encoder: one of its two lines; swap them if it turns the wrong way."""
    volume_down_pin: Pin = -1
    closed: Literal["low", "high"] = "low"
    """Level of a button or switch that is closed: low if it is wired to ground, as is usual."""
    debounce_ms: Annotated[int, Meta(ge=0, le=100)] = 5
    """How long a line must be still before it counts."""
    chip: str = ""
    """The GPIO chip, by its label (`gpiodetect` shows it) or as gpiochipN; empty: that of the Raspberry Pi's header."""


LED_PINS = {"led": ("led_pin",), "rgb": ("red_pin", "green_pin", "blue_pin")}
VOLUME_PINS = ("volume_up_pin", "volume_down_pin")


def used_pins(panel: PanelSettings) -> dict[str, int]:
    """Return the pins in use, by their keys; -1 where a key lacks that is needed."""
    keys = list(LED_PINS.get(panel.leds, ())) + (list(VOLUME_PINS) if panel.volume != "none" else [])
    optional = ["streaming_pin", "button_pin", "mute_pin"]
    if panel.leds in ("apa102", "ws2812"):
        optional.append("power_pin")
    keys += [key for key in optional if getattr(panel, key) >= 0]
    return {key: getattr(panel, key) for key in keys}


def wrong_pins(panel: PanelSettings) -> Iterator[str]:
    """Say which pins are missing or used twice, one line each."""
    pins = used_pins(panel)
    holders: dict[int, str] = {}
    if panel.leds in ("apa102", "ws2812"):
        taken = SPI_PINS if panel.leds == "apa102" else {"SPI data": SPI_PINS["SPI data"]}
        holders = {pin: f"the strip's {name}" for name, pin in taken.items()}
        select = SPI_SELECT_PINS[panel.spi_device]
        holders[select] = f"/dev/spidev0.{panel.spi_device}"
    for key, pin in pins.items():
        if pin < 0:
            what = panel.leds if key in LED_PINS.get(panel.leds, ()) else panel.volume
            yield f'panel.{key} is not set, which "{what}" needs: a GPIO number from 0 to 27'
        elif pin in holders:
            yield f"panel.{key}: GPIO{pin} is used by {holders[pin]} already; give each its own"
        else:
            holders[pin] = f"panel.{key}"
