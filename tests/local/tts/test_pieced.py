import threading

import numpy as np
import pytest

from device.local.tts.pieced import Phrase, PiecedVoice
from device.local.tts.vits import Plan


class Tone(PiecedVoice):
    """A hundred ms of tone a word, after 50 ms of silence."""

    def __init__(self, loudness=0.5):
        super().__init__(8000, "en")
        self.loudness = loudness
        self.speeds = []

    def _phrase(self, piece):
        return Phrase([1] * len(piece.words), [(n, n + 1) for n in range(len(piece.words))])

    def _plan(self, phrase, speed):
        self.speeds.append(speed)
        tone = self.loudness * np.sin(np.arange(800 * len(phrase.ids)) * 0.7).astype(np.float32)
        sound = np.concatenate([np.zeros(400, np.float32), tone])
        lengths = np.array([1200.0] + [800.0] * (len(phrase.ids) - 1))
        return Plan(lengths, lambda start, end: sound[start:end], len(sound), 0)


def said(voice, text):
    parts = list(voice.speak(text))
    return np.concatenate([p for p in parts if not isinstance(p, tuple)]), [
        word for p in parts if isinstance(p, tuple) for word in p
    ]


def test_words_are_as_they_are_written_and_where_they_sound():
    speech, words = said(Tone(), "It is 21 °C. Yes!")
    assert [word.text for word in words] == ["It", "is", "21", "°C.", "Yes!"]
    # Silence at the beginning is taken off, and the second sentence comes after the pause.
    assert [word.end_ms for word in words] == pytest.approx([115, 215, 415, 515, 810], abs=5)
    assert abs(len(speech) / 8 - (520 + 180 + 15 + 100 + 180 + 15)) < 30


def test_every_voice_is_as_loud():
    spoken = [said(Tone(loudness), "one two three")[0][400:1600].astype(float) for loudness in (0.05, 0.9)]
    levels = [np.sqrt(np.mean(sound**2)) for sound in spoken]
    assert abs(20 * np.log10(levels[0] / levels[1])) < 0.5


def test_it_is_measured_once_by_several_at_once():
    voice = Tone()
    threads = [threading.Thread(target=voice.warm_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(voice.speeds) == 1
