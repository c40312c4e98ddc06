"""Whisper on CTranslate2, played by a module of its make."""

import sys
import types
from typing import ClassVar

import numpy as np
import pytest
from support.speech import noise, say, silence

from device.local.stt import whisper
from device.local.stt.whisper import WhisperRecogniser
from device.model_files.files import ModelError
from device.settings.local import WhisperSettings

WORDS = ["a", "Ġtimer", "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>", "<|transcribe|>"]


class Model:
    """What ctranslate2's Whisper is asked, and the answers it has: tokens, score and no speech, a window each."""

    answers: ClassVar[list] = []
    asked: ClassVar[list] = []
    likely = (("<|de|>", 0.7), ("<|fr|>", 0.2), ("<|en|>", 0.1))

    def __init__(self, folder, **more):
        self.folder, self.more = folder, more
        if more["intra_threads"] > 8:
            raise RuntimeError("too many threads")

    def encode(self, features):
        self.frames = features.shape[2]
        return self

    def detect_language(self, features):
        return [self.likely]

    def generate(self, features, prompts, *, max_length, **_):
        Model.asked.append((self.frames, prompts[0][1], max_length))
        tokens, score, no_speech = Model.answers[min(len(Model.asked), len(Model.answers)) - 1]
        return [types.SimpleNamespace(sequences=[tokens], scores=[score], no_speech_prob=no_speech)]


@pytest.fixture
def load(monkeypatch, tmp_path):
    module = types.ModuleType("ctranslate2")
    module.models = types.SimpleNamespace(Whisper=Model)
    module.StorageView = types.SimpleNamespace(from_array=lambda array: array)
    monkeypatch.setitem(sys.modules, "ctranslate2", module)
    (tmp_path / "vocabulary.txt").write_text("\n".join(WORDS), "utf-8")
    monkeypatch.setattr(whisper, "find", lambda name, _: tmp_path / name.rpartition("/")[2])

    def load(answers, languages=(), language="de-DE", threads=2):
        Model.answers, Model.asked = answers, []
        return WhisperRecogniser(WhisperSettings(languages=languages, threads=threads), language)

    return load


SAID = say("What time is it?")
SURE = (["Ġst", "elle", "Ġ", "Ã¤", "<|endoftext|>"], -0.2, 0.0)
LOOP = (["Ġthe"] * 60, -0.2, 0.0)
GUESS = (["Ġyou"], -1.5, 0.1)


def test_what_is_said_is_heard_in_the_short_window(load):
    assert load([SURE]).transcribe(SAID) == "stelle ä"
    ((frames, language, longest),) = Model.asked
    assert (frames, language) == (800, "<|de|>")
    assert longest < 40


@pytest.mark.parametrize("doubtful", [LOOP, GUESS, (["Ġa"], -0.9, 0.0), ([], -0.1, 0.0)])
def test_what_is_doubtful_is_heard_again_in_the_long_window(load, doubtful):
    assert load([doubtful, SURE]).transcribe(SAID) == "stelle ä"
    assert [frames for frames, *_ in Model.asked] == [800, 3000]


@pytest.mark.parametrize("left", [LOOP, GUESS, ([], -0.1, 0.0), (["Ġa"], -0.9, 0.9)])
def test_what_stays_doubtful_is_no_words(load, left):
    assert load([left]).transcribe(SAID) == ""
    assert len(Model.asked) == 2


def test_what_is_long_goes_into_the_long_window_at_once(load):
    assert load([SURE]).transcribe(np.concatenate([SAID, silence(9), SAID])) == "stelle ä"
    assert [frames for frames, *_ in Model.asked] == [3000]


@pytest.mark.parametrize("pcm", [silence(0), silence(2), noise(1, -75), SAID[:1500]])
def test_nothing_is_asked_where_nobody_speaks(load, pcm):
    assert load([SURE]).transcribe(pcm) == ""
    assert Model.asked == []


def test_of_the_languages_spoken_here_the_likeliest_is_taken(load):
    load([SURE], languages=("en", "de")).transcribe(SAID)
    load([SURE], languages=("en",)).transcribe(SAID)
    assert Model.asked[0][1] == "<|en|>"


def test_warming_up_runs_once(load):
    load([SURE]).warm_up()
    assert len(Model.asked) == 1


def test_what_cannot_be_used_is_named(load, monkeypatch):
    with pytest.raises(ModelError, match=r'whisper\.languages: Whisper does not know "tlh"'):
        load([SURE], languages=("tlh",))
    with pytest.raises(ModelError, match="cannot be loaded: too many threads"):
        load([SURE], threads=9)
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ModelError, match="pip install ctranslate2"):
        load([SURE])


def test_a_missing_model_is_named_with_its_command(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ctranslate2", types.ModuleType("ctranslate2"))
    with pytest.raises(ModelError, match=r"whisper_base/config\.json is missing.*models fetch whisper_base"):
        WhisperRecogniser(WhisperSettings(), "en", str(tmp_path))
