"""Sounds that are not speech, made of what makes them: resonances that are struck, air that is shaped, notes.

Every function takes the number of the variant, so that a few of them already differ in manner, and a random generator,
from which all else is drawn. It returns `(n,) float64` at 16 kHz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RATE = 16_000
Samples = NDArray[np.float64]


def cough(number: int, rng: np.random.Generator) -> Samples:
    """Return one to three coughs, or a throat that is cleared.

    A cough is a burst, air that rushes through the vocal tract, and a voiced end; clearing the throat is a creak.
    """
    tract = rng.uniform(0.9, 1.25) * np.array([620.0, 1350.0, 2500.0, 3700.0])
    widths = np.array([140.0, 180.0, 300.0, 450.0])
    low = rng.uniform(95, 230)
    if number % 4 == 3:
        t = _time(rng.uniform(0.5, 0.8))
        f0 = 0.6 * low * (1 + 0.12 * _smooth(rng, len(t), 30))
        swells = np.abs(np.sin(2 * np.pi * t / t[-1])) ** 0.7
        air = 0.25 * rng.standard_normal(len(t))
        return _resonate((air + _glottis(f0)) * swells, 0.9 * tract, widths)
    pieces, at = [], 0.0
    for _ in range(1 + number % 3):
        t = _time(rng.uniform(0.24, 0.42))
        rush = np.exp(-t / rng.uniform(0.05, 0.09)) * (1 - np.exp(-t / 0.003))
        air = rng.standard_normal(len(t)) * rush
        f0 = low * np.exp(-t / 0.9) * (1 + 0.03 * _smooth(rng, len(t), 40))
        swell = np.exp(-0.5 * ((t / t[-1] - rng.uniform(0.5, 0.7)) / 0.18) ** 2)
        body = _resonate(air + rng.uniform(0.3, 1.0) * _glottis(f0) * swell, tract, widths) + 0.05 * air
        pieces.append((at, body * rng.uniform(0.6, 1.0)))
        at += t[-1] + rng.uniform(0.06, 0.25)
    return _mix(*pieces)


def door(number: int, rng: np.random.Generator) -> Samples:
    """Return a door that falls shut, is knocked at, or creaks and closes."""
    manner = number % 3
    if manner == 0:
        return _mix((0.0, _latch(rng)), (rng.uniform(0.02, 0.09), 3 * _thud(rng, 0.7)), (0.35, 0.4 * _latch(rng)))
    if manner == 1:
        times = np.cumsum(rng.uniform(0.16, 0.26, rng.integers(3, 6)))
        modes = rng.uniform(140, 900, 7)
        return _mix(*((t, rng.uniform(0.6, 1) * _strike(rng, modes, 0.03, 0.15, jitter=0.01)) for t in times))
    length = rng.uniform(0.8, 1.3)
    t = _time(length)
    slips = rng.uniform(35, 70) * (1 + 1.5 * t / length + 0.25 * _smooth(rng, len(t), 6))
    clicks = np.diff(np.floor(np.cumsum(slips) / RATE), prepend=0) * rng.uniform(0.5, 1, len(t))
    creak = _resonate(clicks, rng.uniform(350, 2600, 5), np.full(5, 90.0))
    creak *= np.sin(np.pi * t / length) ** 0.5
    return _mix((0.0, creak / np.abs(creak).max()), (length, 2.0 * _thud(rng, 0.4)), (length, _latch(rng)))


def dishes(number: int, rng: np.random.Generator) -> Samples:
    """Return plates, glasses or cutlery put on one another: struck bodies with few, long resonances."""
    pieces = []
    body, ring = ((1100, 0.07), (2100, 0.3), (3400, 0.1))[number % 3]
    for t in np.cumsum(rng.exponential(0.14, rng.integers(5, 12))):
        lowest = body * rng.uniform(0.8, 1.3)
        modes = lowest * np.array([1, 1.58, 2.24, 2.87, 3.46, 4.1]) * rng.uniform(0.97, 1.03, 6)
        pieces.append((t, rng.uniform(0.2, 1.0) * _strike(rng, modes[modes < 7600], ring, 2.5 * ring + 0.05)))
    return _mix(*pieces)


def typing(number: int, rng: np.random.Generator) -> Samples:
    """Return a keyboard, slow or fast: each key goes down with a click and a thump, and comes up more softly."""
    pieces = []
    gap = (0.028, 0.02, 0.045)[number % 3]
    for t in np.cumsum(rng.gamma(5, gap, rng.integers(7, 12))):
        force = rng.uniform(0.5, 1.0)
        pieces += [(t, force * _key(rng)), (t + rng.uniform(0.055, 0.1), 0.35 * force * _key(rng))]
    return _mix(*pieces)


def music(number: int, rng: np.random.Generator) -> Samples:
    """Return some bars of instrumental music: chords, a bass and a melody that is plucked, bowed or blown; drums."""
    beat = 60 / rng.uniform(84, 140)
    root = int(rng.integers(45, 57))
    scale = np.array([0, 2, 4, 5, 7, 9, 11] if rng.random() < 0.5 else [0, 2, 3, 5, 7, 8, 10])
    bell, lead = rng.random() < 0.5, number % 3
    beats = int(3.4 / beat)
    pieces: list[tuple[float, Samples]] = []
    for bar, degree in enumerate(rng.permutation([0, 3, 4, 5])[: -(-beats // 2)].tolist()):
        at = bar * 2 * beat
        chord = (_pitch(root, scale, degree + step) for step in (0, 2, 4))
        pieces += [(at, 0.25 * _note(pitch, 2 * beat, harmonics=6, pluck=bell)) for pitch in chord]
        pieces.append((at, 0.5 * _note(_pitch(root - 12, scale, degree), 1.9 * beat, harmonics=4, pluck=True)))
    place, at = 7, 0.0
    while at < beats * beat:
        length = beat * rng.choice([0.5, 0.5, 1.0])
        place = int(np.clip(place + rng.integers(-2, 3), 4, 13))
        tone = _note(
            _pitch(root, scale, place), length, harmonics=(3, 9, 14)[lead], pluck=not lead, vibrato=0.006 * lead
        )
        if lead == 2:  # the body of a wind instrument or a cello colours its notes as a mouth colours a voice
            tone = 2 * _resonate(tone, np.array([520.0, 1150.0, 2700.0]), np.array([150.0, 200.0, 300.0]))
        pieces.append((at, 0.6 * tone))
        at += length
    if lead:
        for half in range(2 * beats):
            hat = _shaped(rng, 0.05, 0.015, 5000, 7800)
            drum = _kick() if half % 4 == 0 else 0.5 * _shaped(rng, 0.18, 0.05, 300, 5000) if half % 4 == 2 else hat
            pieces += [(half * beat / 2, 0.8 * drum), (half * beat / 2, 0.25 * hat)]
    return _mix(*pieces)


def burst(number: int, rng: np.random.Generator) -> Samples:
    """Return a burst of noise: a hiss, a rumble, paper that is crumpled, or something dragged over the floor."""
    manner = number % 4
    length = rng.uniform(0.25, 0.9)
    if manner == 2:
        t = _time(length)
        crackle = rng.standard_normal(len(t)) * (rng.random(len(t)) < 0.03) * rng.exponential(1, len(t))
        crumpled: Samples = _band(crackle, 900, 7800) * np.sin(np.pi * t / length)
        return crumpled
    low, high = ((1500, 7800), (60, 900), (0, 0), (200, 3500))[manner]
    noise = _band(rng.standard_normal(round(length * RATE)), low, high)
    if manner == 3:
        noise *= 1 + 0.8 * _smooth(rng, len(noise), 25)
    t = _time(length)
    made: Samples = noise * np.minimum(1, t / rng.uniform(0.003, 0.05)) * np.minimum(1, (length - t) / 0.06)
    return made


KINDS: dict[str, Callable[[int, np.random.Generator], Samples]] = {
    "cough": cough, "door": door, "dishes": dishes, "typing": typing, "music": music, "burst": burst,
}  # fmt: skip


def _time(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE)) / RATE


def _mix(*pieces: tuple[float, Samples]) -> Samples:
    """Return the pieces, each from its time in seconds on."""
    out = np.zeros(max(round(at * RATE) + len(piece) for at, piece in pieces))
    for at, piece in pieces:
        out[round(at * RATE) :][: len(piece)] += piece
    return out


def _strike(
    rng: np.random.Generator, modes: Sequence[float] | Samples, decay: float, length: float, *, jitter: float = 0.002
) -> Samples:
    """Return a struck body: decaying sines at `modes` in Hz, the higher the shorter, and the contact's click."""
    t = _time(length)
    lowest = min(modes)
    out = np.zeros(len(t))
    for mode in modes:
        ring = decay * (lowest / mode) ** 0.7
        moved = mode * (1 + jitter * rng.standard_normal())
        out += rng.uniform(0.3, 1) * np.exp(-t / ring) * np.sin(2 * np.pi * moved * t + rng.uniform(0, 0.5))
    click = _shaped(rng, 0.006, 0.0015, 300, 7500)
    out[: len(click)] += click
    return out


