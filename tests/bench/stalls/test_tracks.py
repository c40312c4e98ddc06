"""What the loudspeaker made of a reply: a recording of noise, lowered, held and cut."""

import numpy as np
import pytest

from device.audio.resample import resample
from device.bench.stalls.room import BLOCK, Recording
from device.bench.stalls.tracks import hear
from device.bench.virtual_card import CHANNELS, LOUDSPEAKER, RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE

REPLY = resample((3000 * np.random.default_rng(1).standard_normal(3 * 16_000)).astype(np.int16), 16_000, WIRE_RATE)
PLAYED = resample(REPLY, WIRE_RATE, RATE) // 2
SECOND = RATE


def recording(*parts):
    """Return a recording that began at 100.0 of a loudspeaker that plays the parts."""
    track = np.concatenate(parts)
    track = track[: len(track) // BLOCK * BLOCK]
    tracks = np.zeros((len(track), CHANNELS), np.int16)
    tracks[:, LOUDSPEAKER] = track
    times = 100.0 + 0.01 * np.arange(1, len(track) // BLOCK + 1)
    return Recording(tracks, [], times, np.zeros(0, np.int64), 30.0)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


def heard(*parts, sent=101.0):
    return hear(recording(silence(1.08), *parts, silence(1.0)), "item", sent, REPLY, np.inf)


def test_one_that_is_played_as_it_is():
    found = heard(PLAYED)
    assert found.began == pytest.approx(101.08, abs=0.002)
    assert found.ended == pytest.approx(104.08, abs=0.06)
    assert (found.dips, found.holes_ms, found.missing_ms) == ([], [], 0)


def test_one_that_is_lowered_twice():
    lowered = PLAYED.copy()
    lowered[SECOND : SECOND + SECOND // 4] //= 4
    lowered[2 * SECOND : 2 * SECOND + SECOND // 4] //= 4
    found = heard(lowered)
    assert [at - 101.08 for at in found.dips] == pytest.approx([1.0, 2.0], abs=0.15)
    assert found.holes_ms == []


def test_one_that_is_a_little_softer_is_not_lowered():
    softer = PLAYED.copy()
    softer[SECOND : 2 * SECOND] = softer[SECOND : 2 * SECOND] * 0.6  # -4.4 dB
    assert heard(softer).dips == []


def test_one_that_stands_still():
    found = heard(PLAYED[:SECOND], silence(0.4), PLAYED[SECOND:])
    ((at, ms),) = found.holes_ms
    assert ms == pytest.approx(400, abs=2)
    assert at == pytest.approx(102.08, abs=0.2)
    assert found.missing_ms <= 200
    assert found.ended == pytest.approx(104.48, abs=0.06)


def test_one_of_which_a_part_is_lost():
    found = heard(PLAYED[:SECOND], silence(0.5), PLAYED[SECOND * 3 // 2 :])
    assert found.holes_ms == []
    assert found.missing_ms == pytest.approx(500, abs=200)


def test_one_that_is_cut_off():
    found = heard(PLAYED[:SECOND])
    assert found.ended == pytest.approx(102.08, abs=0.1)
    assert found.missing_ms == 0


def test_one_that_is_never_played():
    found = heard(silence(3.0))
    assert found.began != found.began
    assert found.dips == []
