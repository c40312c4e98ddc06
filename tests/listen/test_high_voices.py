"""Voices that Silero does not know as they are: spoken at a child's pitch and above."""

import numpy as np
import pytest
import soxr
from support.speech import noise, say, silence

from device.listen.endpointer import FRAME
from device.listen.high_voices import HighVoices
from device.listen.vad import SileroVad
from device.sample_clock import CLOCK_RATE


@pytest.fixture
def usual(models):
    return SileroVad(models("silero_vad.onnx"))


def raised(text, pitch):
    """Return `text` in a woman's voice with pitch and formants times `pitch`."""
    spoken = say(text, "en-us+f3").astype(np.float32)
    return np.rint(soxr.resample(spoken, CLOCK_RATE, CLOCK_RATE / pitch)).astype(np.int16)


def voiced(detector, pcm):
    detector.reset()
    frames = [pcm[i : i + FRAME] for i in range(0, len(pcm) - FRAME + 1, FRAME)]
    return sum(detector.probability(frame) >= 0.5 for frame in frames)


@pytest.mark.parametrize("text", ["leave me alone", "what is that", "come on then"])
def test_a_voice_far_above_what_silero_knows_is_heard(usual, text):
    pcm = np.concatenate([silence(0.5), raised(text, 2.2)])
    assert voiced(HighVoices(usual), pcm) >= max(4, 2 * voiced(usual, pcm))


def test_who_is_heard_as_they_are_is_heard_as_before(usual):
    pcm = np.concatenate([silence(0.5), say("set a timer for ten minutes")])
    assert voiced(HighVoices(usual), pcm) >= voiced(usual, pcm)


def test_noise_and_silence_are_nobody(usual):
    both = HighVoices(usual)
    assert voiced(both, silence(2)) == 0
    assert voiced(both, noise(4, -40)) == 0
    assert voiced(both, np.concatenate([noise(1, -60), noise(2, -30)])) == 0


def test_the_second_stream_rests_while_the_room_is_quiet(usual, monkeypatch):
    calls, heard = [], SileroVad.probability

    def count(self, block):
        calls.append(self)
        return heard(self, block)

    monkeypatch.setattr(SileroVad, "probability", count)
    both = HighVoices(usual)
    voiced(both, noise(3, -50))
    assert sum(one is not usual for one in calls) <= 20, "it hears what was there when it began"
    voiced(both, raised("leave me alone", 2.2))
    assert sum(one is not usual for one in calls) > 20


def test_a_stream_is_the_same_after_reset_but_for_how_loud_the_room_is(usual):
    both, pcm = HighVoices(usual), np.concatenate([silence(0.5), raised("leave me alone", 2.2)])
    frames = [pcm[i : i + FRAME] for i in range(0, len(pcm) - FRAME + 1, FRAME)]
    first = [both.probability(frame) for frame in frames]
    both.reset()
    assert [both.probability(frame) for frame in frames] == first