def _thud(rng: np.random.Generator, length: float) -> Samples:
    air = _shaped(rng, length, 0.06, 40, 700)
    return _mix((0.0, _strike(rng, rng.uniform(55, 380, 9), 0.09, length, jitter=0.02)), (0.0, 2 * air))


def _latch(rng: np.random.Generator) -> Samples:
    pieces = ((t, _strike(rng, rng.uniform(1400, 5200, 5), 0.008, 0.04)) for t in (0.0, rng.uniform(0.015, 0.04)))
    return 0.5 * _mix(*pieces)


def _key(rng: np.random.Generator) -> Samples:
    return _mix(
        (0.0, _shaped(rng, 0.02, 0.003, 1800, 6500)),
        (0.002, 0.4 * _strike(rng, rng.uniform(180, 520, 3), 0.012, 0.05)),
    )


def _glottis(f0: Samples) -> Samples:
    """Return the pulses of a voice of this fundamental frequency, in Hz, sample by sample."""
    made: Samples = np.clip(np.sin(2 * np.pi * np.cumsum(f0) / RATE), 0.6, 1) - 0.6
    return made


def _kick() -> Samples:
    t = _time(0.22)
    made: Samples = np.sin(2 * np.pi * np.cumsum(48 + 90 * np.exp(-t / 0.03)) / RATE) * np.exp(-t / 0.08)
    return made


