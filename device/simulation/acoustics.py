"""What a room does to sound: reverberation, a loudspeaker's distortion, a drifting delay, noise.

Signals are `(n,) float32`, full scale 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOURS = ("white", "pink", "brown")
"""Of noise."""

_FIRST_REFLECTION_MS = 2.0
"""After the direct sound: a choice, 0.7 m farther by a wall."""
_LOWEST_NOISE_HZ = 20.0
"""Below hearing, where the energy of coloured noise would grow without end."""
_NOISE_SECONDS = 11
"""Length of the noise before it repeats itself, without a seam."""
_SLOPES = dict(zip(COLOURS, (0.0, 0.5, 1.0), strict=True))
"""Amplitude falls with frequency to this power: 0, 3 and 6 dB an octave."""


def ratio(db: float) -> float:
    """Return a level in dB as a ratio of amplitudes."""
    return float(10 ** (db / 20))


def impulse_response(rate: int, rt60: float, reverb_db: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a room's impulse response of energy 1: the direct sound, then noise that decays by 60 dB in `rt60` s.

    `reverb_db` is the energy of the noise relative to the direct sound's (Polack's model of late reverberation).
    """
    n, first = round(rt60 * rate), round(_FIRST_REFLECTION_MS * rate / 1000)
    if n <= first or reverb_db == -np.inf:
        return np.ones(1, np.float32)
    tail = rng.standard_normal(n) * np.exp(-np.log(1000) * np.arange(n) / n)
    tail[:first] = 0
    tail *= 10 ** (reverb_db / 20) / np.linalg.norm(tail)
    tail[0] = 1
    response: NDArray[np.float32] = (tail / np.linalg.norm(tail)).astype(np.float32)
    return response


