"""Drivers: how a frame gets to the LEDs of each kind."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from device.panel.gpio import PanelFault, Spi, claim
from device.settings.panel import LED_PINS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.panel.lights import Colour, Frame
    from device.settings.panel import PanelSettings

GAMMA = 2.2
"""From brightness as the eye sees it to light: the exponent that sRGB comes near."""
LEAST = 0.01
"""The shortest pulse that lgpio makes: a hundredth of the time."""
APA102_HZ = 4_000_000
"""A choice, since these strips have a clock line: a frame of 100 LEDs takes 0.8 ms, of 40 between two frames."""
WS2812_HZ = 2_400_000
"""Three bits on the bus make one of the strip: a pulse of 417 ns is a 0, of 833 ns a 1 (WS2812B: 400 and 800 ± 150)."""
WS2812_RESET = 90
"""Zero bytes that make the strip show what it was sent: 300 µs, newer ones want 280."""


class Bus(Protocol):
    """What a strip is written to: a `gpio.Spi`."""

    def write(self, data: bytes) -> None:
        """Send `data`. Raises OSError."""

    def close(self) -> None:
        """Let go of it."""


class Leds(Protocol):
    """LEDs that show frames."""

    count: int
    coloured: bool

    def show(self, frame: Frame) -> None:
        """Show a frame of `count` colours. Raises OSError."""

    def close(self) -> None:
        """Go dark and let go of the pins."""


class PinLeds:
    """One LED on one pin, or a red, a green and a blue one on three; dimmed by pulses that lgpio makes."""

    count = 1

    def __init__(self, panel: PanelSettings, factory: Any) -> None:
        from gpiozero import PWMLED  # noqa: PLC0415 - takes a while, and most machines have no lights

        self.coloured = panel.leds == "rgb"
        self._brightness = panel.brightness
        self._leds: list[Any] = []
        try:
            for key in LED_PINS[panel.leds]:
                pin, high = getattr(panel, key), panel.active == "high"
                self._leds.append(claim(key, pin, factory, partial(PWMLED, pin, active_high=high, pin_factory=factory)))
        except PanelFault:
            self.close()
            raise

    def show(self, frame: Frame) -> None:
        """Show a frame of one colour; a single LED shows how bright it is."""
        colour = frame[0] if self.coloured else (max(frame[0]),)
        for led, part in zip(self._leds, colour, strict=True):
            light = part**GAMMA * self._brightness
            led.value = max(LEAST, light) if light else 0.0  # what is to be lit is lit

    def close(self) -> None:
        """Go dark and let go of the pins."""
        for led in self._leds:
            led.close()


class Strip:
    """A strip on the SPI bus; `encode` makes what is sent of colours from 0 to 255."""

    coloured = True

    def __init__(self, count: int, bus: Bus, encode: Callable[[Sequence[tuple[int, int, int]]], bytes]) -> None:
        self.count = count
        self._bus = bus
        self._encode = encode

    def show(self, frame: Frame) -> None:
        """Show a frame. Raises OSError."""
        self._bus.write(self._encode([_bytes(colour) for colour in frame]))

    def close(self) -> None:
        """Go dark and let go of the bus."""
        with suppress(OSError):
            self.show(((0.0, 0.0, 0.0),) * self.count)
        self._bus.close()


class PoweredStrip:
    """A strip that a pin switches on."""

    def __init__(self, strip: Strip, power: Any) -> None:
        self.count = strip.count
        self.coloured = strip.coloured
        self._strip = strip
        self._power = power

    def show(self, frame: Frame) -> None:
        """Show a frame. Raises OSError."""
        self._strip.show(frame)

    def close(self) -> None:
        """Go dark, switch off and let go of bus and pin."""
        self._strip.close()
        self._power.close()


def apa102(colours: Sequence[tuple[int, int, int]], brightness: float) -> bytes:
    """Return what an APA102 strip, or one of SK9822, is sent to show `colours`, each red, green, blue from 0 to 255.

    Four zero bytes; for each LED 111 and five bits of current, blue, green, red; then as many clocks as the data needs
    to reach the last LED, of zeros, so that an LED more on the strip than was said stays dark.
    """
    current = 0xE0 | (max(1, round(31 * brightness)) if brightness else 0)
    leds = b"".join(bytes((current, blue, green, red)) for red, green, blue in colours)
    return bytes(4) + leds + bytes(4 + -(-len(colours) // 16))


def ws2812(colours: Sequence[tuple[int, int, int]], brightness: float, order: Literal["grb", "rgb"] = "grb") -> bytes:
    """Return the bits on a bus of `WS2812_HZ` that make a WS2812 strip show `colours`.

    A zero byte before, since the first bit of a transfer may be longer than the others; the reset after.
    """
    sent = bytearray(1)
    for red, green, blue in colours:
        for part in (green, red, blue) if order == "grb" else (red, green, blue):
            sent += _TRIPLED[max(1, round(part * brightness)) if part and brightness else 0]
    return bytes(sent) + bytes(WS2812_RESET)


def _tripled(byte: int) -> bytes:
    bits = 0
    for at in range(7, -1, -1):
        bits = bits << 3 | (0b110 if byte >> at & 1 else 0b100)
    return bits.to_bytes(3, "big")


_TRIPLED = tuple(_tripled(byte) for byte in range(256))


_LIGHT = tuple(round(255 * (step / 1023) ** GAMMA) for step in range(1024))


def _bytes(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = colour
    return _LIGHT[int(1023 * red)], _LIGHT[int(1023 * green)], _LIGHT[int(1023 * blue)]


def open_leds(panel: PanelSettings, factory: Any) -> Leds | None:
    """Return the LEDs that the settings name, if any. Raises PanelFault."""
    if panel.leds == "none":
        return None
    if panel.leds in LED_PINS:
        return PinLeds(panel, factory)
    if panel.leds == "apa102":
        bus = Spi(panel.spi_device, APA102_HZ)
        strip = Strip(panel.count, bus, lambda colours: apa102(colours, panel.brightness))
    else:
        bus = Spi(panel.spi_device, WS2812_HZ)
        strip = Strip(panel.count, bus, lambda colours: ws2812(colours, panel.brightness, panel.order))
    if panel.power_pin < 0:
        return strip
    from gpiozero import LED  # noqa: PLC0415 - takes a while, and most machines have no lights

    pin = panel.power_pin
    try:
        power = claim("power_pin", pin, factory, lambda: LED(pin, initial_value=True, pin_factory=factory))
    except PanelFault:
        bus.close()
        raise
    return PoweredStrip(strip, power)
