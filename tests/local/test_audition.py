"""Voices listed and heard, as the process of its own does."""

import io
import wave

import msgspec
import numpy as np
import pytest

from device.door.first_steps import Put, VoiceHeard, VoicesAre
from device.local import audition
from device.local.audition import answer, hear, voices
from device.local.tts.catalogue import Listed
from device.model_files.files import ModelError
from device.settings.tree import Settings


def asked(config=None, **request):
    out = io.BytesIO()
    answer(msgspec.json.encode(request), config, out)
    return msgspec.json.decode(out.getvalue(), type=VoicesAre | VoiceHeard)


def test_voices_are_of_the_language_and_those_that_are_here_come_first(monkeypatch):
    listed = [
        Listed("af_heart", "kokoro", "en", 0.5, "Apache-2.0"),
        Listed("en_US-joe-medium", "piper", "en_US", 63.2, "CC0-1.0", here=True),
        Listed("de_DE-x-low", "piper", "de_DE", 20.0, "?", here=True),
        Listed("en-gb", "espeak-ng", "en-gb", 0.0, "GPL", here=True, speaks=True),
        Listed("en-GB", "pico", "en-GB", 0.0, "Apache-2.0"),
        Listed("id", "cartesia", "en", 0.0, "terms", here=True),
    ]
    monkeypatch.setattr(audition, "catalogue", lambda settings: listed)
    found = voices(Settings(), "")
    assert found.language == "en"
    assert [one.name for one in found.voices] == ["en-gb", "en_US-joe-medium", "af_heart", "en-GB"]
    assert [one.lacks for one in found.voices] == ["", "", "files", "package"]
    assert "models fetch af_heart" in found.voices[2].fix
    assert found.voices[3].fix == "sudo apt install libttspico-utils"
    assert found.voices[1].puts == (Put("local.tts", "piper"), Put("piper.voice", "en_US-joe-medium"))


def test_a_voice_says_a_sentence_of_its_language():
    heard = asked(type="hear_voice", voice="de", language="de")
    assert heard.text.startswith("Hallo")
    with wave.open(io.BytesIO(heard.wav), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert 2 < len(sound) / file.getframerate() < 12
    assert np.abs(sound).max() > 3000


def test_the_settings_file_counts(tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('[local]\nstt = "whisper"\ntts = "espeak-ng"\n')
    found = asked(config, type="get_voices", language="de")
    assert [one.name for one in found.voices if one.chosen] == ["de"]


@pytest.mark.parametrize("voice", ["/etc/passwd", "../../x.onnx", "de", "no such"])
def test_only_voices_of_the_list_are_heard(voice):
    with pytest.raises(ModelError, match="no voice of the language"):
        hear(Settings(), audition.HearVoice(voice))


def test_what_is_no_question_is_refused():
    with pytest.raises(msgspec.ValidationError):
        asked(type="try_engine")
