"""What the lights show: pure patterns of the state and the time.

Readable at a glance, and by whoever does not tell colours apart: each state has its own rhythm, also on a single LED
of one colour. None flashes more than three times a second. Colours are near those of Okabe and Ito's palette, but for
red.

The lights tell the truth: what they say of streaming goes by sound that has left, not by what the conversation means
to do. While sound of the microphone leaves, no light goes out altogether; and of a strip the first LED is white then,
and only then. A state in which nothing must leave shows `leak` if something does.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi

from msgspec import Struct

from device.conversation.states import State

Colour = tuple[float, float, float]
"""Red, green and blue, each 0 to 1 as the eye sees it: drivers bring them to their LEDs."""
Frame = tuple[Colour, ...]
"""A colour for each LED."""
Shape = Callable[[float, int, int, float], float]
"""Brightness, 0 to 1, at a time in seconds, of an LED of so many, at a level of the loudspeaker."""

DARK: Colour = (0.0, 0.0, 0.0)
WHITE: Colour = (1.0, 1.0, 1.0)
RED: Colour = (1.0, 0.0, 0.0)
BLUE: Colour = (0.0, 0.45, 1.0)
SKY: Colour = (0.37, 0.78, 1.0)
GREEN: Colour = (0.0, 1.0, 0.56)
ORANGE: Colour = (1.0, 0.55, 0.0)
YELLOW: Colour = (1.0, 0.95, 0.28)
PURPLE: Colour = (0.94, 0.47, 1.0)

BLINK_S = 0.5
"""Of each blink of a digit, its gap included: a choice, slow enough to count, and to be no flicker."""
DIGIT_GAP_S = 1.5
ROUND_GAP_S = 4.0
"""Of darkness after each digit, and before they begin anew: choices, three and eight times as long as a blink's."""
STREAMING_FLOOR = 0.25
"""How bright a light is at least while sound leaves: a quarter, as the eye sees it, is seen across a lit room, and far
enough below full that each pattern stays readable."""
STRIP = 3
"""From so many LEDs on, the first is the streaming light: of two, one would be left for the patterns, which have no
direction then."""
SAMPLE_LEVEL = 0.4
"""Of the loudspeaker, in the middle, where a light is shown that moves with it: a choice."""
SILENT = (State.ASLEEP, State.MUTED, State.FAULT)
"""States in which nothing may leave."""


class Status(Struct, frozen=True):
    """What there is to show."""

    state: State = State.ASLEEP
    streaming: bool = False
    """Sound of the microphone left in the last moment."""
    leak: bool = False
    """It did although nothing may leave."""
    ringing: bool = False
    updating: bool = False
    setting_up: bool = False
    """The access point is open, by which Wi-Fi is set up."""
    closed: bool = False
    """It waits for the wake word or the button in mid-conversation, because it hears itself."""
    asking: bool = False
    """A factory reset waits for its confirmation."""
    digits: str = ""
    """A code that whoever stands beside the device may know."""


class Pattern(Struct, frozen=True):
    """How a scene is shown."""

    colour: Colour
    shape: Shape
    mono: Shape | None = None
    """Instead of `shape`, where there is but one LED of one colour."""
    still: bool = False
    """Always the same frame, on LEDs that have colours."""
    other: Colour | None = None
    """A second colour: of every other LED, and of a single one when it is dim."""


def _steady(_t: float, _i: int, _n: int, _level: float) -> float:
    return 1.0


def _dark(_t: float, _i: int, _n: int, _level: float) -> float:
    return 0.0


def _level(_t: float, _i: int, _n: int, level: float) -> float:
    return 0.1 + 0.9 * level


def _square(period: float, share: float, high: float = 1.0, low: float = 0.0) -> Shape:
    def shape(t: float, _i: int, _n: int, _level: float) -> float:
        return high if t % period < share * period else low

    return shape


def _breathe(period: float, low: float) -> Shape:
    def shape(t: float, _i: int, _n: int, _level: float) -> float:
        return low + (1 - low) * (1 - cos(2 * pi * t / period)) / 2

    return shape


def _chase(period: float) -> Shape:
    """Return a dot that goes round with a tail; a single LED breathes."""
    alone = _breathe(2 * period, 0.1)

    def shape(t: float, i: int, n: int, level: float) -> float:
        if n < 2:
            return alone(t, i, n, level)
        behind = (t / period * n - i) % n
        return float(max(0.08, 1 - 2 * behind / n))

    return shape


def _blinks(count: int, on: float, gap: float, period: float, *, lit: bool = True) -> Shape:
    """Return `count` blinks of `on` s, `gap` s apart, every `period` s; of darkness, unless `lit`."""

    def shape(t: float, _i: int, _n: int, _level: float) -> float:
        at = t % period
        blink = at < count * (on + gap) - gap and at % (on + gap) < on
        return 1.0 if blink == lit else 0.0

    return shape


def _counted(digits: str) -> Shape:
    """Return as many blinks as each digit says, of 0 ten, as a telephone with a dial sends them."""
    blinks = []
    at = 0.0
    for digit in digits:
        count = int(digit) or 10
        blinks.append((at, at + count * BLINK_S))
        at += count * BLINK_S + DIGIT_GAP_S
    period = counting_s(digits)

    def shape(t: float, _i: int, _n: int, _level: float) -> float:
        now = t % period
        return (
            1.0 if any(begin <= now < end and (now - begin) % BLINK_S < BLINK_S / 2 for begin, end in blinks) else 0.0
        )

    return shape


