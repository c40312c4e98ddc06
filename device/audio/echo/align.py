"""Keeps what was played in step with the microphone: the echo's delay, two cards' unequal clocks, and their slips.

What was played is read from a tape a little later than it was played, so that the echo filter need not be longer than
the room's reverberation, whatever the delay of card and air. Where microphone and loudspeaker have clocks of their own
(a USB microphone beside the board's own output), the place of reading moves steadily; and it jumps when a driver
dropped or repeated a buffer.

All three are learnt from the filter. Its path's beginning tells the delay. Clocks that differ make the path move: the
phase between the path now and a quarter of a second ago shows by how much. After a slip, the old path fits again at
another lag: deconvolving the microphone's signal by the echo estimate shows at which.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.echo.filter import BINS, BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.echo.filter import EchoFilter

MOST_DELAY = 8000
"""Samples by which the place of reading can lie behind: 500 ms."""

_HALF = 16
"""Half the length of the interpolating filter, a sinc under a Kaiser window: 1 ms, the shortest delay."""
_BETA = 8.0
"""Of the Kaiser window: 81 dB in the stop band (Kaiser 1974: β = 0.1102 · (A - 8.7)), well below what the filter
leaves."""
_PHASES = 128
"""Places between two samples for which there is a filter; between them it is interpolated. Fewer make a larger error,
more a larger table: 17 kB as it is."""
_RAMP = np.linspace(0, 1, BLOCK, endpoint=False, dtype=np.float32)
_LEAD_BLOCKS = 2
"""Blocks of the path to keep before the direct sound: room for a delay that becomes shorter."""
_EARLY = 0.02
"""Part of the path's strongest block's energy, -17 dB, from which a block is no longer before the direct sound. Less
takes the filter's own noise for sound; more cuts a weak direct sound off that strong reflections follow."""
_CHECK_EVERY = 100
"""Blocks of playback between checks of the path's beginning."""
_SPAN = 25
"""Blocks of playback over which the path's movement is measured: long enough for 10 ppm, a 25th of a sample."""
_SHIFTS = np.arange(-1.0, 1.01, 0.04)
"""Movements that are looked for, in samples: 250 ppm each way."""
_TURNS = np.exp(2j * np.pi * np.outer(_SHIFTS, np.arange(BINS)) / (2 * BLOCK)).astype(np.complex64)
_SURE = 0.6
"""Coherence of the path with itself from which it has moved and is no other one: lower follows a changed room as a
drift, higher never finds the drift of a noisy path."""
_FOLLOWING = 0.1
"""How much of what is measured the estimate follows in the end; at first, half of it. It settles within 1 ppm so."""
_NOTICEABLE = 4e-6
"""Clocks that differ by less are left alone: reading between two samples costs time, and at 4 ppm it takes 16 s to move
by one sample, which the filter follows by itself."""
_FAR_OFF = 15e-6
"""When all of the last measurements come to more than that, the estimate starts anew to follow half of it."""
_IN_A_ROW = 4
"""Measurements of one sign, a second of playback, that make a drift: chance alone gives that once in eight."""
_SETTLING = 6
"""Measurements to leave out after a slip, while the path is put right by the part of a sample."""
_SLIP_BLOCKS = 20
"""What is deconvolved in search of a slip: 200 ms, four times the longest one."""
_MOST_SLIP = 800
"""Samples of a slip that is looked for: 50 ms, several of a driver's buffers."""
_LEAST_SLIP = 24
"""A shorter one, 1.5 ms, is not told from the path's own width; the filter learns it anew."""
_LOST = 0.5
"""Part of the echo that is left over for 40 ms, where it was less for a second: the path is another one."""
_SLIP_LIKENESS = 0.4
"""Gain of the echo at the new lag, relative to the old path's, from which (and up to 1 / it) it is the same."""
_SLIP_NOISE = 0.01
"""Part of the mean power below which a frequency does not count in the deconvolution: else, what is not played there
would be noise without bound."""
_TRIAL = 6
"""Blocks over which the old path is tried at the new lag: 60 ms, a voiced sound. More notices later."""
_FITS = 0.4
"""Part of the present error's power that the old path must leave over at the new lag, in `_TRIAL` blocks."""