def convolve(signal: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the whole convolution of two signals."""
    n = len(signal) + len(response) - 1
    size = 1 << (n - 1).bit_length()
    spectrum = np.fft.rfft(signal, size) * np.fft.rfft(response, size)
    whole: NDArray[np.float32] = np.fft.irfft(spectrum, size)[:n].astype(np.float32)
    return whole


class Convolver:
    """Convolves a stream, block by block and without delay (uniformly partitioned overlap-save)."""

    def __init__(self, response: NDArray[np.float32], block: int) -> None:
        self._block = block
        self._parts = -(-len(response) // block)
        padded = np.zeros(self._parts * block, np.float32)
        padded[: len(response)] = response
        self._response = np.fft.rfft(padded.reshape(self._parts, block), 2 * block).astype(np.complex64)
        # Spectra of the last blocks, newest first, written twice so that any window of them is contiguous.
        self._spectra = np.zeros((2 * self._parts, block + 1), np.complex64)
        self._products = np.zeros_like(self._response)
        self._newest = 0
        self._frame = np.zeros(2 * block, np.float32)
        self._quiet = self._parts + 1  # blocks of silence in a row; that many and nothing rings on
        self._silence = np.zeros(block, np.float32)

    def process(self, signal: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block of the convolution that belongs to the next block of the signal."""
        self._quiet = 0 if signal.any() else self._quiet + 1
        if self._quiet > self._parts + 1:
            return self._silence
        block = self._block
        self._frame[:block] = self._frame[block:]
        self._frame[block:] = signal
        self._newest = (self._newest - 1) % self._parts
        spectrum = np.fft.rfft(self._frame)
        self._spectra[self._newest] = spectrum
        self._spectra[self._newest + self._parts] = spectrum
        window = self._spectra[self._newest : self._newest + self._parts]
        np.multiply(self._response, window, out=self._products)
        out: NDArray[np.float32] = np.fft.irfft(self._products.sum(axis=0))[block:].astype(np.float32)
        return out


def saturate(signal: NDArray[Any], clip: float) -> NDArray[Any]:
    """Return what a loudspeaker that cannot exceed `clip` makes of a signal: x / sqrt(1 + (x / clip)^2).

    A memoryless soft clipping that is usual in tests of echo cancellers; linear if `clip` is infinite.
    """
    if clip == np.inf:
        return signal
    distorted: NDArray[Any] = signal / np.sqrt(1 + np.square(signal / clip))
    return distorted


def saturation_loss(rms: float, clip: float) -> float:
    """Return the factor by which `saturate` lowers the RMS of speech whose RMS is `rms` (Laplace distributed)."""
    speech = np.random.default_rng(0).laplace(scale=rms / np.sqrt(2), size=50_000)
    return float(np.linalg.norm(saturate(speech, clip)) / np.linalg.norm(speech))


class DriftingDelay:
    """Delays a stream by `delay` frames, a little more (or less) with each.

    With `drift_ppm`, the clock that reads runs faster than the one that writes, and the delay grows by that many
    millionths of a frame each frame. Once it has moved by `slip` frames it jumps back, as with a driver that drops or
    repeats a buffer of that size. What is read may be up to `most_later` frames later still.
    """

    def __init__(self, delay: int, block: int, *, drift_ppm: float = 0.0, slip: int = 0, most_later: int = 0) -> None:
        self._delay, self._block, self._slip = delay, block, slip
        self._frame, self._since, self._moved, self._drift = 0, 0, 0.0, 0.0
        self.drift(drift_ppm)
        self._tape = np.zeros(delay + most_later + max(0, slip) + 2 * block + 4, np.float32)
        self._ramp = np.arange(block)

    def drift(self, ppm: float) -> None:
        """Have the clocks differ by `ppm` from the next block on. Raises ValueError if that takes a longer delay."""
        least = self._block if ppm == 0 else self._block + 2 + (self._slip if ppm < 0 else 0)
        if self._delay < least:
            raise ValueError(
                f"a delay of {self._delay} frames is shorter than {least}, the least for blocks of {self._block}"
            )
        self._moved += self._drift * (self._frame - self._since)
        self._drift, self._since = ppm * 1e-6, self._frame

    def read(self, later: int = 0) -> NDArray[np.float32]:
        """Return the block of the stream, delayed by `later` more, that belongs to the next block to be written."""
        delay = self._delay + later
        end = len(self._tape)  # the place on the tape of the next frame to be written
        if not (self._drift or self._moved):
            start = end - delay
            return self._tape[start : start + self._block].copy()
        moved = self._moved + self._drift * (self._frame - self._since + self._ramp)
        places = end + self._ramp - delay - np.fmod(moved, self._slip)
        whole = np.floor(places).astype(np.intp)
        x = (places - whole).astype(np.float32)
        before, here, after, beyond = (self._tape[whole + i] for i in (-1, 0, 1, 2))
        # Lagrange's cubic through the four neighbours.
        between: NDArray[np.float32] = (
            -before * x * (x - 1) * (x - 2) / 6
            + here * (x + 1) * (x - 1) * (x - 2) / 2
            - after * x * (x + 1) * (x - 2) / 2
            + beyond * x * (x + 1) * (x - 1) / 6
        )
        return between

    def write(self, block: NDArray[Any]) -> None:
        """Append the next block of the stream."""
        self._tape[: -self._block] = self._tape[self._block :]
        self._tape[-self._block :] = block
        self._frame += self._block


def noise(colour: str, rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return some seconds of noise of one of the `COLOURS`, of RMS 1, that can be looped without a seam."""
    n = _NOISE_SECONDS * rate
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequencies = np.fft.rfftfreq(n, 1 / rate)
    spectrum[frequencies < _LOWEST_NOISE_HZ] = 0
    spectrum[1:] /= frequencies[1:] ** _SLOPES[colour]
    made = np.fft.irfft(spectrum, n)
    scaled: NDArray[np.float32] = (made / np.sqrt(np.mean(made**2))).astype(np.float32)
    return scaled