def _note(frequency: float, length: float, *, harmonics: int, pluck: bool = False, vibrato: float = 0.0) -> Samples:
    """Return a note: harmonics that fall by 1/n, plucked (decaying) or held."""
    t = _time(length)
    phase = 2 * np.pi * np.cumsum(frequency * (1 + vibrato * np.sin(2 * np.pi * 5.5 * t))) / RATE
    count = min(harmonics, int(7600 / frequency))
    tone = np.zeros(len(t))
    for n in range(1, count + 1):
        tone += np.sin(n * phase) / n * (np.exp(-t * n / 0.5) if pluck else 1)
    made: Samples = tone * np.minimum(1, t / 0.008) * np.minimum(1, (length - t) / 0.03)
    return made


def _pitch(root: int, scale: Samples | NDArray[np.int64], degree: int) -> float:
    """Return the frequency in Hz of a degree of the scale on the MIDI note `root`."""
    octave, step = divmod(int(degree), len(scale))
    return float(440 * 2 ** ((root + 12 * octave + scale[step] - 69) / 12))


def _shaped(rng: np.random.Generator, length: float, decay: float, low: float, high: float) -> Samples:
    """Return noise between two frequencies that dies away; its peak is 1."""
    noise = _band(rng.standard_normal(max(256, round(length * RATE))), low, high)[: round(length * RATE)]
    noise *= np.exp(-np.arange(len(noise)) / RATE / decay)
    made: Samples = noise / np.abs(noise).max()
    return made


def _band(samples: Samples, low: float, high: float) -> Samples:
    """Return what lies between two frequencies, with soft edges, by the spectrum."""
    f = np.fft.rfftfreq(len(samples), 1 / RATE)
    gain = 1 / (1 + (low / np.maximum(f, 1)) ** 4) / (1 + (f / high) ** 8)
    filtered: Samples = np.fft.irfft(np.fft.rfft(samples) * gain, len(samples))
    return filtered


def _resonate(samples: Samples, frequencies: Samples, widths: Samples) -> Samples:
    """Return `samples` through parallel second-order resonances of these bandwidths, by their frequency response."""
    padded = len(samples) + RATE // 10
    s = 2j * np.pi * np.fft.rfftfreq(padded, 1 / RATE)
    response = np.zeros(len(s), complex)
    for number, (f, width) in enumerate(zip(frequencies, widths, strict=True)):
        w, b = 2 * np.pi * f, 2 * np.pi * width
        response += (-1) ** number * b * s / (s * s + b * s + w * w) / (1 + 0.4 * number)
    return np.fft.irfft(np.fft.rfft(samples, padded) * response, padded)[: len(samples)]


def _smooth(rng: np.random.Generator, length: int, rate: float) -> Samples:
    """Return a slow random curve, about 1 in size, that turns `rate` times a second."""
    knots = rng.standard_normal(max(2, int(length / RATE * rate) + 2))
    curve: Samples = np.interp(np.linspace(0, len(knots) - 1, length), np.arange(len(knots)), knots)
    return curve
