"""What is meant by pressing a button: edges and their times in, gestures out. Pure: it reads no clock.

A press counts at its edge, so that a reply falls silent at once; what follows tells what else was meant. A second
press soon after the first has an effect of its own on top of what the first one did.
"""

from __future__ import annotations

from enum import StrEnum

DOUBLE_S = 0.4
"""From the release of a press to the next press, at most, for both to be a double press. Longer, two
clicks in a hurry become one; shorter, slow fingers cannot do it."""
LONG_S = 1.0
"""How long a press is held to be a long one; shorter, a slow click would be one."""
CODE_S = 5.0
"""How long it is held to hear the code of the owner's page: half way to a factory reset, long after a long press."""
RESET_S = 10.0
"""How long it is held to ask for a factory reset: nobody leans on a button by mistake for so long."""
CONFIRM_S = 10.0
"""How long a factory reset waits for its confirmation: long enough to see the lights ask and to press once more."""
BOUNCE_S = 0.02
"""How long a button must be up to have been let go: longer than it bounces, shorter than within a double press."""


class Gesture(StrEnum):
    """What was meant."""

    PRESS = "press"
    """The button has gone down, and may stay there."""
    CLICK = "click"
    """It has gone up soon after."""
    DOUBLE = "double"
    """It has gone down soon after a click."""
    LONG = "long"
    """It has been down for a second."""
    CODE = "code"
    """It has been down for five seconds: the code of the owner's page is wanted."""
    RESET = "reset"
    """It has been down for ten seconds: a factory reset is wanted, if it is confirmed."""
    CONFIRM = "confirm"
    """It was pressed again within ten seconds."""
    RELENT = "relent"
    """It was not."""


_HELD = ((LONG_S, Gesture.LONG), (CODE_S, Gesture.CODE), (RESET_S, Gesture.RESET))
"""What it means that a press goes on for so long."""


class Contact:
    """A contact that bounces: closed at its first edge, which must not wait, and open once it has been so for a while.

    Edges in, edges out, each with its time and whether it closes. `bounce_s` may make that while longer.
    """

    def __init__(self, bounce_s: float = 0.0) -> None:
        self._bounce_s = max(BOUNCE_S, bounce_s)
        self._closed = False
        self._opened: float | None = None  # since when it may be open

    @property
    def due(self) -> float | None:
        """When to call `tick` at the latest; None if nothing happens by itself."""
        return None if self._opened is None else self._opened + self._bounce_s

    def edge(self, t: float, *, down: bool) -> list[tuple[float, bool]]:
        """Take an edge of the line at `t`; return those that count."""
        counted = self.tick(t)
        if not down:
            if self._closed and self._opened is None:
                self._opened = t
            return counted
        self._opened = None
        if not self._closed:
            self._closed = True
            counted.append((t, True))
        return counted

    def tick(self, t: float) -> list[tuple[float, bool]]:
        """Return the edge that counts by `t` without another one."""
        if self._opened is None or t < self._opened + self._bounce_s:
            return []
        opened, self._opened, self._closed = self._opened, None, False
        return [(opened, False)]


class Gestures:
    """The edges of a button so far; times are in seconds on any clock that only goes forward."""

    def __init__(self) -> None:
        self._down: float | None = None  # since when; None while it is up
        self._told = 0  # of that press: of how many of `_HELD` that it has been held for so long
        self._counts = True  # a press that confirms means nothing else
        self._first = True  # not the second of a double press
        self._clicked: float | None = None
        self._asked: float | None = None  # since when a reset waits, the button being up

    @property
    def due(self) -> float | None:
        """When to call `tick` at the latest; None if nothing happens by itself."""
        if self._down is not None and self._counts and self._told < len(_HELD):
            return self._down + _HELD[self._told][0]
        return None if self._asked is None else self._asked + CONFIRM_S

    @property
    def asking(self) -> bool:
        """Whether a factory reset waits for its confirmation."""
        return self._asked is not None or self._told == len(_HELD)

    def edge(self, t: float, *, down: bool) -> list[Gesture]:
        """Take a change of the button at `t`; return what that means, and what has meanwhile become clear."""
        told = self.tick(t)
        if down is (self._down is not None):
            return told
        return told + (self._press(t) if down else self._release(t))

    def tick(self, t: float) -> list[Gesture]:
        """Return what has become clear by `t` without a change."""
        told = []
        while self.due is not None and t >= self.due:
            if self._down is None:
                self._asked = None
                told.append(Gesture.RELENT)
            else:
                self._told += 1
                told.append(_HELD[self._told - 1][1])
        return told

    def _press(self, t: float) -> list[Gesture]:
        self._down, self._told, self._counts = t, 0, self._asked is None
        clicked, self._clicked = self._clicked, None
        if self._asked is not None:
            self._asked = None
            return [Gesture.CONFIRM]
        self._first = clicked is None or t - clicked > DOUBLE_S
        return [Gesture.PRESS if self._first else Gesture.DOUBLE]

    def _release(self, t: float) -> list[Gesture]:
        told, self._told, self._down = self._told, 0, None
        if told == len(_HELD):
            self._asked = t
        if told or not (self._counts and self._first):
            return []
        self._clicked = t
        return [Gesture.CLICK]
