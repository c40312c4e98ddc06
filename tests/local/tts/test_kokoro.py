from itertools import pairwise

import numpy as np
import pytest
from support import tiny_voice

from device.local.tts.kokoro import RATE, KokoroVoice
from device.model_files.files import ModelError


@pytest.fixture
def files(tmp_path):
    return tiny_voice.kokoro(tmp_path)


def said(voice, text, speed=1.0):
    parts = list(voice.speak(text, speed))
    words = [word for part in parts if isinstance(part, tuple) for word in part]
    return np.concatenate([np.zeros(0, np.int16), *(part for part in parts if not isinstance(part, tuple))]), words


def test_it_speaks_and_knows_its_words(files):
    speech, words = said(KokoroVoice(*files), "The kitchen light is on at 5.")
    assert [word.text for word in words] == ["The", "kitchen", "light", "is", "on", "at", "5."]
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(words))
    assert 0 <= words[0].start_ms < words[-1].end_ms <= 1000 * len(speech) / RATE


@pytest.mark.parametrize("text", ["", "😀", "...", "\x00"])
def test_nothing_to_say_is_silent(files, text):
    assert list(KokoroVoice(*files).speak(text)) == []


def test_ten_thousand_letters_and_other_writing(files):
    voice = KokoroVoice(*files)
    text = "The quick brown fox jumps over the lazy dog. " * 220
    assert [word.text for word in said(voice, text)[1]] == text.split()
    assert len(said(voice, "привет" * 60)[0]) > RATE
    assert len(said(voice, "x" * 3000)[0]) > RATE


def test_a_long_sentence_begins_with_a_short_piece(files):
    parts = [p for p in KokoroVoice(*files).speak("one two three four five, " * 12) if not isinstance(p, tuple)]
    assert len(parts[0]) < 1.0 * RATE


@pytest.mark.parametrize("name", ["af_x", "bm_x", "ef_x", "ff_x", "if_x", "pm_x"])
def test_the_first_letter_of_a_voice_is_its_language(tmp_path, name):
    assert len(said(KokoroVoice(*tiny_voice.kokoro(tmp_path, name)), "Hello.")[0])


@pytest.mark.parametrize(
    ("which", "content", "wrong"),
    [
        (0, b"not a model", r"kokoro\.onnx"),
        (0, b"", r"kokoro\.onnx"),
        (1, b"{}", "vocabulary"),
        (1, b"[" * 100_000, "vocabulary"),
        (2, bytes(1001), "no voice of Kokoro's"),
        (2, b"", "no voice of Kokoro's"),
    ],
)
def test_what_is_damaged_is_named(files, which, content, wrong):
    files[which].write_bytes(content)
    with pytest.raises(ModelError, match=wrong):
        KokoroVoice(*files)


def test_a_voice_of_a_language_without_phonemes_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no voice of Kokoro's"):
        KokoroVoice(*tiny_voice.kokoro(tmp_path, "zf_x"))
