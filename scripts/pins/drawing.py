"""A header of 40 pins as an SVG, with what is wired coloured and named."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scripts.pins.setups import Setup

# The header's GPIO numbers by pin: raspberrypi.com/documentation, "GPIO and the 40-pin header".
GPIO: Final = {
    3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9, 22: 25, 23: 11,
    24: 8, 26: 7, 27: 0, 28: 1, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20, 40: 21,
}  # fmt: skip
OTHERS: Final = {1: "3.3 V", 17: "3.3 V", 2: "5 V", 4: "5 V"} | dict.fromkeys((6, 9, 14, 20, 25, 30, 34, 39), "ground")
COLOURS: Final = {"3.3 V": "#f2a33c", "5 V": "#d9433b", "ground": "#444444", "SPI": "#8a56c4", "I²": "#2f8f6b"}
WIRED: Final = "#2d6cdf"
FREE: Final = "#d9d9d9"
FONT: Final = 'font-family="sans-serif" font-size="13"'
VIEW: Final = "The header from above; pin 1, the square one, is next to the card's corner."
WIDTH, TOP, STEP = 640, 84, 22
"""Pixels: of the whole, above the first row, and from row to row."""


def colour(purpose: str) -> str:
    """Return the colour of a wire by what it is for."""
    return next((of for begin, of in COLOURS.items() if purpose.startswith(begin)), WIRED)


def wired(setup: Setup) -> dict[int, str]:
    """Return the pins of the header that a set-up uses, and what each is for."""
    gpios = setup.gpios()
    found = {pin: gpios[gpio] for pin, gpio in GPIO.items() if gpio in gpios}
    return dict(sorted((found | dict(setup.supply)).items()))


def draw(setup: Setup) -> str:
    """Return the SVG of a set-up."""
    used = wired(setup)
    lines = setup.settings.split("\n")
    below = TOP + 20 * STEP + 14
    height = below + 18 * (len(setup.notes) + len(lines)) + 22
    box = f'width="{WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} viewBox="0 0 {WIDTH} {height}" {FONT}>',
        f"<title>{escape(setup.title)}</title>",
        f'<rect {box} fill="#ffffff"/>',
        f'<text x="16" y="30" font-size="17" font-weight="bold">{escape(setup.title)}</text>',
        f'<text x="16" y="52" fill="#555555">{VIEW}</text>',
        f'<rect x="{WIDTH // 2 - 26}" y="{TOP - 13}" width="52" height="{20 * STEP + 4}" rx="4" fill="#1d1d1d"/>',
    ]
    for pin in range(1, 41):
        parts += _pin(pin, used.get(pin))
    for row, note in enumerate(setup.notes):
        parts.append(f'<text x="16" y="{below + 14 + 18 * row}">{escape(note)}</text>')
    begin = below + 18 * len(setup.notes) + 20
    for row, line in enumerate(lines):
        at = begin + 18 * row
        parts.append(f'<text x="16" y="{at}" font-family="monospace" xml:space="preserve">{escape(line)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _pin(pin: int, purpose: str | None) -> list[str]:
    left = pin % 2 == 1
    x, y = WIDTH // 2 + (-12 if left else 12), TOP + (pin - 1) // 2 * STEP
    fill = colour(purpose) if purpose else FREE
    shape = (
        f'<rect x="{x - 8}" y="{y - 8}" width="16" height="16" fill="{fill}"/>'
        if pin == 1
        else f'<circle cx="{x}" cy="{y}" r="8" fill="{fill}"/>'
    )
    name = f"GPIO{GPIO[pin]}" if pin in GPIO else OTHERS[pin]
    on, away = "#ffffff" if purpose else "#555555", "end" if left else "start"
    number = f'<text x="{x}" y="{y + 4}" font-size="9" text-anchor="middle" fill="{on}">{pin}</text>'
    end = x + (-1 if left else 1) * (106 if purpose else 22)
    place = f'x="{end}" y="{y + 4}" text-anchor="{away}"'
    if purpose is None:
        return [shape, number, f'<text {place} font-size="11" fill="#999999">{name}</text>']
    told = purpose if purpose == name else f"{name}: {purpose}"
    line = f'<line x1="{x + (-9 if left else 9)}" y1="{y}" x2="{end + (6 if left else -6)}" y2="{y}"'
    return [shape, number, f'{line} stroke="{fill}" stroke-width="3"/>', f"<text {place}>{escape(told)}</text>"]
