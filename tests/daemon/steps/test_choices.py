"""What there is to choose from, and which settings each choice takes."""

import pytest
from msgspec.structs import replace

from device.daemon.steps import choices
from device.daemon.steps.choices import engine_choices, language_choices, wake_word_choices
from device.model_files import files
from device.settings.change import change
from device.settings.engines import RealtimeEngine
from device.settings.loading import read
from device.settings.tree import Settings, WakeSettings
from device.settings.types import Secret


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text("")
    return path


def apply(puts, config):
    for put in puts:
        change(put.key, put.value, config=config, environ={})


def test_a_language_brings_its_recogniser_and_leaves_the_voice_of_another_behind(config, monkeypatch):
    monkeypatch.setattr(choices, "_here", lambda settings, folder: True)
    change("local.tts", "piper", config=config, environ={})
    change("piper.voice", "en_US-joe-medium", config=config, environ={})

    def chosen(code):
        settings = read(config, {}).settings
        return next(one for one in language_choices(settings, config) if one.code == code)

    assert chosen("en").chosen
    german = chosen("de")
    assert (german.chosen, german.lacks) == (False, "")
    apply(german.puts, config)
    settings = read(config, {}).settings
    assert (settings.language, settings.local.stt, settings.piper.voice) == ("de", "whisper", "")
    apply(chosen("en").puts, config)
    settings = read(config, {}).settings
    assert (settings.language, settings.local.stt) == ("en", "moonshine")


def test_a_language_whose_recogniser_is_not_here_says_how_to_fetch_it(config, tmp_path):
    settings = Settings(models_dir=str(tmp_path))
    german = next(one for one in language_choices(settings, config) if one.code == "de")
    assert german.lacks == "files"
    assert "models fetch whisper_base" in german.fix
    assert german.fetch == "whisper_base"
    assert 100 < german.megabytes < 500


def test_where_the_engine_is_a_service_a_language_is_chosen_likewise(config, monkeypatch, tmp_path):
    monkeypatch.setattr("device.system.paths.ENGINE_SOCKET", tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr("device.daemon.steps.choices._here", lambda *_: True)
    german = next(one for one in language_choices(Settings(), config) if one.code == "de")
    assert german.lacks == ""
    apply(german.puts, config)
    assert read(config, {}).settings.local.stt == "whisper"


def test_wake_words_say_how_they_are_spoken_and_whether_they_are_here(tmp_path):
    settings = Settings(models_dir=str(tmp_path))
    found = {one.name: one for one in wake_word_choices(settings)}
    assert {"hey_jarvis", "alexa", "hey_mycroft", "hey_rhasspy"} == set(found)
    assert found["hey_jarvis"].said == "hey jarvis"
    assert found["hey_jarvis"].chosen
    assert found["alexa"].lacks == "files"
    assert "models fetch alexa" in found["alexa"].fix
    assert "NC" in found["alexa"].licence
    assert found["alexa"].megabytes > files.own_manifest().files["alexa.onnx"].size / 1e6


def test_a_wake_word_of_the_users_own_is_among_them():
    settings = Settings(wake=WakeSettings(models=("/models/hey_computer_v0.1.onnx",)))
    own = [one for one in wake_word_choices(settings) if one.chosen]
    assert [(one.said, one.puts) for one in own] == [("hey computer", ())]


def test_engines_say_where_they_are_and_what_they_lack_and_no_key():
    usual = Settings()
    openai = replace(usual.engine["openai"], api_key=Secret("s3cret"))
    settings = replace(usual, engines=("openai", "local"), engine={**usual.engine, "openai": openai})
    found = {one.name: one for one in engine_choices(settings)}
    assert next(iter(found)) == "local"
    assert (found["openai"].chosen, found["openai"].present, found["openai"].lacks) == (True, True, "")
    assert found["openai"].server == "wss://api.openai.com"
    assert (found["gemini"].lacks, found["gemini"].key) == ("key", True)
    assert (found["cartesia"].lacks, found["cartesia"].agent) == ("agent", True)
    assert found["azure"].lacks == "address"
    assert "localai" not in found, "one's own servers need an address first"
    assert "s3cret" not in repr(found)


def test_an_engine_whose_address_somebody_has_changed_says_so():
    usual = Settings()
    openai = replace(usual.engine["openai"], url="wss://evil.example/v1/realtime")
    box = RealtimeEngine(url="ws://box:1/v1/realtime")
    settings = replace(usual, engines=("box",), engine={**usual.engine, "openai": openai, "box": box})
    found = {one.name: one for one in engine_choices(settings)}
    assert (found["openai"].foreign, found["openai"].server) == (True, "wss://evil.example")
    assert (found["gemini"].foreign, found["box"].foreign, found["box"].chosen) == (False, False, True)
