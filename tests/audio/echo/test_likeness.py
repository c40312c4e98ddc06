import numpy as np
import pytest
from support.speech import noise, say

from device.audio.echo.likeness import CLEAR, RANGE, explained, filtered, later, likeness
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


def test_part_of_a_sound_is_explained_by_itself_and_little_by_another_voice():
    sound = (say(WORDS)[SECOND : SECOND + 4000] / 32768).astype(np.float32)
    other = (say("what is the weather like", "en-gb", 150)[2000:6000] / 32768).astype(np.float32)
    assert explained(3 * sound, sound) == pytest.approx(1)
    assert explained(sound + other, sound) > 0.1
    assert explained(other, sound) < 0.05
    assert explained(sound, np.zeros_like(sound)) == 0


@pytest.mark.parametrize("lag", [0, 3, 3333, RANGE - 40, RANGE])
def test_an_echo_of_some_samples_is_explained_at_its_place_and_nowhere_else(lag):
    _, played = pieces(0)
    short = np.array([0.1, 1.0, -0.6, 0.4, 0.2], np.float32)
    heard = np.convolve(played, short)[RANGE - lag :][:4000]
    assert filtered(heard, played, lag) > (0.9 if lag < RANGE else 0.0)
    assert filtered(heard, played, lag + 400 if lag < 4000 else lag - 400) < 0.3
    assert filtered(heard, 0 * played, lag) == filtered(0 * heard, played, lag) == 0


def test_a_voice_is_explained_by_no_echo_of_another():
    _, played = pieces(0)
    for end in range(8000, len(voice(-20)), 4000):
        words = voice(-20)[end - 4000 : end]
        assert filtered(words, played, int(likeness(words, played).argmax())) < 0.4


def moved(sound, by):
    """Return `sound` later by so many samples, which need not be whole."""
    spectrum = np.fft.rfft(sound)
    turns = np.exp(-2j * np.pi * by * np.arange(len(spectrum)) / len(sound))
    return np.fft.irfft(spectrum * turns, len(sound)).astype(np.float32)


@pytest.mark.parametrize("by", [-4.3, -1 / 3, 0, 0.4, 2.66])
@pytest.mark.parametrize("db", [-90, -20, -12])
def test_an_echo_that_is_known_is_placed_between_two_samples_though_somebody_speaks(by, db):
    heard, _ = pieces(3333, window=4000)
    found, product = later(np.diff(moved(heard, by) + voice(db)[-4000:]), np.diff(heard))
    assert found == pytest.approx(by, abs=0.15)
    assert product == pytest.approx(float(np.square(np.diff(heard)).sum()), rel=0.2)


def test_a_hiss_that_is_alike_at_every_other_sample_does_not_decide():
    heard, _ = pieces(3333, window=4000)
    hiss = np.random.default_rng(1).normal(0, 1, 4000)
    hiss = moved(np.fft.irfft(np.fft.rfft(hiss) * (np.arange(2001) > 1875)), 0) * np.float32(0.2)
    found, _ = later(np.diff(moved(heard, -0.33) + hiss), np.diff(heard + moved(hiss, -1.67)))
    assert found == pytest.approx(-0.33, abs=0.1)


def test_nothing_is_nowhere_and_has_nothing_in_common():
    silence = np.zeros(2399, np.float32)
    assert later(silence, silence)[1] == 0
