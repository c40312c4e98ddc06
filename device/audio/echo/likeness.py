"""How much what the microphone hears is like what was played, for each lag between the two.

The generalised cross-correlation of C. Knapp and G. Carter (The generalized correlation method for estimation of time
delay, IEEE Trans. Acoustics, Speech and Signal Processing 24, 1976), whose spectrum is nearly flattened (the phase
transform): an echo is a single peak then, whatever the pitch of whoever speaks, loud or soft, distorted, and with
somebody else's voice over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

RANGE = samples(900)
"""The longest lag that is looked at: an echo that comes 500 ms late after a card's buffer of 400 ms, or a wireless
loudspeaker's; a choice."""
CLEAR = 8.0
"""Standard deviations of the likeness at a lag that make it a likely place of the echo. Measured in rooms of RT60 0.2
to 0.6 s with an echo of -10 to +6 dB, with and without a visitor's voice over it: in 250 ms the true place reaches more
in nine of ten looks, and 20 in the median; a wrong one does in 1 of 100, mostly where a sound is cut off sharply, which
the next look does not repeat."""
CONFIRMED = 5.0
"""That are enough at a lag known before: by chance, one of a few dozen lags reaches it once in thousands of looks."""
_FLATTENING = 0.8
"""How far each frequency's product is flattened, 1: wholly. Less finds less, more finds sharp edges of sounds, too."""
_TAPER_PLAYED = samples(20)
"""How long what was played fades in and out: an edge would be a sound of its own. What was heard does so all over (a
Hann window), since a tone, an earcon's, spreads over all frequencies else, and is taken for a sound at the edge."""
_LOWEST_HZ, _HIGHEST_HZ = 200, 7000
"""Below is the hum of rooms, above no voice."""
_TINY = 1e-24
_NEARBY, _AROUND = 5, 13
"""Samples in which a place is looked for that is known to one or three, as that of a distorted echo is; and in which
the two are compared, so that the sinc that looks between them has faded."""
_PLACES = np.arange(-_NEARBY, _NEARBY + 0.01, 1 / 16)
"""A 16th of a sample: with an error of a third of one, an echo path takes away 12 dB of what is at 2 kHz, not 30."""
_ROUNDS, _SMOOTHED_HZ, _LEAST_LEFT = 2, 200, 1e-3
"""How often it is looked at what else there is, as the place becomes clearer; over which frequencies that is averaged;
and the least that counts, of the mean: some bins have none by chance."""
_CLEAREST_HZ = 6000
"""Above, a sharp sound is as loud in its differences as all else, and is alike at every other sample."""
_OFF = _PLACES[:, None] - np.arange(-_AROUND, _AROUND + 1)
_BETWEEN = np.sinc(_OFF) * np.square(np.cos(np.pi / 2 * np.clip(_OFF / (_AROUND + 1 - _NEARBY), -1, 1)))
_TAPS, _LEAD = 32, 8
"""Samples of a short echo, 2 ms, and how many lie before its clearest: what a loudspeaker makes of a click."""
_LOADING = 1.001
"""Of the equations for its samples, so that they have an answer: 30 dB below what was played; a choice."""


def likeness(heard: NDArray[np.float32], played: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the likeness at each lag from 0 to `RANGE` samples, in standard deviations: `(RANGE + 1,)`.

    `heard`, `(n,)`, and `played`, `(n + RANGE,)`, end at the same moment; both at 16 kHz. All 0 where either is silent.
    The work is least for lengths that are products of small factors.
    """
    size = len(played)
    spectrum = np.fft.rfft(_tapered(heard, len(heard) // 2), size)
    spectrum *= np.conj(np.fft.rfft(_tapered(played, _TAPER_PLAYED)))
    first, end = (hz * size // CLOCK_RATE for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    flat = np.zeros_like(spectrum)
    kept = spectrum[first:end]
    power = np.square(kept.real) + np.square(kept.imag)
    flat[first:end] = kept * np.power(power + _TINY, -_FLATTENING / 2)
    # `heard` begins RANGE samples after `played`: lag 0 is RANGE, and lag RANGE is 0.
    found: NDArray[np.float32] = np.fft.irfft(flat, size)[-np.arange(RANGE, -1, -1)].astype(np.float32)
    spread = float(found.std())
    if spread > 0:
        found /= np.float32(spread)
    return found


def explained(heard: NDArray[np.float32], played: NDArray[np.float32]) -> float:
    """Return the part of `heard` that `played` explains, both `(n,)`: the square of their correlation.

    Of their differences, that is with all frequencies about as loud: two deep voices are alike in their loudest ones.
    """
    one, other = np.diff(heard), np.diff(played)
    power = float(one @ one) * float(other @ other)
    return float(one @ other) ** 2 / power if power else 0.0


def filtered(heard: NDArray[np.float32], played: NDArray[np.float32], lag: int) -> float:
    """Return the part of `heard`, `(n,)`, that the best echo of `_TAPS` samples around `lag` explains.

    Of their differences, too; `played`, `(n + RANGE,)`, ends when `heard` does.
    """
    one, other = np.diff(heard), np.diff(played)
    first = max(0, RANGE - lag + _LEAD - _TAPS + 1)  # of what was played, for the echo's last sample
    near = other[first : first + len(one) + _TAPS - 1]
    taps = len(near) - len(one) + 1
    across = np.correlate(near, one, "valid").astype(np.float64)
    along = np.correlate(near, near[: len(one)], "valid").astype(np.float64)
    power = float(one @ one)
    if not (power and along[0]):
        return 0.0
    along[0] *= _LOADING
    places = np.arange(taps)
    best = np.linalg.solve(along[np.abs(places[:, None] - places)], across)
    return float(best @ across) / power


def later(sound: NDArray[np.float32], echo: NDArray[np.float32]) -> tuple[float, float]:
    """Return by how many samples `echo` comes later in `sound`, both `(n,)`, from -5 to 5, and the two's product there.

    Frequencies count the more, the less there is else at them: of a voice, or of what no path describes.
    """
    one, other = np.fft.rfft(sound), np.fft.rfft(echo)
    across, turns = one * np.conj(other), -2j * np.pi / len(sound) * np.arange(len(one))
    clear = across.copy()
    clear[round(_CLEAREST_HZ * len(sound) / CLOCK_RATE) :] = 0
    found = _between(clear)
    width = _SMOOTHED_HZ * len(sound) // CLOCK_RATE | 1
    for _ in range(_ROUNDS):
        left = one - other * np.exp(turns * _PLACES[int(found.argmax())])
        power = np.convolve(np.square(left.real) + np.square(left.imag), np.full(width, 1 / width), "same")
        found = _between(clear / (power + _LEAST_LEFT * power.mean() + _TINY))
    best = int(found.argmax())
    return float(_PLACES[best]), float(_between(across)[best])


def _between(across: NDArray[np.complexfloating[Any, Any]]) -> NDArray[np.float64]:
    """Return the correlation whose spectrum is `across` at `_PLACES`."""
    fits = np.fft.irfft(across)
    found: NDArray[np.float64] = _BETWEEN @ np.concatenate((fits[-_AROUND:], fits[: _AROUND + 1]))
    return found


def _tapered(sound: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    faded = sound.copy()
    ramp = np.square(np.sin(0.5 * np.pi * (np.arange(length) + 0.5) / length)).astype(np.float32)
    faded[:length] *= ramp
    faded[len(faded) - length :] *= ramp[::-1]
    return faded
