"""The code of the owner's page: six digits that somebody can only have who stands beside the device, or is root on it.

There is one at a time. It holds for ten minutes, is used up by its first use, and void after a few wrong guesses: so
whoever guesses has five chances in a million, and waits longer after each.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS: Final = 6
LASTS_S: Final = 600.0
"""A choice: long enough to walk to another room and find the page there."""
TRIES: Final = 5
"""Wrong guesses that make a code void. A choice: people mistype, and mishear."""
MOST_MADE: Final = 10
"""Codes within `LASTS_S`. A choice: more are no person's."""


class Refused(Exception):  # noqa: N818 - it is an answer
    """It is not the code, or none may be made now; `wait_s` says how long to wait, 0 if that is of no use."""

    def __init__(self, what: str, wait_s: float = 0.0) -> None:
        super().__init__(what)
        self.wait_s = wait_s


class PageCodes:
    """The code that holds, if one does; `now` is a clock that only goes forward, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._code = ""
        self._until = 0.0
        self._wrong = 0
        self._again = 0.0  # until when no guess is taken
        self._made: deque[float] = deque(maxlen=MOST_MADE)

    @property
    def seconds(self) -> float:
        """For how long the present code holds; 0 if there is none."""
        return max(0.0, self._until - self._now()) if self._code else 0.0

    def new(self) -> str:
        """Return a new code, in place of the one before. Raises Refused."""
        now = self._now()
        if len(self._made) == MOST_MADE and (wait := self._made[0] + LASTS_S - now) > 0:
            raise Refused(f"{MOST_MADE} codes were made within {LASTS_S / 60:.0f} minutes", wait)
        self._made.append(now)
        self._code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._until, self._wrong, self._again = now + LASTS_S, 0, 0.0
        return self._code

    def check(self, guess: str) -> None:
        """Use the code up, if `guess` is it; spaces in it do not count. Raises Refused."""
        now = self._now()
        if not self.seconds:
            raise Refused("there is no code, or it holds no longer")
        if now < self._again:
            raise Refused("it was tried too soon after a wrong code", self._again - now)
        if hmac.compare_digest("".join(guess.split()).encode(), self._code.encode()):
            self._code = ""
            return
        self._wrong += 1
        if self._wrong >= TRIES:
            self._code = ""
            raise Refused(f"it is wrong, for the {self._wrong}th time: the code is void")
        self._again = now + 2.0 ** (self._wrong - 1)
        raise Refused("it is wrong", self._again - now)