def counting_s(digits: str) -> float:
    """Return how long it takes to blink digits once, the pause after them included."""
    return sum((int(digit) or 10) * BLINK_S + DIGIT_GAP_S for digit in digits) - DIGIT_GAP_S + ROUND_GAP_S


def _fill(period: float) -> Shape:
    """Return a strip that fills up; a single LED becomes brighter and goes out."""

    def shape(t: float, i: int, n: int, _level: float) -> float:
        return float(min(1.0, max(0.0, t % period / period * n - i)))

    return shape


def _swap(period: float) -> Shape:
    """Return every other LED bright in turn; a single one flutters, but does not go out."""

    def shape(t: float, i: int, _n: int, _level: float) -> float:
        return 1.0 if (t % period < period / 2) == (i % 2 == 0) else 0.35

    return shape


PATTERNS: dict[str, Pattern] = {
    "asleep": Pattern(DARK, _dark, still=True),
    "connecting": Pattern(BLUE, _square(1.0, 0.5, 0.5)),
    "listening": Pattern(BLUE, _steady, still=True),
    "thinking": Pattern(SKY, _chase(1.2)),
    "speaking": Pattern(GREEN, _level),
    "overlap": Pattern(GREEN, _swap(0.5), other=YELLOW),
    # On one colour, steady means listening: muted goes out for a moment, again and again.
    "muted": Pattern(RED, _steady, mono=_square(2.0, 0.85), still=True),
    # A soft sign of life, once in a while: it is there, and hears its name.
    "closed": Pattern(BLUE, _square(3.0, 0.2, 0.4, 0.1)),
    "fault": Pattern(ORANGE, _blinks(2, 0.14, 0.16, 2.0)),
    "updating": Pattern(PURPLE, _fill(3.0)),
    "setting_up": Pattern(SKY, _blinks(4, 0.2, 0.2, 3.6)),
    # Digits of a code, each by so many blinks; here those of an example.
    "code": Pattern(SKY, _counted("12")),
    "ringing": Pattern(YELLOW, _blinks(3, 0.14, 0.12, 1.8)),
    "asking": Pattern(RED, _blinks(2, 0.14, 0.16, 1.0, lit=False)),
    "leak": Pattern(WHITE, _square(0.4, 0.5), other=RED),
}
"""By scene: each state, and what counts over it."""


def scene(status: Status) -> str:
    """Return which of `PATTERNS` shows `status`."""
    if status.asking:
        return "asking"
    if status.leak:
        return "leak"
    if status.ringing:
        return "ringing"
    if status.state in SILENT:
        return _silent(status)
    if status.state is State.LISTENING and not status.streaming:
        return "closed" if status.closed else "connecting"  # it would listen, but nothing arrives anywhere
    return status.state.value


def idle(status: Status) -> bool:
    """Return whether there is nothing that must be shown: no sound leaves, and nothing rings or is asked."""
    silent = status.state in SILENT and status.state is not State.FAULT
    return silent and not (status.streaming or status.leak or status.ringing or status.updating or status.asking)


def _silent(status: Status) -> str:
    """Return which shows a status in which nothing may leave."""
    if status.updating:
        return "updating"
    if status.state is State.MUTED:
        return status.state.value
    if status.digits:
        return "code"
    return "setting_up" if status.setting_up else status.state.value


def still(status: Status, *, coloured: bool) -> bool:
    """Return whether the frame of `status` stays the same until something happens."""
    pattern = PATTERNS[scene(status)]
    return pattern.still and (coloured or pattern.mono is None)


def frame(status: Status, t: float, level: float, count: int, *, coloured: bool = True) -> Frame:
    """Return what `count` LEDs show of `status` at the time `t`, in seconds since it began.

    `level`, 0 to 1, is the loudspeaker's. Without `coloured`, LEDs differ in brightness only.
    """
    name = scene(status)
    pattern = Pattern(SKY, _counted(status.digits)) if name == "code" else PATTERNS[name]
    return _shown(pattern, t, level, count, coloured=coloured, streaming=status.streaming)


def sample(name: str, t: float, count: int, *, coloured: bool = True) -> Frame:
    """Return what a scene of `PATTERNS` looks like, likewise, but that no LED says that sound leaves: none does."""
    return _shown(PATTERNS[name], t, SAMPLE_LEVEL * (1 - cos(2 * pi * t)), count, coloured=coloured, streaming=False)


def _shown(pattern: Pattern, t: float, level: float, count: int, *, coloured: bool, streaming: bool) -> Frame:
    shape = pattern.shape if coloured or pattern.mono is None else pattern.mono
    floor = STREAMING_FLOOR if streaming else 0.0
    lead = count >= STRIP
    rest = count - lead
    shown = tuple(_lit(pattern, max(floor, shape(t, i, rest, level)), i) for i in range(rest))
    return ((WHITE if streaming else DARK), *shown) if lead else shown


def _lit(pattern: Pattern, brightness: float, i: int) -> Colour:
    colour = pattern.colour if pattern.colour != DARK else WHITE
    if pattern.other is not None and (i % 2 or brightness < 0.5):
        colour = pattern.other
    red, green, blue = colour
    return red * brightness, green * brightness, blue * brightness
