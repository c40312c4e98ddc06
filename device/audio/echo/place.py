"""Whether the echo is where the filter looks for it, and where it is if it is not.

A card that stalls, a sound server that buffers more, a loudspeaker that is carried away: the echo comes at another lag,
at once and by any amount. The filter would go on to expect it where it was, so that what is left over is the device's
own voice, twice. So the place is doubted as soon as there is a reason to, and nothing that is heard meanwhile counts as
somebody's voice, until it is confirmed or found: by how like the microphone is to what was played at each lag
(`likeness.py`), or by the filter's cancelling well.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from device.audio.echo.align import LONGEST_AGAIN, LONGEST_TRIAL, MOST_MORE
from device.audio.echo.filter import BLOCK
from device.audio.echo.likeness import CLEAR, CONFIRMED, RANGE, explained, filtered, later, likeness
from device.audio.echo.tape import Tape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.echo.align import Alignment
    from device.audio.echo.filter import EchoFilter

WINDOWS = (15, 25, 50)
"""Blocks of the microphone that are looked at, the most that there are: 150 ms, a syllable, in which the place is found
in three of four looks; 250 ms, in nine of ten; 500 ms, in nearly all."""
LEAD = 2 * BLOCK + BLOCK // 2
"""Samples of the path to keep before the place of the echo: room for what comes earlier than its loudest part."""
NEAR = 24
"""Samples by which a place may be another and still be the same, 1.5 ms: the path's own width."""
_CALM_EVERY = 100
"""Blocks of playback between two looks while nothing is doubtful, 1 s."""
_DOUBT_EVERY = 4
"""And while something is: 40 ms, a quarter of what is looked at."""
_LOST = 0.5
"""Part of the echo that is left over for 40 ms, where it was less for a second, from which the place is doubted."""
_GOOD, _GOOD_IN_A_ROW = 0.1, 3
"""Part of the microphone's power that is left over in blocks that confirm the place, 10 dB less, and how many of them:
nothing but the echo cancels so."""
_MISFIT, _EXPECTED = 1.2, 0.25
"""The echo estimate adds so much to the microphone's power, in place of taking some away, where at least so much of it
was expected: the echo is elsewhere or another one. What somebody says over it is not taken away, but adds nothing."""
_MISFIT_BLOCKS = 4
"""Over which that is measured: 40 ms, before anything is made of what is left over."""
_NOISY = 4.0
"""Times the room's noise from which a block of the microphone tells anything."""
_PROVEN = 0.1
"""Part of the echo that is left over by a path that is worth keeping: 10 dB less; until there was one, by the best."""
_WORTH = 0.5
"""And of the first one, 3 dB less: a choice."""
_PROVEN_NOISE = 3.0
"""Or what is left over is about as loud as the room, by blocks of which it varies so much, and the echo is louder."""
_TRIAL = 6
"""Blocks of the past over which a path is tried at another place: 60 ms, a voiced sound. More notices later."""
_FITS = 0.5
"""Part of the present error's power that the path of before must leave over at another place, in `_TRIAL` blocks."""
CERTAIN = 2 * CLEAR
"""At the first look, the place is believed at once: with nothing learnt yet, little is lost if it is a wrong one."""
_BETTER = 0.8
"""And where it is only a little off, so that another place is not the question: somebody may speak over it."""
_TAKES = 0.5
"""Of what the direct sound alone explains, the kept path must take so much away where a visitor's voice hides more."""
_AGAIN = 15
"""Blocks after which a place that no path fits at is believed, if it was found all the time: the next syllable."""
_EXPLAINED = 0.1
"""Part of the microphone's power that the sound itself explains at a new place. The direct sound of an echo alone does
more than half; this much is left with a voice over it that is 7 dB louder. Sharp edges of two sounds, which are as
like, explain a hundredth."""
_HIDDEN = 0.02
"""And this much where the kept path fits at the new place: a visitor's voice hides it that is 15 dB louder."""
_LEAST_FIT, _MOST_FIT = 0.6, 1.4
"""How loud the kept path's estimate is in what is heard, at a place where it fits, whoever speaks over it: 1."""
_MUCH_LEFT = 0.3
"""Part of what was heard that is left over, 5 dB less, from which it matters whether that is the echo: with another
path to the same place it is, with somebody's voice it is not."""
_OWN = 0.45
"""Part of what is left over that a short echo explains, from which it is the device's own voice. In 250 ms of replies
that people interrupt at -10 to +6 dB: 0.41 in the worst of 96 and less than 0.1 in nearly all; of what the device takes
for a voice when a clock changes or the echo jumps, 0.4 to 0.8."""
_OTHERS = 0.1
"""And from which it is not: what is left of the echo is 10 dB softer than who speaks over it, or lies apart."""
_RIVAL = 0.5
"""A new place must be so much clearer than the old one: twice. In voiced sounds the place is clear at each period."""
_OTHER_ECHO = 0.35
"""Part of the clearest place's likeness from which the path begins with an echo before it: half its amplitude, or less.
"""
_LEAST_MORE = 6
"""Blocks that the path must be too short by to be lengthened, 60 ms: a room's last reverberation is no other echo."""
_LEAST_TAIL = 8
"""Blocks that the path must have left after the clearest place: 80 ms, most of a room's energy."""
_FINE = range(-2, 3)
"""Samples by which a place may be off without the path's being moved: it follows by itself."""


