import math

import pytest
from support import tiny_voice

from device.local.tts.choice import choose, of_language, piper_files
from device.model_files.files import ModelError
from device.settings.local import LocalSettings, PiperSettings
from device.settings.tree import Settings

ENOUGH = (2000.0, 1500.0)


def chosen(memory=ENOUGH, *, language="en", models_dir="", voice="", piper="", tts="auto"):
    return choose(
        Settings(
            language=language,
            models_dir=models_dir,
            local=LocalSettings(tts=tts, voice=voice),
            piper=PiperSettings(voice=piper),
        ),
        memory,
    )


def test_piper_speaks_where_it_can(models):
    models("voices/en_US-joe-medium.onnx")
    found = chosen()
    assert (found.kind, found.voice, found.fix) == ("piper", "en_US-joe-medium", "")
    assert chosen((math.inf, math.inf)).kind == "piper"


@pytest.mark.parametrize(
    ("memory", "asked", "voice", "why"),
    [
        ((900.0, 800.0), {}, "en-gb", "900 MB of memory"),
        ((2000.0, 300.0), {}, "en-gb", "300 MB of memory are free"),
        (ENOUGH, {"language": "de"}, "de", 'no Piper voice of the language "de"'),
        (ENOUGH, {"language": "de-AT"}, "de-AT", "no Piper voice"),
        (ENOUGH, {"voice": "en-us+f3"}, "en-us+f3", "local.voice names it"),
        ((900.0, 800.0), {"tts": "espeak-ng"}, "en-gb", "the settings ask for it"),
    ],
)
def test_espeak_speaks_where_piper_cannot(memory, asked, voice, why):
    found = chosen(memory, **asked)
    assert (found.kind, found.voice, found.fix) == ("espeak-ng", voice, "")
    assert why in str(found)


def test_what_counts_is_the_memory_that_this_process_may_have(models, monkeypatch):
    models("voices/en_US-joe-medium.onnx")
    monkeypatch.setattr("device.local.tts.choice.of_machine_mb", lambda: 512.0)
    assert "512 MB of memory" in choose(Settings()).why
    monkeypatch.setattr("device.local.tts.choice.of_machine_mb", lambda: 2000.0)
    monkeypatch.setattr("device.local.tts.choice.available_mb", lambda: 200.0)
    assert "200 MB of memory are free" in choose(Settings()).why


def test_espeak_speaks_until_the_voice_is_fetched(tmp_path):
    found = chosen(models_dir=str(tmp_path))
    assert found.kind == "espeak-ng"
    assert "models fetch" in found.fix
    assert "models fetch" in str(found)


@pytest.mark.parametrize("asked", [{"piper": "/some/joe.onnx"}, {"piper": "/some/joe.onnx", "tts": "piper"}])
def test_a_voice_of_the_user_s_is_what_they_get(asked):
    found = chosen((500.0, 100.0), **asked)
    assert (found.kind, found.voice) == ("piper", "/some/joe.onnx")


def test_the_files_of_a_voice(tmp_path):
    settings = Settings(models_dir=str(tmp_path))
    path = tiny_voice.write(tmp_path / "voices")
    files = path, path.with_name(f"{path.name}.json")
    assert piper_files(settings, str(path)) == files
    assert piper_files(settings, "xx_XX-tiny-low") == files
    files[1].unlink()
    with pytest.raises(ModelError, match=r"no file .*json"):
        piper_files(settings, str(path))
    with pytest.raises(ModelError, match="models fetch xx_XX-tiny-low"):
        piper_files(settings, "xx_XX-tiny-low")
    with pytest.raises(ModelError, match="models fetch"):
        piper_files(settings, "en_US-joe-medium")
    with pytest.raises(ModelError, match=r"piper\.voice: there is no Piper voice of the language"):
        piper_files(settings, "")


def test_languages():
    assert of_language("en-GB").espeak == "en-gb"
    assert of_language("xx").piper == ""


@pytest.mark.parametrize(
    ("language", "voice", "speaks"),
    [("en", "", "en-GB"), ("de-AT", "", "de-DE"), ("en", "en-US", "en-US"), ("pl", "", "")],
)
def test_pico_speaks_if_the_settings_ask_for_it(language, voice, speaks):
    found = chosen(language=language, voice=voice, tts="pico")
    assert (found.kind, found.voice, found.asked) == ("pico", speaks, True)
