import json
import sys
import types

import numpy as np
import pytest

from device.local.tts.piper import PiperVoice
from device.model_files.files import ModelError
from device.settings.local import PiperSettings


@pytest.fixture
def voice(tmp_path):
    model = tmp_path / "en_GB-alan-low.onnx"
    model.touch()
    (tmp_path / "en_GB-alan-low.onnx.json").write_text(json.dumps({}))
    return model


@pytest.fixture
def fake(monkeypatch):
    """A piper that notes what it is told: 10 samples a word, a piece a sentence."""
    told = types.SimpleNamespace(speakers=1, said=[], fails=False)

    class Voice:
        config = types.SimpleNamespace(num_speakers=1, sample_rate=16_000, length_scale=1.2)

        @classmethod
        def load(cls, path):
            if told.fails:
                raise ValueError("no such opset")
            cls.config.num_speakers = told.speakers
            return cls()

        def synthesize(self, text, how):
            told.said.append((text, how))
            for sentence in text.split(". "):
                yield types.SimpleNamespace(audio_int16_array=np.full(10 * len(sentence.split()), 7, np.int16))

    config = types.SimpleNamespace
    monkeypatch.setitem(sys.modules, "piper", types.SimpleNamespace(PiperVoice=Voice, SynthesisConfig=config))
    return told


def test_sentences_come_one_by_one_at_the_voice_s_rate(fake, voice):
    made = PiperVoice(PiperSettings(voice=str(voice)))
    assert made.rate == 16_000
    pieces = list(made.speak("**One** two. Three 🙂 four five.", speed=1.5))
    assert [(len(piece), piece.dtype) for piece in pieces] == [(20, np.int16), (30, np.int16)]
    text, how = fake.said[0]
    assert text == "One two. Three four five."
    assert (how.speaker_id, how.length_scale) == (None, pytest.approx(0.8))
    assert list(made.speak("🙂")) == []


def test_warming_up_speaks_once(fake, voice):
    PiperVoice(PiperSettings(voice=str(voice))).warm_up()
    assert [text for text, _ in fake.said] == ["Hello."]


def test_a_speaker_of_several(fake, voice):
    fake.speakers = 3
    list(PiperVoice(PiperSettings(voice=str(voice), speaker=2)).speak("Hello."))
    assert fake.said[0][1].speaker_id == 2
    with pytest.raises(ModelError, match=r"piper\.speaker: the voice has 3 speakers"):
        PiperVoice(PiperSettings(voice=str(voice), speaker=3))


def test_what_is_missing_is_named(fake, voice, monkeypatch):
    with pytest.raises(ModelError, match=r"piper\.voice: there is no file .*none\.onnx"):
        PiperVoice(PiperSettings(voice=str(voice.with_name("none.onnx"))))
    fake.fails = True
    with pytest.raises(ModelError, match=r"piper\.voice: .* cannot be loaded: no such opset"):
        PiperVoice(PiperSettings(voice=str(voice)))
    voice.with_name(f"{voice.name}.json").unlink()
    with pytest.raises(ModelError, match=r"there is no file .*onnx\.json"):
        PiperVoice(PiperSettings(voice=str(voice)))
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(ModelError, match=r"local\.tts.*pip install piper-tts"):
        PiperVoice(PiperSettings(voice=str(voice)))
