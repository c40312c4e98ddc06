import numpy as np
import pytest
from support.speech import say

from device.audio.echo.envelope import SECONDS, Envelopes

WORDS = (
    "Once upon a time there was a small house near the sea, and in the house lived an old man who liked to talk. "
    "The weather in London is mostly cloudy today, with a light breeze from the west and some rain in the evening."
)


def powers(words, voice, rate, seconds=2 * SECONDS):
    sound = np.resize(say(words, voice, rate, -20), seconds * 16_000) / 32768
    return np.square(sound.reshape(-1, 160)).sum(axis=1)


def compare(heard, played):
    envelopes = Envelopes()
    for one, other in zip(heard, played, strict=True):
        envelopes.push(one, other)
    return envelopes.alike


@pytest.mark.parametrize("late", [0, 90, 190])
def test_an_echo_goes_up_and_down_with_what_was_played(late):
    played = powers(WORDS, "en-us", 165)
    heard = 0.3 * np.concatenate((np.zeros(late), played))[: len(played)] + 1e-6
    assert compare(heard, played)


def test_another_voice_and_silence_do_not():
    played = powers(WORDS, "en-us", 165)
    other = powers("what is the weather like in London and in Paris and in Rome", "en-gb", 150)
    assert compare(other, played) is False
    assert compare(np.zeros_like(played), played) is False


def test_what_goes_together_once_may_do_so_by_chance():
    played, heard = np.full((2, 2 * SECONDS * 100), 1e-6)
    played[100:300] = heard[150:350] = 1e-2
    assert compare(heard[: SECONDS * 100], played[: SECONDS * 100]) is None
    played[SECONDS * 100 + 100 :][:200] = heard[SECONDS * 100 + 220 :][:200] = 1e-2
    assert not compare(heard, played)


def test_nothing_is_said_of_less_than_can_be_told():
    played = powers(WORDS, "en-us", 165)[: 2 * SECONDS * 100 - 1]
    assert compare(played, played) is None
