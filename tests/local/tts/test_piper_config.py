import json

import pytest
from support.tiny_voice import config

from device.local.tts.piper_config import read_config
from device.model_files.files import ModelError


def read(tmp_path, described):
    path = tmp_path / "voice.onnx.json"
    path.write_text(described if isinstance(described, str) else json.dumps(described))
    return read_config(path)


def test_a_description_is_read(tmp_path):
    found = read(tmp_path, config(language={"code": "en_US"}, num_symbols=256))
    assert (found.audio.sample_rate, found.espeak.voice, found.inference.noise_scale) == (8000, "en-us", 0.5)
    assert found.phoneme_id_map["a"]


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ("", "does not describe"),
        ("[" * 100_000, "does not describe"),
        ("{}", "audio"),
        (config(audio={"sample_rate": 0}), "sample_rate"),
        (config(audio={"sample_rate": "fast"}), "sample_rate"),
        (config(phoneme_type="pinyin"), "pinyin"),
        (config(espeak={"voice": ""}), r"espeak\.voice"),
        (config(phoneme_id_map={}), r"\^ \$ _"),
        (config(phoneme_id_map={"^": [1], "$": [2], "_": [-1]}), "sound numbers"),
        (config(phoneme_id_map={"^": "x"}), "phoneme_id_map"),
        (config(num_speakers=-1), "num_speakers"),
        (config(inference={"length_scale": 0}), "length_scale"),
    ],
)
def test_what_is_wrong_with_it_is_named(tmp_path, described, said):
    with pytest.raises(ModelError, match=said) as error:
        read(tmp_path, described)
    assert "voice.onnx.json" in str(error.value)


def test_a_description_that_is_not_there(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_config(tmp_path / "none.json")
