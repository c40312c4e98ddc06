import numpy as np
import pytest

from device.local.end_of_turn.mel import BANDS, HOP, WINDOW, log_mel

RATE = 16_000


def mels(hz):
    """Slaney's scale: 200/3 Hz a mel up to 1 kHz, from there 27 mels for each factor of 6.4."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)


def by_the_book(audio):
    """The spectrogram by its definition: a sum for each frequency and triangles for each band."""
    edges = np.linspace(0, mels(RATE / 2), BANDS + 2)
    grid = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    hz = np.interp(edges, [mels(f) for f in np.arange(0, 8000.5, 0.5)], np.arange(0, 8000.5, 0.5))
    n = np.arange(WINDOW)
    waves = np.exp(-2j * np.pi * np.outer(np.arange(WINDOW // 2 + 1), n) / WINDOW)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / WINDOW)
    mirrored = np.concatenate((audio[WINDOW // 2 : 0 : -1], audio, audio[-2 : -2 - WINDOW // 2 : -1]))
    rows = []
    for start in range(0, len(audio) // HOP * HOP, HOP):
        power = np.abs(waves @ (mirrored[start : start + WINDOW] * window)) ** 2
        row = []
        for low, middle, high in zip(hz, hz[1:], hz[2:], strict=False):
            weight = np.interp(grid, [low, middle, high], [0, 2 / (high - low), 0])
            row.append(np.log10(max(1e-10, weight @ power)))
        rows.append(row)
    bands = np.array(rows).T
    return (np.maximum(bands, bands.max() - 8) + 4) / 4


def test_it_is_what_the_definition_says():
    audio = np.random.default_rng(0).standard_normal(RATE // 5).astype(np.float32)
    audio[: RATE // 10] *= 1e-5
    assert log_mel(audio) == pytest.approx(by_the_book(audio), abs=2e-3)


@pytest.mark.parametrize(("hz", "band"), [(200, 3), (1000, 25), (4000, 62)])
def test_a_tone_is_strongest_in_its_band(hz, band):
    tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE).astype(np.float32)
    spectrum = log_mel(tone)
    assert spectrum.shape == (BANDS, 100)
    assert set(spectrum[:, 5:-5].argmax(axis=0)) <= {band - 1, band, band + 1}
