"""What the echo filter leaves of the echo: how much to expect, how much more there is, and taking it away.

Expected in a frequency band is the sum of what the filter itself is unsure of, a part of the echo estimate (its
*leak*: distortion and reverberation that no filter describes, learnt while the device speaks) and the room's noise.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from device.audio.echo.filter import BINS, BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

EDGES = np.array([4, 6, 8, 10, 13, 16, 20, 24, 29, 35, 42, 50, 60, 72, 86, 104, 126, BINS])
"""Edges of the bands in bins of 50 Hz: 17 bands from 200 Hz to 8 kHz, about as wide as the ear's."""
_STARTS = EDGES[:-1]
BANDS = len(_STARTS)
MOST_DB = 20.0
"""A band's excess counts up to this: a single loud one is no voice."""

_NOISE_FLOOR = 1e-7
"""Of a band, so that nothing is divided by zero: far below the noise of any microphone."""
_FADING = 0.92
"""What is kept of the echo estimate from block to block: reverberation, of up to 1.7 s, outlasts the filter."""
_FIRST_LEAK, _LEAST_LEAK = 0.1, 3e-5
"""Part of the echo's power that is expected to be left: -10 dB before it is known, -45 dB at the least. A larger first
one hides visitors at first, a smaller one lets the device's own voice through."""
_MOVED_LEAK = 0.03
"""And of an echo that was just found elsewhere, -15 dB: by a path that is kept, 12 to 20 dB were cancelled at first."""
_USUAL = 12
"""Lessons in which nobody may know yet that the echo is elsewhere, 480 ms."""
_LEARN_EVERY = 4
"""Blocks between two lessons, 40 ms, in which powers of overlapping frames are independent enough; oftener costs
more."""
_LEAK_FALLS = 0.08
_LEAK_RISES = 0.2
_LEAK_CREEPS = 0.02
"""How much of a difference the leak follows each time: less, the more it looks as if somebody spoke."""
_SPEAKS_DB = 3.0
"""Excess from which it looks as if somebody spoke: the device's own voice takes three of four frames there once in some
minutes (`EchoCanceller.excess`)."""
_LOUD_ECHO = 10.0
"""Echo to noise, in power, from which the leak can be measured."""
_NOISE_FALLS = 0.34
"""Part of the difference by which the noise falls each time, 40 ms: a time constant of 100 ms, shorter than a pause."""
_NOISE_RISES = 1.028
"""Each time: 3 dB a second."""
_NOISE_MARGIN = 2.0
"""What is expected of the noise, as a multiple of the least that was heard: single blocks of it are that much louder.
More hides soft voices, less makes an excess of the room's noise."""
_TOO_SURE = 4.0
"""What the filter is unsure of is counted so many times: it takes its errors for independent, and is too sure where
the device first says something new. Over 18 rooms, the device's own voice is then taken for the near end three times
less."""
_LEAST_GAIN = 0.1
"""What is suppressed is lowered by no more than 20 dB: more sounds of "musical noise", and is no better for
recognisers."""
_DECISION = 0.7
"""Weight of the past in the estimate of what is near (Ephraim and Malah's decision-directed approach, 1984, where it is
0.98 for frames that overlap more): more smooths, less lets the beginnings of words through sooner."""
ALIKE_BLOCKS = 35
"""Over so many blocks, 350 ms, is measured whether what is left over goes up and down as the echo does: in 250 ms that
differs more by chance, and in 500 ms what was before a voice weighs more."""
_LEAST_ALIKE = 15
"""And of so many at least, 150 ms, a syllable, where the echo was just found elsewhere."""
_BAND = np.maximum(np.searchsorted(EDGES, np.arange(BINS), side="right") - 1, 0)
"""The band of each bin; below 200 Hz the lowest."""


