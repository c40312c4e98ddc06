"""A reply is followed along a track on which things happen to it."""

from functools import cache

import numpy as np
import pytest
import soxr

from device.bench import sounds
from device.bench.trace import Trace, Track

RATE, AT = 48_000, 1.0
VOLUME = 0.64


@cache
def reply():
    """Return eight seconds of speech as the engine sends it, 24 kHz, and as a card plays it, 48 kHz."""
    said = next(s for s in sounds.load() if s.kind == "replies").samples()[: 8 * 16_000]
    sent = soxr.resample(said.astype(np.float32), 16_000, 24_000).astype(np.int16)
    return sent, soxr.resample(sent.astype(np.float32), 24_000, RATE) * VOLUME


def piece(start, end=8.0, gain=1.0):
    return reply()[1][round(start * RATE) : round(end * RATE)] * gain


def silence(seconds):
    return np.zeros(round(seconds * RATE))


def trace(*pieces, early_ms=0):
    track = np.concatenate([silence(AT), *pieces, silence(1.0)]).astype(np.int16)
    begins = round((AT - early_ms / 1000) * 16_000)
    return Trace(
        Track(track, RATE), reply()[0], 24_000, begins=begins, until=len(track) // 3, gain_db=20 * np.log10(VOLUME)
    )


def lost(found, start, end):
    return found.lost_ms(round((AT + start) * 16_000), round((AT + end) * 16_000))


def dips(found):
    """Return from when to when the reply was lowered, in seconds of its playing."""
    return [(d.last / 16_000 - AT, None if d.back is None else d.back / 16_000 - AT) for d in found.dips()]


@pytest.mark.parametrize("early_ms", [0, 250, -250])
def test_a_reply_that_nothing_happens_to_is_whole(early_ms):
    found = trace(piece(0), early_ms=early_ms)
    assert found.whole
    assert found.dips() == []
    assert lost(found, 0, 8) == 0


def test_a_lowered_reply_loses_what_was_lowered():
    found = trace(piece(0, 3), piece(3, 3.6, 0.1), piece(3.6))
    assert found.whole
    assert dips(found) == [pytest.approx((3.0, 3.6), abs=0.1)]  # it may be in a pause
    assert 300 < lost(found, 3, 6) <= 620
    assert lost(found, 4, 8) == 0


def test_what_is_repeated_is_not_lost():
    found = trace(piece(0, 3), piece(3, 3.6, 0.1), piece(2.9))
    assert found.whole
    assert lost(found, 2, 8) == 0
    assert dips(found) == [pytest.approx((3.0, 3.6), abs=0.1)]  # it may be in a pause


def test_what_is_left_out_of_the_repeat_is_lost():
    whole = lost(trace(piece(0, 3), piece(3, 3.6, 0.1), piece(3.6)), 3, 6)
    assert 0 < lost(trace(piece(0, 3), piece(3, 3.6, 0.1), piece(3.3)), 3, 6) < whole


def test_a_reply_that_stood_still_goes_on_where_it_was():
    found = trace(piece(0, 3), silence(0.5), piece(3.0))
    assert found.whole
    assert lost(found, 0, 8.5) == 0
    ((low, back),) = dips(found)
    assert (low, back) == (pytest.approx(3.0, abs=0.1), pytest.approx(3.5, abs=0.1))


@pytest.mark.parametrize("end", [2.0, 3.3, 5.45])
def test_how_much_was_heard_of_a_reply_cut_off(end):
    fade = piece(end - 0.03, end) * np.linspace(1, 0, round(0.03 * RATE))
    found = trace(piece(0, end - 0.03), fade)
    assert not found.whole
    least, most = (place / 16 for place in found.heard)
    assert least <= 1000 * end + 1
    assert most >= 1000 * end - 15  # the last of a fade is not heard
    assert found.silent_for_good() <= (AT + end) * 16_000 + 80


def test_after_a_repeat_what_was_heard_is_told_by_the_place_and_not_by_the_time():
    found = trace(piece(0, 3), piece(3, 3.6, 0.1), piece(2.5, 4.2))
    least, most = found.heard
    assert least / 16 == pytest.approx(4200, abs=5)
    assert most >= least


def test_another_sound_is_not_the_reply():
    rng = np.random.default_rng(3)
    found = trace(rng.normal(0, 2000, 4 * RATE))
    assert found.begins is None
    assert not found.whole
    assert found.silent_for_good() is None


def test_a_short_burst_of_a_repeat_does_not_lead_astray():
    found = trace(piece(0, 3), silence(0.5), piece(2.6, 2.66))
    assert found.heard[0] / 16 == pytest.approx(3000, abs=5)
    assert not found.whole
    assert found.ends == pytest.approx((AT + 3.56) * 16_000, abs=80)


def test_a_reply_that_is_silenced_in_10_ms_is_followed_to_its_last_sample():
    steep = piece(3.0, 3.05) * np.interp(np.linspace(0, 50, round(0.05 * RATE)), [0, 10, 40, 50], [1, 0.1, 0, 0])
    found = trace(piece(0, 3.0), steep)
    least, most = (place / 16 for place in found.heard)
    assert least <= 3040 + 1
    assert most >= 3020


@pytest.mark.parametrize("burst", [0.11, 0.13, 0.16])
@pytest.mark.parametrize("stopped", [1.45, 2.3, 3.2, 4.05])
def test_a_moment_of_a_reply_that_is_cut_off_as_it_comes_back_is_found_in_its_place(stopped, burst):
    back = piece(stopped - 0.04, stopped - 0.04 + burst).copy()
    ramp, fade = round(0.02 * RATE), round(0.03 * RATE)
    back[:ramp] *= np.linspace(0, 1, ramp)
    back[-fade:] *= np.linspace(1, 0, fade)
    found = trace(piece(0, stopped), silence(0.6), back)
    truth = max(stopped, stopped - 0.04 + burst)
    least, most = (place / 16_000 for place in found.heard)
    assert least - 0.02 <= truth <= most + 0.02
