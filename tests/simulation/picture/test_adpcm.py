"""Sound in four bits: what is unpacked sounds like what was packed."""

import numpy as np
import pytest
from support.speech import say

from device.simulation.picture import adpcm

CHANGES = (-1, -1, -1, -1, 2, 4, 6, 8)


def unpack(data):
    """Return what a browser makes of it; `data/picture/sound.js`, sample by sample."""
    sound = []
    for start in range(0, len(data), 4 + adpcm.BLOCK // 2):
        value = int.from_bytes(data[start : start + 2], "little", signed=True)
        size = data[start + 2]
        for i in range(adpcm.BLOCK):
            code = data[start + 4 + i // 2] >> (4 * (i % 2)) & 15
            step = (2 * (code & 7) + 1) * adpcm.STEPS[size] >> 3
            value = max(-32768, min(32767, value - step if code & 8 else value + step))
            size = max(0, min(len(adpcm.STEPS) - 1, size + CHANGES[code & 7]))
            sound.append(value)
    return np.array(sound)


def snr_db(pcm, found):
    error = found[: len(pcm)] - pcm.astype(float)
    return 10 * np.log10(np.mean(pcm.astype(float) ** 2) / np.mean(error**2))


def test_speech_is_told_from_its_noise_by_more_than_20_db():
    pcm = say("how many minutes is two hours?")
    assert snr_db(pcm, unpack(adpcm.pack(pcm))) > 20


@pytest.mark.parametrize("level", [30, 300, 3000, 20_000])
def test_it_adapts_to_whatever_is_loud(level):
    pcm = (level * np.sin(2 * np.pi * 440 * np.arange(8000) / 16_000)).astype(np.int16)
    assert snr_db(pcm, unpack(adpcm.pack(pcm))) > 15


def test_silence_is_packed_as_nothing_that_zipping_would_keep():
    assert set(adpcm.pack(np.zeros(5000, np.int16))) == {0}


@pytest.mark.parametrize(("samples", "blocks"), [(0, 0), (1, 1), (1024, 1), (1025, 2)])
def test_the_last_block_is_filled_up(samples, blocks):
    assert len(adpcm.pack(np.ones(samples, np.int16))) == 516 * blocks


def test_what_jumps_from_end_to_end_does_not_overflow():
    pcm = np.where(np.arange(3000) // 40 % 2, 32767, -32768).astype(np.int16)
    assert snr_db(pcm, unpack(adpcm.pack(pcm))) > 3