class Residual:
    """Judges and cleans the filter's error, block by block."""

    def __init__(self) -> None:
        self.excess = 0.0
        """By how many dB, on average over the bands, the last block is louder than expected: 0 to `MOST_DB`."""
        self._window = np.sin(np.pi * (np.arange(2 * BLOCK) + 0.5) / (2 * BLOCK)).astype(np.float32)
        self._frames = np.zeros((2, 2 * BLOCK), np.float32)
        self._windowed = np.zeros_like(self._frames)
        self._overlap = np.zeros(BLOCK, np.float32)
        self._powers = np.zeros((3, BINS), np.float32)
        self._turn = 0
        self._since = 0  # blocks since the echo was found elsewhere
        self._lost = self._own = False
        self._noise = np.zeros(BANDS, np.float32)
        self._floor = np.zeros(BANDS, np.float32)
        self._before = np.zeros(BANDS, np.float32)
        self._left = self._doubt = np.zeros(BANDS, np.float32)
        self._echo = np.zeros(BANDS, np.float32)
        self._leak = np.full(BANDS, _FIRST_LEAK, np.float32)
        self._leak_of_bins = self._leak[_BAND]
        self._usual: deque[NDArray[np.float32]] = deque(maxlen=_USUAL)
        self._past = np.zeros((2, ALIKE_BLOCKS, BANDS), np.float32)  # what was left over, and the echo estimate
        self._trail = np.zeros(BINS, np.float32)
        self._near = np.zeros(BINS, np.float32)

    @property
    def audible(self) -> bool:
        """Whether what is left of the echo in the last block may be louder than the room's noise."""
        return float(np.add.reduce(self._left + self._doubt)) > float(np.add.reduce(self._noise))

    @property
    def likeness(self) -> float:
        """How much what was left over in the last `ALIKE_BLOCKS` goes up and down as the echo estimate does.

        The correlation of their bands' levels, -1 to 1. What a filter leaves of the echo does, for whatever reason:
        distortion, reverberation past the filter's end, another path. A voice beside it has a time of its own.
        """
        count = min(self._since, ALIKE_BLOCKS)
        if count < _LEAST_ALIKE:
            return 0.0
        past = self._past[:, (self._turn - 1 - np.arange(count)) % ALIKE_BLOCKS]
        levels = np.log(past + self._floor + _NOISE_FLOOR)
        levels -= levels.mean(axis=1, keepdims=True)
        left, echo = levels.reshape(2, -1)
        power = float(left @ left) * float(echo @ echo)
        return float(left @ echo) / power**0.5 if power else 0.0

    @property
    def noise(self) -> float:
        """The power of a block of the room's noise, above 200 Hz."""
        return float(self._noise.sum()) / BLOCK  # half a spectrum, under a window of mean power 1/2

    def rest(self, mic: NDArray[np.float32]) -> None:
        """Note the block before the ones to come; there was no echo."""
        self._begin(mic)
        self._echo[:] = self._trail[:] = 0
        self._past[:] = 0

    def _begin(self, before: NDArray[np.float32]) -> None:
        """Know what of the block before the next one was no echo."""
        self._frames[:] = 0
        self._frames[0, BLOCK:] = before
        self._overlap[:] = before * self._window[BLOCK:] ** 2

    def again(self, before: NDArray[np.float32], *, moved: bool) -> None:
        """Know that what comes next is what was heard after the block `before`, again.

        If the echo has `moved`, more of it is left over than was learnt.
        """
        usual = self._usual[0] if self._usual else self._leak
        self._leak = np.maximum(usual, _MOVED_LEAK) if moved else usual.copy()
        self._leak_of_bins = self._leak[_BAND]
        self._past[:] = 0
        self._begin(before)
        self._lost = False
        self._since = 0

    def step(
        self,
        error: NDArray[np.float32],
        estimate: NDArray[np.float32],
        doubt: NDArray[np.float32],
        *,
        lost: bool,
        own: bool = False,
    ) -> NDArray[np.float32]:
        """Take the filter's next block; return the one before it, cleaned: `(160,) float32`.

        Of one that is `lost`, and of the window that it shares with the next one, nothing is learnt. What is the
        device's `own` voice, as far as anybody knows, is echo however loud it is.
        """
        frames, powers = self._frames, self._powers
        frames[:, :BLOCK] = frames[:, BLOCK:]
        frames[0, BLOCK:], frames[1, BLOCK:] = error, estimate
        np.multiply(frames, self._window, out=self._windowed)
        spectra = np.fft.rfft(self._windowed)
        np.add(np.square(spectra.real), np.square(spectra.imag), out=powers[:2], casting="same_kind")
        powers[2] = doubt
        heard, echo, unsure = np.add.reduceat(powers, _STARTS, axis=1)
        self._own = own
        if not (lost or self._lost):
            self._judge(heard, echo, _TOO_SURE * unsure)
        self._lost = lost
        cleaned = np.fft.irfft(spectra[0] * self._gain(*powers))
        cleaned *= self._window
        out: NDArray[np.float32] = (self._overlap + cleaned[:BLOCK]).astype(np.float32)
        self._overlap[:] = cleaned[BLOCK:]
        return out

    def _judge(self, heard: NDArray[np.float32], echo: NDArray[np.float32], doubt: NDArray[np.float32]) -> None:
        """Compare the bands of a block with what is expected."""
        self._past[:, self._turn % ALIKE_BLOCKS] = heard, echo
        if not self._turn:
            self._noise = heard + _NOISE_FLOOR
            self._floor = _NOISE_MARGIN * self._noise
        self._echo *= _FADING
        np.maximum(echo, self._echo, out=self._echo)
        other = doubt + self._floor
        left = self._leak * self._echo
        self._left, self._doubt = left, doubt
        ratio = heard / (other + left)
        np.log10(np.maximum(ratio, 1, out=ratio), out=ratio)
        self.excess = 10 / BANDS * float(np.add.reduce(np.minimum(ratio, MOST_DB / 10, out=ratio)))
        self._turn += 1
        self._since += 1
        if self._turn % _LEARN_EVERY == 0:
            self._learn(heard, echo, other)
        self._before = heard

    def _learn(self, heard: NDArray[np.float32], echo: NDArray[np.float32], other: NDArray[np.float32]) -> None:
        """Learn the room's noise and the leak from the bands of a block, `other` being what is expected without it."""
        # Whichever is less: it falls fast and rises slowly.
        falls = _NOISE_FALLS * (0.5 * (heard + self._before) - self._noise)
        falls += self._noise
        self._noise *= _NOISE_RISES
        np.minimum(self._noise, falls, out=self._noise)
        self._floor = _NOISE_MARGIN * self._noise + _NOISE_FLOOR

        left = np.maximum(heard - other, _NOISE_FLOOR) / (self._leak * self._echo + _NOISE_FLOOR)
        differs = np.minimum(np.maximum(np.log10(left), -1), 1)
        rises = _LEAK_CREEPS if self.excess > _SPEAKS_DB and not self._own else _LEAK_RISES
        learnt = self._leak * 10 ** (np.where(differs < 0, _LEAK_FALLS, rises) * differs)
        # Not from what fades: it would be small beside the echo that is still remembered.
        loud = echo > np.maximum(_LOUD_ECHO * self._noise, 0.5 * self._echo)
        np.copyto(self._leak, np.minimum(np.maximum(learnt, _LEAST_LEAK), 1), where=loud)
        self._leak_of_bins = self._leak[_BAND]
        if not self._own:
            self._usual.append(self._leak.copy())

    def _gain(
        self, power: NDArray[np.float32], echo: NDArray[np.float32], doubt: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return a Wiener filter's gain against the expected residual, the noise untouched."""
        trail = self._trail
        trail *= _FADING
        np.maximum(echo, trail, out=trail)
        left = self._leak_of_bins * trail
        left += doubt
        left += _NOISE_FLOOR
        near = np.maximum(power - left, 0)
        near *= 1 - _DECISION
        near += _DECISION * self._near
        gain: NDArray[np.float32] = near / (near + left)
        np.maximum(gain, _LEAST_GAIN, out=gain)
        np.multiply(gain, gain, out=self._near)
        self._near *= power
        return gain
