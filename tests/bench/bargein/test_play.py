"""What the engine says in a conversation that is played, and what it is asked."""

import numpy as np
import pytest

from device.audio.measure import speech_level
from device.bench import sounds
from device.bench.bargein.play import BREATH_S, FOLLOW_UP_S, settings_for, spoken
from device.settings.tree import Settings

REPLIES = tuple(sound for sound in sounds.load() if sound.kind == "replies")[:4]


@pytest.mark.parametrize("seconds", [1.5, 4.0, 9.0])
@pytest.mark.parametrize("first", [0, 3])
def test_a_reply_is_as_long_as_it_must_be_and_ends_within_a_second(seconds, first):
    pcm, words = spoken(REPLIES, first, seconds, -24.0)
    assert seconds <= len(pcm) / 24_000 <= seconds + 1.01
    assert words.startswith(REPLIES[first].text)
    assert speech_level(pcm.astype(np.float64), 24_000) == pytest.approx(-24, abs=0.5)


def test_it_ends_where_it_is_quiet():
    pcm, _ = spoken(REPLIES, 0, 4.0, -24.0)
    last = pcm[-24_000 // 40 :].astype(float)
    assert np.sqrt(np.mean(last**2)) < 0.3 * np.sqrt(np.mean(pcm.astype(float) ** 2))


def test_between_sentences_it_breathes():
    pcm, words = spoken(REPLIES, 0, 9.0, -24.0)
    quiet = np.abs(pcm) <= 1
    edges = np.flatnonzero(np.diff(np.concatenate(([0], quiet.astype(int), [0]))))
    longest = (edges[1::2] - edges[::2]).max() / 24_000
    assert longest >= BREATH_S * 0.95
    assert REPLIES[1].text in words


@pytest.mark.parametrize("barge_in", [True, False])
def test_the_engine_ends_turns_and_the_device_stays_awake(barge_in):
    usual = Settings()
    made = settings_for(usual, barge_in=barge_in)
    assert (made.engines, made.listen.end_of_turn, made.listen.follow_up_s) == (("local",), "server", FOLLOW_UP_S)
    assert made.barge_in.decide == (usual.barge_in.decide if barge_in else "off")
    assert made.playout == usual.playout
