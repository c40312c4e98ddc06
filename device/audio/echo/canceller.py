"""Takes the loudspeaker's echo out of the microphone's signal, and says what cannot be echo.

    played ──► filter ──► echo estimate
                             │ -
    microphone ─────────────(+)──► `linear` ──► residual: `excess`, and suppressed ──► clean

The parts are in `filter.py`, `align.py`, `place.py`, `residual.py`, `own_voice.py` and `again.py`; here they get int16
in frames, and rest while nothing is played. `parley bench echo` measures it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.echo.again import Again
from device.audio.echo.align import Alignment
from device.audio.echo.envelope import Envelopes
from device.audio.echo.filter import BLOCK, EchoFilter
from device.audio.echo.likeness import RANGE
from device.audio.echo.own_voice import OwnVoice
from device.audio.echo.place import Place
from device.audio.echo.residual import Residual
from device.audio.measure import FULL_SCALE
from device.sample_clock import CLOCK_RATE

FRAME = BLOCK
"""Samples that are cancelled at a time: 10 ms."""
DELAY = FRAME
"""How many samples the output lies behind the input."""
GOOD_RATIO = 0.15
"""Part of a frame's power that is left over when the echo path is known: 8 dB less."""
QUIET_RATIO = 4.0
"""Or what is left over is about as loud as the room's noise: up to 6 dB more, since single frames of noise vary."""
GOOD_FRAMES = 15
"""So many more good frames than a quarter of the bad ones, and the path counts as learnt. Single frames are counted,
not their mean power, because somebody who speaks meanwhile is louder than any echo left."""
SILENT_FRAMES = 60
"""And so many more, 0.6 s, where no echo was ever found: longer than the pauses of one that comes too late."""
MISSED = 12
"""Or so many looks for an echo found none, half a second apart from the first to the last, though the microphone was
loud: somebody talks, and there is none that would matter beside that."""
UNEXPLAINED = 2.0
"""How many good frames a bad one outweighs while the echo was never found: an echo has pauses, too."""
LOOK_EVERY = 8
"""Frames between two looks whether it is learnt although somebody speaks: 80 ms, while it does not count as learnt."""
NO_ECHO_RATIO = 0.001
"""A microphone that hears so little of what was just played, 30 dB less, has no echo to learn: with headphones, or with
a card that cancels it."""
NO_ECHO_FRAMES = RANGE // FRAME + 25
"""Frames of playback after which an echo would have come and been found, 1.15 s."""
HELPLESS_EVERY = 100
"""Frames of playback between two looks whether there is an echo that is not found, 1 s."""
CANCELLED, LOUD_RATIO = 0.1, 40.0
"""Part of a frame's power that is left over, at the most, where the echo was cancelled, 10 dB less; of frames that are
16 dB louder than the room's noise."""
HOPELESS = 0.4
"""A filter is of no use if it does so in fewer of the frames: it does in 0.7 while somebody talks over it without a
rest, and in 0.9 of them alone; with a loudspeaker that cannot exceed a 100th of full scale, in 0.2."""
CANCELLED_SMOOTHING = 0.002
"""Weight of a frame in that part: 5 s of playback."""
FADING = 0.98
"""What is kept of the loudest reference from frame to frame, while its echo is under way: it falls by 9 dB in a second.
Slower, a soft place after a loud one passes for a microphone without echo; faster, an echo that comes late is compared
with too little."""
RESIDUAL_RATIO = 0.01
"""What the filter leaves that is so far below the loudest the microphone heard just before, 20 dB, is left of the
echo: a long reverberation goes on after the filter's end. Measured at +6 dB, RT60 0.6 s: the device's own voice
exceeds its expected residual at -22 to -28 dB, visitors 6 dB below the echo at -17 dB and more."""
HOLD = 0.9
"""What is kept of the microphone's power from frame to frame: it falls by 46 dB in a second."""
CONVERGED_FRAMES = 300
"""Frames of playback after which a path whose place is known counts as learnt anyhow: 3 s, several times what the
start-up sound takes. Sooner, the device may interrupt itself where it has not learnt the path; later, it cannot be
interrupted for longer."""

_SCALE = np.float32(1 / FULL_SCALE)


