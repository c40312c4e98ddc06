"""What wakes the device, counted, with a detector and a recogniser that do as they are told."""

import numpy as np
import pytest

from device.bench import wake
from device.bench.result import Job
from device.bench.wake import LEVEL_DB, Count, Listener, in_room
from device.listen.moonshine import Begins
from device.listen.wake_check import LEAST, WINDOWS, WRITTEN
from device.listen.wake_word import Detection
from device.settings.tree import Settings


class Detector:
    """Detects a wake word in each sound, with the next of `scores`; None: it does not."""

    def __init__(self, *scores, word="hey_jarvis"):
        self.scores, self.word, self.at = list(scores), word, 0

    def push(self, pcm):
        self.at += len(pcm)
        score = self.scores.pop(0)
        return [] if score is None else [Detection(self.word, score, self.at - 1600)]


class Recogniser:
    def __init__(self, *nats):
        self.nats, self.heard = list(nats), []

    def begins_with(self, audio, phrase):
        self.heard.append(len(audio))
        return Begins(WRITTEN + self.nats.pop(0), WRITTEN)


SOUND = np.ones(48_000, np.int16)
SOUND[30_000:] = 1000


def test_a_sound_wakes_it_that_is_sure_or_confirmed():
    recogniser = Recogniser(*[LEAST - 1] * len(WINDOWS), LEAST)
    listener, count = Listener(Detector(None, 0.999, 0.7, 0.8), recogniser), Count()
    for _ in range(4):
        listener.hear(SOUND, count)
    assert (count.played, count.detected, count.sure, count.woke, count.seconds) == (4, 3, 1, 2, 12)
    assert len(listener.hearing_ms) == 2


def test_a_word_that_the_recogniser_does_not_know_wakes_it():
    count = Count()
    Listener(Detector(0.6, word="my_own"), Recogniser()).hear(SOUND, count)
    assert count.woke == count.sure == 1


def test_a_room_has_its_noise_around_what_is_said():
    pcm = (8000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    heard = in_room(pcm, 0.2, -50.0, 0) / 32768
    before, said = heard[:16_000], heard[16_000:32_000]
    assert 20 * np.log10(np.std(before)) == pytest.approx(-50, abs=1)
    assert 20 * np.log10(np.std(said)) == pytest.approx(LEVEL_DB, abs=3)


def test_a_quick_run_wakes_on_the_wake_word(models):
    models("hey_jarvis.onnx")
    models("moonshine_tiny_en/encoder_model.ort")
    result = wake.measure(Job(settings=Settings(), quick=True))
    detected, woke, _, near_detected, near_woke = result.figures[:5]
    assert detected.value > 50
    assert woke.value > 50
    assert near_woke.value <= near_detected.value
