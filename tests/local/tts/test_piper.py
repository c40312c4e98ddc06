import re
from itertools import pairwise

import numpy as np
import pytest
from support import tiny_voice

from device.local.tts.level import speaking_level
from device.local.tts.piper import PiperVoice
from device.model_files.files import ModelError


def load(path, **how):
    return PiperVoice(path, path.with_name(f"{path.name}.json"), **how)


@pytest.fixture
def tiny(tmp_path):
    return load(tiny_voice.write(tmp_path))


@pytest.fixture(scope="module")
def joe(models):
    return load(models("voices/en_US-joe-medium.onnx"))


def said(voice, text, speed=1.0):
    parts = list(voice.speak(text, speed))
    words = [word for part in parts if isinstance(part, tuple) for word in part]
    return np.concatenate([np.zeros(0, np.int16), *(part for part in parts if not isinstance(part, tuple))]), words


def test_a_sentence_is_spoken(joe):
    speech, words = said(joe, "The kitchen light is on.")
    assert joe.rate == 22_050
    assert 1.2 < len(speech) / joe.rate < 2.6
    assert [word.text for word in words] == ["The", "kitchen", "light", "is", "on."]
    level = 20 * np.log10(speaking_level(speech / 32768, joe.rate))
    assert -23 < level < -17
    assert np.abs(speech.astype(int)).max() < 32767


def test_the_first_sound_comes_before_the_last_is_planned(joe):
    parts = joe.speak("The weather is fine today, and the sun is shining, " * 6)
    first = [part for part in (next(parts), next(parts)) if not isinstance(part, tuple)]
    assert sum(map(len, first)) < joe.rate
    parts.close()


def test_words_are_where_the_sound_is(joe):
    # Each of these words begins with silence of its own: a stop after a pause.
    speech, words = said(joe, "Ten. Ten. Ten.")
    loud = np.abs(speech) > 300
    for word in words:
        start, end = (round(ms * joe.rate / 1000) for ms in (word.start_ms, word.end_ms))
        assert loud[start:end].mean() > 0.1
    gaps = [speech[round(a.end_ms * 22.05) + 2200 : round(b.start_ms * 22.05) - 1200] for a, b in pairwise(words)]
    assert all(len(gap) and np.abs(gap).max() < 300 for gap in gaps)


def test_speed(joe):
    text = "The quick brown fox jumps over the lazy dog, and then it sleeps."
    usual, fast, slow = (len(said(joe, text, speed)[0]) for speed in (1.0, 1.5, 0.25))
    assert fast < 0.85 * usual
    assert slow > 2 * usual


def test_words_a_minute(joe, models):
    text = "one two three four five six seven eight nine ten"
    double = load(models("voices/en_US-joe-medium.onnx"), words_per_minute=330)
    assert len(said(double, text)[0]) < 0.85 * len(said(joe, text)[0])


@pytest.mark.parametrize("text", ["", "   ", "😀", "***", "\x00", "...", "?!", "\ud800"])
def test_nothing_to_say_is_silent(tiny, text):
    assert list(tiny.speak(text)) == []


@pytest.mark.parametrize(
    "text",
    ["a\x00b", "<speak>hi</speak>", "[[h@l'oU]]", "Grüße 你好 привет", "1e9 $5 50% -3 🙂 done", "x" * 3000, "%", "€5"],
)
def test_strange_text_is_spoken(tiny, text):
    speech, words = said(tiny, text)
    assert len(speech) > 400
    assert all(word.text in text for word in words)


def test_ten_thousand_letters_are_spoken_piece_by_piece(tiny):
    text = "The quick brown fox jumps over the lazy dog. " * 220
    speech, words = said(tiny, text)
    assert [word.text for word in words] == text.split()
    assert all(a.start_ms <= a.end_ms <= b.end_ms for a, b in pairwise(words))
    assert words[-1].end_ms <= len(speech) * 1000 / tiny.rate


def test_what_is_written_is_what_the_words_are(tiny):
    _, words = said(tiny, "**It** is 21 °C, 🙂 isn't it?")
    assert [word.text for word in words] == ["**It**", "is", "21", "°C,", "isn't", "it?"]


def test_closing_stops_it(tiny):
    parts = tiny.speak("one two three " * 500)
    next(parts)
    parts.close()
    assert len(said(tiny, "Yes.")[0]) < 2 * tiny.rate


def test_a_voice_of_letters(tmp_path):
    voice = load(tiny_voice.write(tmp_path, phoneme_type="text"))
    assert [word.text for word in said(voice, "Abc def.")[1]] == ["Abc", "def."]


def test_a_speaker_of_several(tmp_path):
    path = tiny_voice.write(tmp_path, speakers=3)
    one, other = (load(path, speaker=speaker) for speaker in (0, 2))
    assert len(said(one, "Hello.")[0]) == len(said(other, "Hello.")[0])
    with pytest.raises(ModelError, match=r"piper\.speaker: the voice has 3 speakers.*: 3"):
        load(path, speaker=3)


@pytest.mark.parametrize(
    ("model", "described", "wrong"),
    [
        ({"speakers": 2}, {}, "not the one that"),
        ({}, {"num_speakers": 2}, "not the one that"),
        ({}, {"espeak": {"voice": "tlh-qq"}}, 'no voice "tlh-qq"'),
    ],
)
def test_a_description_of_another_voice_is_told(tmp_path, model, described, wrong):
    path = tiny_voice.write(tmp_path, **model)
    path.with_name(f"{path.name}.json").write_text(__import__("json").dumps(tiny_voice.config(**described)))
    with pytest.raises(ModelError, match=re.escape(wrong)):
        load(path)