class Revised(Struct, frozen=True):
    """What was heard while it was not known where the echo is, heard again."""

    clean: NDArray[np.int16]
    """Without the echo: `(n * 160,) int16, 16 kHz mono`. It ends `later` samples before what came out last does."""
    excess: NDArray[np.float32]
    """As `EchoCanceller.excess`, `(n,)`, of the frames that went in: it ends as much before the last of these."""
    own: NDArray[np.bool_]
    """Which of these are taken for the device's own voice all the same."""
    later: int


class EchoCanceller:
    """Cancels the echo of one loudspeaker in one microphone, both at 16 kHz, in frames of 160 samples.

    `tail_ms` is how long the room's reverberation matters; when it begins, up to 900 ms after the sound was given to
    the card, is found. While nothing was played for longer than both, frames pass through untouched at hardly any cost.
    Output is always `DELAY` samples behind the input.

    With `hears_again`, what was heard while the echo was looked for is heard again once it is found: who spoke then
    loses no first word. It is off in the device: in rooms where the echo changes, too, the new path takes too little of
    the past away, and what is left passes for somebody (`parley bench alone --part faults`, 75 s of each: 12 to 15
    replies cut by nobody with it, none without).

    Raises ValueError for a tail that makes no sense.
    """

    delay = DELAY

    def __init__(self, tail_ms: int, *, hears_again: bool = False) -> None:
        if not 10 <= tail_ms <= 2000:
            raise ValueError(f"an echo tail of {tail_ms} ms makes no sense: 50 to 1000 ms do")
        blocks = -(-tail_ms * CLOCK_RATE // (1000 * FRAME))
        self._filter = EchoFilter(blocks)
        self.alignment = Alignment(self._filter)
        """Where what was played is read: the delay and the drift."""
        self.place = Place(self._filter, self.alignment)
        """Where the echo is, and whether that is known."""
        self._hears_again = hears_again
        self._again = Again(self.alignment)
        self._residual = Residual()
        self._own_voice = OwnVoice(self.place, self._residual)
        self.excess = np.zeros(0, np.float32)
        """By how many dB each frame of the last `cancel` was louder than what may be left of the echo, and than the
        room's noise: `(n,) float32`, 0 to 20, the mean over frequency bands. It is of the frames that went in, so
        that the frame of `excess[-1]` comes out with the next call. 0 while not `active` or not `converged`.

        Measured by `parley bench echo`: the device's own voice takes three of four frames to 3 dB once in some minutes,
        a visitor as loud as the echo within 40 ms (90 %: 92 ms), one 10 dB below it within 60 ms (180 ms)."""
        self.revised: Revised | None = None
        """What was heard up to the last `cancel`, as it is known to be since; None if nothing new is known of it."""
        self._linear: list[NDArray[np.int16] | NDArray[np.float32]] = []
        self._before = np.zeros(FRAME, np.int16)
        self._rise = np.linspace(0, 1, FRAME, endpoint=False, dtype=np.float32)
        self._rested = 0
        self._quiet = 1 << 30
        self._active = False
        self._frames_played = 0
        self._good = 0.0
        self._loudest = self._heard = 0.0
        self._learnt = self._helpless = False
        self._begun = self._taken_back = 0
        self._envelopes = Envelopes()
        self._cancels = 0.7
        self._certain = 0  # frames in a row in which it was known what may be echo

    @property
    def active(self) -> bool:
        """True while frames are worked on, because something is or was just played."""
        return self._active

    @property
    def converged(self) -> bool:
        """True while it is known where the echo is and what it is like; until then, what is heard may be echo."""
        return self._learnt and not self._helpless and (self.place.sure or not self.place.known)

    @property
    def echoing(self) -> bool:
        """True while what was played may still be heard at the microphone, by what is expected there."""
        return self._active and (not self.converged or self._plays() or self._residual.audible)

    @property
    def own(self) -> bool:
        """True while what exceeds that is taken for the device's own voice all the same."""
        return self._active and self._own_voice.holds

    @property
    def moves(self) -> int:
        """How often what was taken for somebody turned out to be the echo: at another place, or not cancelled."""
        return self.place.jumps + self.place.begun + self.place.taken_back + self._own_voice.found

    @property
    def helpless(self) -> bool:
        """True while there is an echo that it does not find, or cannot cancel."""
        return self._helpless

    def doubt(self) -> None:
        """Know that the card may play later or sooner from now on: where the echo is must be confirmed or found."""
        self.place.doubt()

    def expect(self, gain_db: float) -> None:
        """Know what the microphone needs to be amplified by for speech to be as loud as usual; 0 at first."""
        self._filter.expect(gain_db)

    @property
    def linear(self) -> NDArray[np.int16]:
        """The frames that went into the last `cancel`, without the echo estimate and with nothing suppressed.

        `(n * 160,) int16`, not delayed. What is near is all in it, and some of the echo.
        """
        return np.concatenate([part if part.dtype == np.int16 else _pcm(part) for part in self._linear])

    def cancel(
        self, mic: NDArray[np.int16], reference: NDArray[np.int16], missing: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int16]:
        """Return the microphone's signal of `DELAY` samples ago without the echo of what was played.

        All are `(n * 160,) int16, 16 kHz mono`; `reference` was played while `mic` was recorded. Frames
        that are `missing`, `(n,)`, are silence in place of what is not known. Raises ValueError for other shapes.
        """
        if mic.ndim != 1 or len(mic) % FRAME or mic.shape != reference.shape:
            raise ValueError(f"the echo canceller takes frames of ({FRAME},), not {mic.shape} and {reference.shape}")
        clean = np.concatenate((self._before, mic))
        self._linear = [mic]
        self.revised = None
        self.excess = np.zeros(len(mic) // FRAME, np.float32)
        if self._active or self._echoes() or reference.any():
            self._linear = []
            for number in range(len(self.excess)):
                part = slice(number * FRAME, (number + 1) * FRAME)
                lost = missing is not None and bool(missing[number])
                clean[part] = self._frame(number, mic[part], reference[part], lost=lost)
        else:
            self._rested += len(mic)
        # What was worked on is of the frames up to the last; that one is still as the microphone heard it.
        self._before = mic[-FRAME:].copy() if len(mic) else self._before
        return clean[: len(mic)]

    def _frame(
        self, number: int, mic: NDArray[np.int16], reference: NDArray[np.int16], *, lost: bool
    ) -> NDArray[np.int16]:
        """Return the frame before this one without echo."""
        self._quiet = 0 if reference.any() else self._quiet + 1
        wanted = self._echoes()
        raw = self._before
        self._before = mic
        if not (wanted or self._active):
            self._rested += FRAME
            self._linear.append(mic)
            return raw
        if not self._active:
            self._residual.rest(raw * _SCALE)
            self.alignment.rest(self._rested)
            self.place.rest()
            self._own_voice.rest()
            self._again.rest()
            self._rested = 0
        heard, played = mic * _SCALE, reference * _SCALE
        self._filter.step(heard, self.alignment.push(played))
        if lost:
            self._filter.error[:] = 0
            self.place.doubt()
        else:
            plays = self._plays()
            self.place.step(heard, self._residual.noise, plays=plays)
            if plays and (self.place.sure or not self.place.known):
                self.alignment.follow()
        if self._hears_again:
            self._again.step(heard, self._filter.error, self._filter.doubt, lost=lost, plays=self._plays())
        if self._hears_again and not lost and not self._certain and self.converged:
            clean = self._hear_again(number)
        else:
            own = self._own_voice.holds or not self.converged
            clean = self._residual.step(
                self._filter.error, self._filter.estimate, self._filter.doubt, lost=lost, own=own
            )
            if wanted and not lost:
                self.excess[number] = self._judge_near(heard, plays=self._plays())
        if not wanted:  # at rest from the next frame on, which is not worked on
            clean += self._rise * (raw * _SCALE - clean)
        self._linear.append(self._filter.error)
        self._judge(heard, played, lost=lost)
        self._active = wanted
        return _pcm(clean)

    def _echoes(self) -> bool:
        """Return whether an echo of what was played may still be on its way."""
        lag = self.alignment.delay if self.place.known or self._learnt else RANGE
        return self._quiet < lag // FRAME + self._filter.blocks + 3

    def _plays(self) -> bool:
        """Return whether what is heard now may be the echo itself, and not only its reverberation."""
        return self._quiet <= (self.alignment.lag or RANGE) // FRAME

    def _judge_near(self, heard: NDArray[np.float32], *, plays: bool) -> float:
        """Return by how many dB what is left over of a frame exceeds the echo, if it may be of somebody; else 0."""
        self._certain = self._certain + 1 if self.converged else 0
        if not self._certain:
            return 0.0
        self._again.known()
        self._taken_back = self.place.taken_back
        return self._near(heard, self._filter.error, plays=plays)

    def _near(self, heard: NDArray[np.float32], error: NDArray[np.float32], *, plays: bool, ago: int = 0) -> float:
        """Return the same of a frame that came so many frames `ago`."""
        self._heard = max(_power(heard), HOLD * self._heard)
        if _power(error) < RESIDUAL_RATIO * self._heard:
            return 0.0
        self._own_voice.step(plays=plays, ago=ago)
        return self._residual.excess if self.converged and not self._own_voice.holds else 0.0

    def _hear_again(self, number: int) -> NDArray[np.float32]:
        """Hear again what was heard since the echo is where it was found; return the frame before this one."""
        past = self._again.hear(doubted=self.place.taken_back != self._taken_back)
        self._again.known()
        self._taken_back = self.place.taken_back
        self._certain = 1
        count = len(past.errors)
        alone = past.lost[::-1].index(True) if any(past.lost) else count
        self.place.heard_again(past.errors[count - alone :])
        self._residual.again(past.before, moved=past.moved)
        self._own_voice.rest()
        clean = np.zeros((count, FRAME), np.float32)
        excess, own = np.zeros(count, np.float32), np.zeros(count, np.bool_)
        for at, (heard, error) in enumerate(zip(past.heard, past.errors, strict=True)):
            lost = past.lost[at]
            clean[at] = self._residual.step(error, past.estimates[at], past.doubts[at], lost=lost, own=False)
            if at and not lost:  # the first one has a window in common with what was left over before
                excess[at] = self._near(heard, error, plays=past.plays[at], ago=count - 1 - at)
            own[at] = self._own_voice.holds
        self.excess[number] = excess[-1]
        later = (len(self.excess) - 1 - number) * FRAME
        self.revised = Revised(_pcm(clean.ravel()), excess, own, later)
        last: NDArray[np.float32] = clean[-1]
        return last

    def _judge(self, heard: NDArray[np.float32], played: NDArray[np.float32], *, lost: bool) -> None:
        """Find out whether the path is learnt."""
        if self.place.begun != self._begun:
            self._begun = self.place.begun
            self._learnt, self._good, self._frames_played = False, 0.0, 0
            self._cancels = 0.7
        if lost or not self._plays():
            return
        self._frames_played += 1
        self._envelopes.push(_power(heard), _power(played))
        if self._frames_played % HELPLESS_EVERY == 0:
            self._doubt_itself()
        power, left = _power(heard), _power(self._filter.error)
        if power > LOUD_RATIO * self._residual.noise:
            self._cancels += CANCELLED_SMOOTHING * ((left < CANCELLED * power) - self._cancels)
        if self._learnt or not (self.place.known or self._frames_played > NO_ECHO_FRAMES):
            return
        self._loudest = max(_power(played), FADING * self._loudest)
        if self.place.known and power < QUIET_RATIO * self._residual.noise:
            return  # of silence nothing can be learnt
        good = (
            left < max(GOOD_RATIO * power, QUIET_RATIO * self._residual.noise) or power < NO_ECHO_RATIO * self._loudest
        )
        self._good = max(0.0, self._good + (1.0 if good else -0.25 if self.place.known else -UNEXPLAINED))
        if self.place.known:
            self._learnt = self._good >= GOOD_FRAMES or self._frames_played >= CONVERGED_FRAMES or self._cancelled
        else:
            nothing = self._good >= SILENT_FRAMES or self.place.missed >= MISSED
            self._learnt = nothing and not self._envelopes.may_be_alike

    @property
    def _cancelled(self) -> bool:
        """Whether all that is left over is of somebody else."""
        return self.place.sure and self._frames_played % LOOK_EVERY == 0 and self.place.cancels

    def _doubt_itself(self) -> None:
        """Look whether there is an echo that is not cancelled."""
        if self.place.known and self._cancels > HOPELESS:
            self._helpless = False
        elif (alike := self._envelopes.alike) is not None:
            self._helpless = alike
            self._learnt = self._learnt or not (alike or self.place.known)


def _power(frame: NDArray[np.float32]) -> float:
    return float(np.dot(frame, frame))


def _pcm(samples: NDArray[Any]) -> NDArray[np.int16]:
    whole = samples * np.float32(FULL_SCALE)
    np.rint(whole, out=whole)
    np.minimum(np.maximum(whole, -FULL_SCALE, out=whole), FULL_SCALE - 1, out=whole)  # faster than clip
    clipped: NDArray[np.int16] = whole.astype(np.int16)
    return clipped