class Place:
    """Watches whether the echo is where `alignment` reads what was played for `echo`, and moves both to it."""

    def __init__(self, echo: EchoFilter, alignment: Alignment) -> None:
        self.sure = False
        """Whether it is known where the echo is."""
        self.jumps = 0
        """How often it was found to come at another lag, by the same path."""
        self.begun = 0
        """How often the path to it had to be learnt anew."""
        self.taken_back = 0
        """How often it was doubted because what was left over was the echo, elsewhere or by another path."""
        self.missed = 0
        """How often no echo was found in `WINDOWS[-1]` blocks that were loud enough, while none was ever found."""
        self._filter = echo
        self._alignment = alignment
        self._tail = echo.blocks
        self._lead = LEAD  # samples of the path before the echo
        self._other = 0  # lag of the clearest echo in what was left over at the last look
        self._heard = Tape(2, LONGEST_AGAIN * BLOCK)  # and what was left over of it
        self._worked = 0
        self._blocks = 0  # that were heard without a break, and since the place was last doubted
        self._moved = 0  # when the path was moved last; what was left over before tells nothing of it
        self._waits = 0
        self._good = 0
        self._kept = _WORTH  # part of the echo that the kept path left over; none is kept yet
        self._found: tuple[int, int] | None = None  # a lag at which no path fits, and when it was found first
        self._powers: deque[tuple[float, float, float]] = deque(maxlen=_MISFIT_BLOCKS)

    @property
    def known(self) -> bool:
        """Whether the echo was ever found."""
        return self._alignment.lag is not None

    def rest(self) -> None:
        """Know that time passed in which nothing was listened to."""
        self._blocks = 0
        self._powers.clear()
        self._found = None

    def doubt(self) -> None:
        """Know that something happened after which the echo may be anywhere."""
        self.sure = False
        self._blocks = self._good = 0
        self._found = None

    def step(self, mic: NDArray[np.float32], noise: float, *, plays: bool) -> None:
        """Learn from the filter's last step, in which the microphone heard `mic`, `(160,)`; `noise` is a block's power.

        `plays` tells whether what is heard may be the echo itself, and not only its reverberation.
        """
        self._worked += 1
        self._blocks += 1
        self._heard.add(mic, self._filter.error)
        if not plays:
            return
        power, left = float(mic @ mic), float(self._filter.error @ self._filter.error)
        self._powers.append((power, left, float(self._filter.estimate @ self._filter.estimate)))
        if self.sure and self._misfits(noise):
            self.taken_back += 1
            self.doubt()
        if power < _NOISY * noise:
            return
        if not self.sure and self.known:
            self._good = self._good + 1 if left < _GOOD * power else 0
            if self._good >= _GOOD_IN_A_ROW:
                self._found = None
                self._confirm(noise)
        suspicious = self._filter.residual > _LOST and self._filter.usual_residual < _LOST
        self._waits -= 1
        if suspicious or not self.sure:
            self._waits = min(self._waits, _DOUBT_EVERY)
        if self._waits <= 0 and self._blocks >= WINDOWS[0]:
            self._waits = _CALM_EVERY
            self._look(noise, suspicious=suspicious and self.sure)

    def _misfits(self, noise: float) -> bool:
        """Return whether the echo estimate is of no echo that is heard."""
        power = left = expected = 0.0
        for one, other, echo in self._powers:
            power, left, expected = power + one, left + other, expected + echo
        return expected > max(_EXPECTED * power, _NOISY * noise * len(self._powers)) and left > _MISFIT * power

    def _look(self, noise: float, *, suspicious: bool) -> None:
        """Look where the echo is, in the last moments only if they are `suspicious`."""
        most = WINDOWS[1] if suspicious else WINDOWS[-1]
        window = BLOCK * _longest(min(most, self._blocks))
        heard, played = self._heard.rows[0][-window:], self._alignment.played(window + RANGE)
        found = likeness(heard, played)
        best = int(found.argmax())
        clear = float(found[best])
        echo = _explained(best, heard, played)
        if echo < (_HIDDEN if self.known and not self.sure else _EXPLAINED):
            clear = 0.0
        if self._alignment.lag is None:
            self._find_first(found, best, clear)
            return
        here = round(self._alignment.lag)
        first = max(0, here - NEAR)
        around = found[first : here + NEAR + 1]
        still = float(around.max())
        left = self._left_over(min(window, BLOCK * self._errors)) if suspicious or not self.sure else None
        if suspicious and left is not None:
            self.taken_back += 1
            self.doubt()
            return
        if left is not None and abs(left - here) <= NEAR:
            # It is there, but a little off, or by another path, which is still being learnt.
            if abs(left - here) not in _FINE:
                self._jump(left - here, better=_BETTER)
            return
        if still >= CONFIRMED:
            if still >= _RIVAL * float(found[best]):
                self._stay(first + int(around.argmax()) - here, noise)
            self._complete(min(window, BLOCK * self._errors))  # of a louder one elsewhere, too
        elif clear >= CLEAR and not self._takes_most(window):
            self._move(best - here, echo)

    def _stay(self, off: int, noise: float) -> None:
        """Know that the echo is where it was, or `off` by some samples."""
        if self._alignment.lag is None:
            return
        if self.sure or off in _FINE or not self._jump(off, better=_BETTER):
            self._alignment.lag += off
        self._confirm(noise)
        self._found = None
        if abs(self._alignment.lag - self._lead - self._alignment.delay) > BLOCK:  # it has drifted so far
            self._alignment.begin(self._lead)

    def _takes_most(self, window: int) -> bool:
        """Return whether the filter takes nearly all away, as only an echo can be that is where it is expected."""
        heard, left = (track[-window:] for track in self._heard.rows)
        return float(left @ left) < _GOOD * float(heard @ heard)

    def _find_first(self, found: NDArray[np.float32], best: int, clear: float) -> None:
        """Begin at the lag `best` if that is where the echo is."""
        if (clear >= CERTAIN and self._blocks >= WINDOWS[1]) or (clear >= CLEAR and self._stays(best)):
            self._begin(best, self._earliest(found, best))
        elif clear < CLEAR and self._blocks >= WINDOWS[-1]:
            self.missed += 1

    @property
    def cancels(self) -> bool:
        """Whether hardly any of what was left over in the last moments is an echo from where it is known to come.

        Though much may be left over, because somebody speaks.
        """
        if self._errors < WINDOWS[1] or self._alignment.lag is None:
            return False
        left, played = self._last_errors(WINDOWS[1] * BLOCK)
        return filtered(left, played, round(self._alignment.lag)) < _OTHERS

    def heard_again(self, errors: NDArray[np.float32]) -> None:
        """Know what was left over of the last blocks where the echo is: `(n, 160)`."""
        left = self._heard.rows[1]
        known = errors.ravel()[-len(left) :]
        left[len(left) - len(known) :] = known
        self._moved = self._worked - len(errors)
        self._blocks = max(self._blocks, len(errors))

    def own(self, ago: int = 0) -> bool:
        """Whether what was left over in the last moments is the device's own voice; doubts the place if that is not it.

        Or what was left over so many blocks `ago`, of which nothing is doubted any more.
        """
        window = _longest(min(self._blocks - ago, self._worked - self._moved - ago, WINDOWS[1])) * BLOCK
        if not window or not self.known:
            return False
        left, played = self._last_errors(window, ago)
        lag = _clearest(left, played)
        if lag is None or filtered(left, played, lag) < _OWN:
            return False
        if not ago and abs(lag - (self._alignment.lag or 0.0)) > NEAR:
            self.doubt()
        return True

    @property
    def _errors(self) -> int:
        """How many of the last blocks tell what the path leaves where it is now: as many as `WINDOWS` has, or 0."""
        return _longest(min(self._blocks, self._worked - self._moved))

    def _last_errors(self, window: int, ago: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what was left over in the last `window` samples, and what was played: `RANGE` samples more.

        Up to so many blocks `ago`.
        """
        end = ago * BLOCK
        left, played = self._heard.rows[1], self._alignment.played(window + RANGE + end)
        return left[len(left) - window - end : len(left) - end], played[: window + RANGE]

    def _left_over(self, window: int) -> int | None:
        """Return the lag of an echo that makes much of what is left over; None if that is anything else."""
        if not window:
            return None
        left, played = self._last_errors(window)
        heard = self._heard.rows[0][-window:]
        if float(left @ left) < _MUCH_LEFT * float(heard @ heard):
            return None
        return self._echo_in(left, played)

    @staticmethod
    def _echo_in(sound: NDArray[np.float32], played: NDArray[np.float32]) -> int | None:
        """Return the lag at which `sound` is clearly an echo of what was `played`; None if it is none."""
        lag = _clearest(sound, played)
        return lag if lag is not None and _explained(lag, sound, played) >= _EXPLAINED else None

    def _move(self, lag: int, echo: float) -> None:
        """Follow the echo by `lag` samples if the path that is kept fits there, or if the echo is found there again.

        What was played makes the part `echo` of what is heard: a visitor may make the rest.
        """
        stays = self._stays(round(self._alignment.lag or 0.0) + lag)
        if not self._jump(lag, 1 - _TAKES * echo if stays else _GOOD) and stays and echo >= _EXPLAINED:
            self._filter.restore()
            self._alignment.jump(lag)
            place = round(self._alignment.lag or 0.0)
            self._begin(place, place)

    def _jump(self, lag: int, part: float = _GOOD, better: float = _FITS) -> bool:
        """Follow the echo by `lag` samples, to one or two, if the path that is kept fits; return whether it does.

        It leaves then less than `part` of what was heard, or than `better` of what is left over at present.
        """
        if self._kept >= _WORTH:
            return False
        fine = self._fits(lag, part, better)
        if fine is None:
            return False
        self.jumps += 1
        self._filter.restore()
        self._alignment.jump(lag + fine)
        self._filter.residual = 0.0
        self.sure = True
        self._good = 0
        self._found = None
        self._powers.clear()  # they are of the place before
        self._moved = self._worked
        return True

    def _fits(self, lag: int, part: float, better: float) -> float | None:
        """Return by how many samples more than `lag` the echo comes later, if the kept path fits; None if it does not.

        It takes the echo away, or, in doubt, is as loud in what is heard as the echo should be, whoever speaks over it.
        """
        count = min(max(self._blocks, _TRIAL), LONGEST_TRIAL)
        if (estimate := self._alignment.trial(lag, count)) is None:
            return None
        heard, errors = (track[-count * BLOCK :] for track in self._heard.rows)
        sound, echo = np.diff(heard), np.diff(estimate)
        fine, common = later(sound, echo)
        last = slice(-_TRIAL * BLOCK, None)
        left = heard[last] - np.roll(estimate, round(fine))[last]
        most = max(better * float(errors[last] @ errors[last]), part * float(heard[last] @ heard[last]))
        if float(left @ left) < most:
            return fine
        power = float(echo @ echo)
        if self.sure or abs(lag) <= NEAR or count < WINDOWS[0] or common**2 < _HIDDEN * power * float(sound @ sound):
            return None
        return fine if _LEAST_FIT * power <= common <= _MOST_FIT * power else None

    def _stays(self, lag: int) -> bool:
        """Return whether the echo was found at `lag` before, in other sounds."""
        if self._found is None or abs(self._found[0] - lag) > NEAR:
            self._found = lag, self._worked
        return self._worked - self._found[1] >= _AGAIN

    def _earliest(self, found: NDArray[np.float32], best: int) -> int:
        """Return the first lag at which an echo is found that the path can begin with and still hold the clearest."""
        first = max(0, best - (self._filter.blocks - _LEAST_TAIL) * BLOCK)
        clear = np.flatnonzero(found[first:best] >= max(CLEAR, _OTHER_ECHO * float(found[best])))
        return first + int(clear[0]) if len(clear) else best

    def _complete(self, window: int) -> None:
        """Let the path begin earlier or end later for another echo, in the path or found in what was left over.

        That is of the last `window` samples. The path keeps as much room after its last echo as after a single one.
        """
        begins, length = int(self._alignment.delay), self._filter.blocks * BLOCK
        first, last = begins, begins + self._filter.last_echo() * BLOCK
        other = self._echo_in(*self._last_errors(window)) if window else None
        if other is not None and not begins <= other < begins + length:
            before, self._other = self._other, other
            if abs(other - before) > NEAR:  # look again soon, in another sound
                self._waits = _AGAIN
                return
            first, last = min(first, other), max(last, other)
        more = max(begins - first, last + self._tail * BLOCK - LEAD - begins - length)
        blocks = min(more // BLOCK + 1, self._tail + MOST_MORE - self._filter.blocks)
        if more < _LEAST_MORE * BLOCK or blocks <= 0:
            return
        self._alignment.lengthen(blocks)
        if first < begins and self._alignment.lag is not None:
            self._lead = round(self._alignment.lag) - first + LEAD
            self._alignment.begin(self._lead)

    def _begin(self, lag: int, earliest: int) -> None:
        """Learn the path anew for an echo at `lag`, and one before it, beginning with what is known of it there."""
        self._alignment.lag = float(lag)
        self._lead = lag - earliest + LEAD
        self._alignment.begin(self._lead)
        self._filter.unlearn()
        self._kept = _WORTH
        self._powers.clear()
        self._moved = self._worked
        self._filter.residual = self._filter.usual_residual = 1.0
        self.sure = False
        self.begun += 1
        self._good = 0
        self._found = None

    def _confirm(self, noise: float) -> None:
        self.sure = True
        self._good = 0
        left, echo = sum(row[1] for row in self._powers), sum(row[2] for row in self._powers)
        noise *= len(self._powers)
        part = 0.0 if left < _PROVEN_NOISE * noise < echo else self._filter.residual
        if part < max(_PROVEN, self._kept):
            self._kept = min(self._kept, part)
            self._filter.keep()


def _longest(blocks: int) -> int:
    """Return the most of `WINDOWS` that fits into so many blocks; 0 if none does."""
    return max((size for size in WINDOWS if size <= blocks), default=0)


def _clearest(sound: NDArray[np.float32], played: NDArray[np.float32]) -> int | None:
    """Return the lag at which `sound`, `(n,)`, is most like what was `played`, `(n + RANGE,)`; None if none."""
    found = likeness(sound, played)
    lag = int(found.argmax())
    return lag if found[lag] >= CLEAR else None


def _explained(lag: int, heard: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    return explained(heard, played[RANGE - lag :][: len(heard)])
