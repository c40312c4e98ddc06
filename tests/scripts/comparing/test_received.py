import numpy as np
import pytest

from device.bench.virtual_card import CHANNELS, RATE, VISITOR
from device.simulation.scripted_reply import RATE as WIRE_RATE
from device.simulation.timed_engine import Report
from scripts.comparing.engine import NETWORK_MS
from scripts.comparing.received import Received
from scripts.comparing.room import Recording, Visit

CHUNK = WIRE_RATE // 50


def voice(seconds, seed=1):
    """Something as unlike itself elsewhere as speech, and of as many frequencies."""
    slow = np.repeat(np.random.default_rng(seed).standard_normal(round(seconds * RATE / 6)), 6)
    return (3000 * slow).astype(np.int16)


def scene(*, delay_s=0.03, without=None):
    """Return a recording in which somebody speaks from second 1 to 2, and what an engine received of it."""
    tracks = np.zeros((4 * RATE, CHANNELS), np.int16)
    tracks[RATE : 2 * RATE, VISITOR] = voice(1)
    clock = np.array([[0.0, 100.0], [4.0 * RATE, 104.0]])
    recording = Recording(tracks, [], clock, 0)
    audio = tracks[::2, VISITOR].copy()
    if without is not None:
        audio[slice(*(round(second * WIRE_RATE) for second in without))] = 0
    report = Report(audio=bytearray(audio.tobytes()))
    # A chunk is on its way once its last sample was heard.
    for end in range(CHUNK, len(audio) + 1, CHUNK):
        report.heard.append((100 + end / WIRE_RATE + delay_s + NETWORK_MS / 1000, CHUNK))
    return recording, report, Visit("interruptions", RATE, 2 * RATE)


def test_the_first_word_is_found():
    recording, report, visit = scene()
    assert Received(report).has_word(recording, visit)


def test_a_first_word_that_was_not_sent_is_missed():
    recording, report, visit = scene(without=(1.0, 1.4))
    assert not Received(report).has_word(recording, visit)


def test_nothing_is_found_in_nothing():
    recording, _, visit = scene()
    assert not Received(Report()).has_word(recording, visit)


def test_the_delay_is_that_of_network_and_chunks_apart():
    recording, report, visit = scene(delay_s=0.03)
    delays = Received(report).delays_ms(recording, visit)
    # 30 ms, and up to a chunk of 20 ms.
    assert len(delays) == 100
    assert 30 <= min(delays) < max(delays) <= 51
    assert np.mean(delays) == pytest.approx(40, abs=6)
