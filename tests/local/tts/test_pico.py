import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from device.local.tts import pico
from device.local.tts.espeak_library import VoiceError
from device.local.tts.pico import FOLDER, VOICES, PicoVoice, check, megabytes

installed = pytest.mark.skipif(not megabytes("de-DE"), reason=f"Pico's voices are not installed: {pico.INSTALL}")


@pytest.fixture(scope="module")
def voice():
    return PicoVoice("de-DE", language="de")


def whole(voice, text, speed=1.0):
    return np.concatenate([np.zeros(0, np.int16), *voice.speak(text, speed)])


def seconds(voice, text, speed=1.0):
    return len(whole(voice, text, speed)) / voice.rate


@installed
def test_speech_comes_in_short_pieces(voice):
    pieces = list(voice.speak("Es ist fünf nach zwei."))
    assert voice.rate == 16_000
    assert len(pieces) > 20
    assert all(piece.dtype == np.int16 and piece.ndim == 1 and len(piece) <= 0.05 * voice.rate for piece in pieces)


@installed
@pytest.mark.parametrize("name", VOICES)
def test_every_voice_speaks_as_loud_as_the_others(name):
    speech = whole(PicoVoice(name), "Hello, I can tell you the time and the date.").astype(float) / 32768
    frames = speech[: len(speech) // 320 * 320].reshape(-1, 320)
    energy = (frames**2).mean(axis=1)
    assert -23 < 10 * np.log10(energy[energy > 1e-5].mean()) < -17
    assert np.abs(speech).max() <= 1


@installed
def test_words_a_minute_and_speed(voice):
    text = "Der schnelle braune Fuchs springt über den faulen Hund, und dann schläft er."
    assert seconds(PicoVoice("de-DE", 330), text) < 0.7 * seconds(voice, text)
    assert seconds(voice, text, 1.5) < 0.8 * seconds(voice, text)
    assert seconds(voice, text, 0.25) > 1.5 * seconds(voice, text)
    assert seconds(voice, text, 100.0) > 0.5


@installed
def test_numbers_are_said_in_words_of_the_language(voice):
    assert abs(seconds(voice, "21") - seconds(voice, "einundzwanzig")) < 0.05


@installed
def test_several_speak_at_once(voice):
    with ThreadPoolExecutor(4) as threads:
        spoken = list(threads.map(lambda n: seconds(voice, "Ich sage dir die Uhrzeit. " * (n + 1)), range(4)))
    assert spoken[0] < spoken[1] < spoken[2] < spoken[3]


@installed
def test_it_stops_when_nobody_wants_to_hear_more_and_speaks_again(voice):
    speech = voice.speak("hundertelftausend, " * 12)
    next(speech)
    speech.close()
    assert 0.2 < seconds(voice, "Ja.") < 1.5


@installed
@pytest.mark.parametrize("text", ["", "   ", "😀", "***", "\x00"])
def test_nothing_to_say_is_silent(voice, text):
    assert list(voice.speak(text)) == []


@installed
@pytest.mark.parametrize(
    "text",
    ["a\x00b", "<speed level='500'>hi</speed>", "2 < 3 & 4 > 1", "Grüße 你好 привет", "1e9 $5 50% -3 🙂", "x" * 3000],
)
def test_strange_text_is_spoken(voice, text):
    assert seconds(voice, text) > 0.3


@pytest.mark.parametrize("name", ["nobody", "", "en-gb", "../../etc/passwd"])
def test_a_voice_that_there_is_not_is_named_with_those_there_are(name):
    with pytest.raises(VoiceError, match=f"{re.escape(name)}.*en-GB, en-US"):
        check(name)
    assert megabytes(name) == 0


def test_without_its_packages_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(pico, "FOLDER", tmp_path)
    with pytest.raises(VoiceError, match=r"de-DE_ta\.bin is missing: add non-free .* apt install libttspico-utils"):
        PicoVoice("de-DE")
    for file in ("de-DE_ta.bin", "de-DE_gl0_sg.bin"):
        (tmp_path / file).write_bytes(b"no voice")
    monkeypatch.setattr(pico, "LIBRARY", "libttspico.so.nowhere")
    pico.library.cache_clear()
    try:
        with pytest.raises(VoiceError, match=r"nowhere is missing: add non-free"):
            check("de-DE")
    finally:
        pico.library.cache_clear()


@installed
def test_a_damaged_voice_is_told_of(monkeypatch, tmp_path):
    monkeypatch.setattr(pico, "FOLDER", tmp_path)
    for file in ("de-DE_ta.bin", "de-DE_gl0_sg.bin"):
        (tmp_path / file).write_bytes((FOLDER / file).read_bytes()[:1000])
    with pytest.raises(VoiceError, match=r"cannot be used .* apt install --reinstall libttspico-data"):
        PicoVoice("de-DE")