class Alignment:
    """Reads what was played at the right place for `filter`, which `follow` watches."""

    def __init__(self, echo: EchoFilter) -> None:
        self.delay = float(_HALF)
        """Samples by which the place of reading lies behind: `_HALF` to `MOST_DELAY`."""
        self.drift = 0.0
        """How much it falls behind with each sample."""
        self.slips = 0
        """How often a slip was found and followed."""
        self._filter = echo
        length = (echo.blocks + _TRIAL + 2) * BLOCK + MOST_DELAY + 2 * _HALF
        self._tape = _Tape(1, length)
        self._worked = 0
        self._clock = 0
        self._measured: list[float] = []
        self._followed = 0
        self._settling = 0
        self._before: NDArray[np.complex64] | None = None
        self._before_at = 0
        # What was heard, what was expected of it, and the difference.
        self._lately = _Tape(3, _SLIP_BLOCKS * BLOCK)
        self._waits = 0

    def rest(self, samples: int) -> None:
        """Let time pass without playback."""
        self._tape.clear()
        self._go(self.drift * samples)
        self._before = None

    def push(self, played: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the next block that was played; return the one for the filter, `(160,) float32`."""
        self._tape.add(played)
        self._clock += BLOCK
        start = self.delay
        self._go(self.drift * BLOCK)
        return self._read(0, start, self.delay)

    def _go(self, samples: float) -> None:
        self.delay = min(max(self.delay + samples, float(_HALF)), float(MOST_DELAY))

    def _read(self, back: int, start: float, end: float) -> NDArray[np.float32]:
        """Read the block `back` blocks ago, delayed by `start` samples at its beginning and by `end` at its end."""
        tape: NDArray[np.float32] = self._tape.rows[0]
        first = len(tape) - (back + 1) * BLOCK
        if start == end and start == round(start):
            at = first - round(start)
            return tape[at : at + BLOCK]
        ahead = _between(tape, first, start)
        if start == end:
            return ahead
        # The places between are as good as on a straight line: at 100 ppm they differ by a 60th of a sample.
        moved: NDArray[np.float32] = ahead + _RAMP * (_between(tape, first, end) - ahead)
        return moved

    def follow(self, mic: NDArray[np.float32]) -> None:
        """Learn from the filter's last step, in which the microphone heard `mic` and something was played."""
        self._worked += 1
        self._watch_for_slips(mic)
        if self._worked % _SPAN == 0:
            self._measure_drift()
        if self._worked % _CHECK_EVERY == 0:
            self._find_beginning()

    def _find_beginning(self) -> None:
        energy = self._filter.energy()
        lead = int(np.argmax(energy > _EARLY * energy.max()))
        back = int(self.delay - _HALF) // BLOCK
        move = lead - _LEAD_BLOCKS
        if lead == 0:
            move = -min(_LEAD_BLOCKS, back)
        elif move <= 1 or self.delay + move * BLOCK > MOST_DELAY:
            return
        if move:
            self._go(move * BLOCK)
            self._filter.move(move)
            self._reread()

    def _reread(self) -> None:
        """Let the filter hear again what was played, as it is read now."""
        self._before = None
        self._filter.hear_again(self._read_back(self.delay, 1))

    def _read_back(self, delay: float, blocks: int) -> list[NDArray[np.float32]]:
        """Read what the filter needs for the last `blocks`, oldest first."""
        return [self._read(back, delay, delay) for back in range(self._filter.blocks + blocks - 1, -1, -1)]

    def _measure_drift(self) -> None:
        path = self._filter.path()
        before, self._before = self._before, path
        passed, self._before_at = self._clock - self._before_at, self._clock
        self._settling = max(0, self._settling - 1)
        if before is None or self._settling:
            return
        turned = (path * np.conj(before)).sum(axis=0)
        sizes = np.sqrt((np.square(np.abs(path)).sum(axis=0)) * np.square(np.abs(before)).sum(axis=0)) + 1e-12
        sure = self._filter.sureness()
        weights = sure / (sure.sum() + 1e-12)
        # Not by a matrix product: for one this small, the threads of a numeric library cost milliseconds.
        fits = (_TURNS * (turned / sizes * weights)).sum(axis=1).real
        best = int(fits.argmax())
        if not 0 < best < len(fits) - 1 or fits[best] < _SURE:
            self._measured.clear()
            return
        left, middle, right = fits[best - 1 : best + 2]
        bend = left - 2 * middle + right
        fine = 0.5 * (left - right) / bend if bend else 0.0
        moved = (_SHIFTS[best] + fine * (_SHIFTS[1] - _SHIFTS[0])) / passed
        self._measured = [*self._measured, moved][-_IN_A_ROW:]
        same = len(self._measured) == _IN_A_ROW and (min(self._measured) > 0 or max(self._measured) < 0)
        steady = abs(float(np.mean(self._measured))) if same else 0.0
        if steady > _FAR_OFF:
            self._followed = 0
        if self.drift or steady > _NOTICEABLE:
            self.drift += max(_FOLLOWING, 1 / (2 + self._followed)) * moved
            self._followed += 1

    def _watch_for_slips(self, mic: NDArray[np.float32]) -> None:
        echo = self._filter
        self._lately.add(mic, echo.estimate, echo.error)
        self._waits = max(0, self._waits - 1)
        if echo.residual < _LOST or echo.usual_residual > _LOST or self._waits:
            return
        self._waits = 4
        heard, estimated, errors = self._lately.rows
        lag = find_lag(heard, estimated)
        if lag is None or not _HALF <= self.delay + lag <= MOST_DELAY:
            return
        read = self._read_back(self.delay + lag, _TRIAL)
        left = echo.trial(read, heard[-_TRIAL * BLOCK :])
        recent = errors[-_TRIAL * BLOCK :]
        if left < _FITS * float(recent @ recent):
            self.slips += 1
            self._settling = _SETTLING
            self._go(lag)
            echo.restore()
            self._reread()
            echo.residual = 0.0


class _Tape:
    """The last `length` samples of a few tracks; most of the time, to add a block moves nothing but the block."""

    def __init__(self, tracks: int, length: int) -> None:
        self._length = self._end = length
        self._tracks = np.zeros((tracks, 2 * length // BLOCK * BLOCK), np.float32)

    @property
    def rows(self) -> NDArray[np.float32]:
        """The tracks: `(tracks, length)`."""
        return self._tracks[:, self._end - self._length : self._end]

    def add(self, *blocks: NDArray[np.float32]) -> None:
        """Add a block to each track: `(160,) float32`."""
        if self._end + BLOCK > self._tracks.shape[1]:
            self._tracks[:, : self._length] = self.rows
            self._end = self._length
        for track, block in zip(self._tracks, blocks, strict=True):
            track[self._end : self._end + BLOCK] = block
        self._end += BLOCK

    def clear(self) -> None:
        """Fill it with silence."""
        self._tracks[:] = 0


def _between(tape: NDArray[np.float32], first: int, delay: float) -> NDArray[np.float32]:
    """Return the block of `tape` from `first` on, `delay` samples earlier, which may lie between two samples."""
    whole = int(delay)
    at = first - whole - _HALF
    window = tape[at : at + BLOCK + 2 * _HALF - 1]
    place = _PHASES * (delay - whole)
    near = int(place)
    taps = _SINCS[near] + np.float32(place - near) * (_SINCS[near + 1] - _SINCS[near])
    return np.convolve(window, taps, mode="valid")


def find_lag(heard: NDArray[np.float32], expected: NDArray[np.float32]) -> int | None:
    """Return by how many samples `heard` lies behind `expected`, if it is clearly the same, later or earlier.

    The one is deconvolved by the other. Their correlation would show the pitch of whoever speaks as well.
    """
    inner = expected[_MOST_SLIP:-_MOST_SLIP]
    if not inner.any():
        return None
    size = 1 << (len(heard) - 1).bit_length()
    source = np.fft.rfft(inner * np.hanning(len(inner)), size)
    power = np.square(source.real) + np.square(source.imag)
    limited = power + _SLIP_NOISE * power.mean()
    kept = power / limited
    response = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(source) / limited)
    near = (response[: 2 * _MOST_SLIP + 1] + response[1 : 2 * _MOST_SLIP + 2]) / kept.mean()
    best = int(near.argmax())
    still = float(near[_MOST_SLIP - _LEAST_SLIP : _MOST_SLIP + _LEAST_SLIP].max())
    if not _SLIP_LIKENESS < near[best] < 1 / _SLIP_LIKENESS or near[best] < 2 * still:
        return None
    return best - _MOST_SLIP


def _sincs() -> NDArray[np.float32]:
    """Return the filters that read 0, 1/`_PHASES` … 1 of a sample before the middle of their `2 * _HALF` samples."""
    at = np.arange(_HALF - 1, -_HALF - 1, -1) + np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1 - np.square(at / _HALF))))
    taps = np.sinc(at) * window
    filters: NDArray[np.float32] = (taps / taps.sum(axis=1, keepdims=True)).astype(np.float32)
    return filters


_SINCS = _sincs()
