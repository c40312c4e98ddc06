import pytest
from support import tiny_voice

from device.local.tts.catalogue import catalogue, named
from device.model_files.files import ModelError
from device.settings.local import CartesiaSettings, LocalSettings, PiperSettings
from device.settings.tree import Settings


def listed(**settings):
    return {voice.name: voice for voice in catalogue(Settings(**settings))}


def test_voices_that_can_be_fetched_and_those_that_are_here(tmp_path):
    tiny_voice.write(tmp_path / "voices")
    found = listed(models_dir=str(tmp_path))
    joe, tiny = found["en_US-joe-medium"], found["xx_XX-tiny-low"]
    assert (joe.kind, joe.language, joe.licence, joe.here) == ("piper", "en_US", "CC0-1.0", False)
    assert "lessac" in joe.notice
    assert (tiny.kind, tiny.language, tiny.here, tiny.speaks) == ("piper", "xx_XX", True, False)
    assert found["en-gb"].speaks


@pytest.mark.parametrize(
    ("settings", "speaks"),
    [
        ({"local": LocalSettings(tts="espeak-ng", voice="en-us+f3")}, "en-us+f3"),
        ({"language": "de", "local": LocalSettings(tts="espeak-ng")}, "de"),
        ({"piper": PiperSettings(voice="/some/where.onnx")}, "/some/where.onnx"),
        ({"piper": PiperSettings(voice="xx_XX-tiny-low")}, "xx_XX-tiny-low"),
        ({"local": LocalSettings(tts="cartesia"), "cartesia": CartesiaSettings(voice="abc")}, "abc"),
    ],
)
def test_one_speaks(tmp_path, settings, speaks):
    tiny_voice.write(tmp_path / "voices")
    assert [name for name, one in listed(models_dir=str(tmp_path), **settings).items() if one.speaks] == [speaks]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("xx_XX-tiny-low", "piper"), ("/a/b.onnx", "piper"), ("en-gb", "espeak-ng"), ("de+f2", "espeak-ng")],
)
def test_a_voice_by_its_name(tmp_path, name, kind):
    tiny_voice.write(tmp_path / "voices")
    found = named(Settings(models_dir=str(tmp_path)), name)
    assert (found.kind, found.voice) == (kind, name)


def test_kokoro_s_voices_of_the_language_are_listed_and_one_can_speak(tmp_path):
    found = listed(models_dir=str(tmp_path), local=LocalSettings(tts="kokoro"))
    assert found["af_heart"].speaks
    assert not found["af_heart"].here
    assert "ff_siwis" not in found
    french = listed(models_dir=str(tmp_path), language="fr", local=LocalSettings(tts="kokoro"))
    assert [name for name, one in french.items() if one.speaks] == ["ff_siwis"]
    assert named(Settings(), "bf_emma").kind == "kokoro"


def test_pico_s_voices_of_the_language_are_listed_wherever_it_is_not_installed(monkeypatch):
    monkeypatch.setattr("device.local.tts.catalogue.megabytes", lambda _: 0.0)
    found = listed(language="de", local=LocalSettings(tts="pico"))
    assert (found["de-DE"].kind, found["de-DE"].speaks, found["de-DE"].here) == ("pico", True, False)
    assert "it-IT" not in found
    assert listed()["en-US"].licence == "Apache-2.0"
    assert named(Settings(), "en-GB").kind == "pico"


def test_a_name_that_no_voice_has():
    with pytest.raises(ModelError, match=r'no voice is called "nobody"; there are en_US-joe-medium, af_'):
        named(Settings(), "nobody")
