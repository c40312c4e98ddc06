import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from device.local.tts.espeak import EspeakVoice
from device.local.tts.espeak_library import VoiceError


@pytest.fixture(scope="module")
def voice():
    return EspeakVoice("en-gb", 165)


def whole(voice, text, speed=1.0):
    return np.concatenate([np.zeros(0, np.int16), *voice.speak(text, speed)])


def seconds(voice, text, speed=1.0):
    return len(whole(voice, text, speed)) / voice.rate


def test_speech_comes_in_short_pieces(voice):
    pieces = list(voice.speak("It is five past two in the afternoon."))
    assert voice.rate == 22_050
    assert len(pieces) > 20
    assert all(piece.dtype == np.int16 and piece.ndim == 1 and len(piece) <= 0.2 * voice.rate for piece in pieces)


@pytest.mark.parametrize(
    "name", ["en-gb", "en-us", "en-gb-scotland", "en-gb+f2", "en-us+Annie", "de", "gmw/en-US", "EN-GB"]
)
def test_level_of_every_voice(name):
    speech = whole(EspeakVoice(name), "Hello, I can tell you the time and the date.").astype(float) / 32768
    frames = speech[: len(speech) // 441 * 441].reshape(-1, 441)
    energy = (frames**2).mean(axis=1)
    level = 10 * np.log10(energy[energy > 1e-5].mean())
    assert -23 < level < -17
    assert np.abs(speech).max() < 0.99


def test_words_a_minute_and_speed(voice):
    text = "The quick brown fox jumps over the lazy dog, and then it sleeps."
    assert seconds(EspeakVoice("en-gb", 300), text) < 0.7 * seconds(voice, text)
    assert seconds(voice, text, 1.5) < 0.75 * seconds(voice, text)
    assert seconds(voice, text, 0.25) > 1.5 * seconds(voice, text)


def test_voices_do_not_mix(voice):
    other = EspeakVoice("en-us+f3", 200)
    alone = whole(voice, "Good morning."), whole(other, "Good evening.")
    first, second = voice.speak("Good morning."), other.speak("Good evening.")
    together = [[], []]
    for piece in first:
        together[0].append(piece)
        together[1].append(next(second, np.zeros(0, np.int16)))
    together[1].extend(second)
    for a, b in zip(alone, together, strict=True):
        assert abs(len(a) - len(np.concatenate(b))) < 0.05 * voice.rate


def test_closing_stops_the_synthesis(voice):
    speech = voice.speak("one hundred and eleven thousand, " * 12)
    next(speech)
    speech.close()
    # The library is free for the next one at once, and what was not said does not turn up there.
    assert seconds(voice, "Yes.") < 1.5


def test_several_sessions_at_once(voice):
    with ThreadPoolExecutor(4) as threads:
        spoken = list(threads.map(lambda n: seconds(voice, "I can tell you the time. " * (n + 1)), range(4)))
    assert spoken[0] < spoken[1] < spoken[2] < spoken[3]


def test_pieces_fetched_by_other_threads(voice):
    speech, got = voice.speak("Hello there."), []
    for _ in range(3):
        thread = threading.Thread(target=lambda: got.append(next(speech)))
        thread.start()
        thread.join(30)
    assert len(got) == 3


@pytest.mark.parametrize("text", ["", "   ", "😀", "***", "\x00"])
def test_nothing_to_say_is_silent(voice, text):
    assert list(voice.speak(text)) == []


@pytest.mark.parametrize(
    "text", ["a\x00b", "<speak>hi</speak>", "[[h@l'oU]]", "Grüße 你好 привет", "1e9 $5 50% -3 🙂 done", "x" * 3000]
)
def test_strange_text_is_spoken(voice, text):
    assert seconds(voice, text) > 0.3


@pytest.mark.parametrize("name", ["nobody", "", "en-gb+nobody", "../../etc/passwd"])
def test_unknown_voices_are_named(name):
    with pytest.raises(VoiceError, match=rf"{re.escape(name.rpartition('+')[2])}.*espeak-ng --voices"):
        EspeakVoice(name)
