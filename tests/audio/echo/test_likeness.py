import numpy as np
import pytest
from support.speech import noise, say

from device.audio.echo.likeness import CLEAR, RANGE, likeness
from device.simulation import acoustics

SECOND = 16_000
WORDS = "The weather in London is mostly cloudy today, with a light breeze from the west and some rain in the evening."


def pieces(lag, *, window=4000, over=None, clip=np.inf, rt60=0.3):
    """What is heard in the last `window` samples of `WORDS` that come back after `lag`, and what was played."""
    played = (say(WORDS, "en-us", 165, -20)[: 3 * SECOND] / 32768).astype(np.float32)
    room = acoustics.impulse_response(SECOND, rt60, -6, np.random.default_rng(3))
    echo = acoustics.convolve(acoustics.saturate(played, clip), room)[: len(played)]
    heard = np.concatenate((np.zeros(lag, np.float32), echo))[: len(played)]
    heard += (noise(3, -60) / 32768).astype(np.float32)
    if over is not None:
        heard += over[: len(played)]
    return heard[-window:], played[-window - RANGE :]


def voice(db):
    words = say("what is the weather like in London and in Paris and in Rome", "en-gb", 150, db)
    return np.resize(words / np.float32(32768), 3 * SECOND).astype(np.float32)


@pytest.mark.parametrize("lag", [0, 300, 3333, 8000, RANGE])
def test_an_echo_is_one_peak_at_its_lag(lag):
    found = likeness(*pieces(lag))
    assert int(found.argmax()) == lag
    assert found[lag] > 1.5 * CLEAR


@pytest.mark.parametrize(("db", "clip"), [(-20, np.inf), (-14, np.inf), (-23, 0.05)])
def test_so_it_is_under_a_voice_and_from_a_bad_loudspeaker(db, clip):
    found = likeness(*pieces(3333, window=8000, over=voice(db), clip=clip, rt60=0.6))
    assert int(found.argmax()) == pytest.approx(3333, abs=2)
    assert found.max() > CLEAR


def test_a_voice_alone_is_like_nothing_that_was_played():
    _, played = pieces(0)
    assert likeness(voice(-20)[-4000:], played).max() < CLEAR


def test_nothing_is_like_silence():
    heard, played = pieces(300)
    assert not likeness(np.zeros_like(heard), played).any()
    assert not likeness(heard, np.zeros_like(played)).any()
