"""What the local engine's unit is told of the assistant's settings."""

import logging
import stat
from pathlib import Path

import pytest

from device.settings import last_good
from device.settings.change import ChangeError, change, file_for
from device.settings.handed import hand_over
from device.settings.loading import read
from device.system import paths


@pytest.fixture
def assistant(tmp_path, monkeypatch):
    """Return the environment of the assistant's service."""
    (tmp_path / "engine.socket").touch()
    monkeypatch.setattr(paths, "ENGINE_SOCKET", tmp_path / "engine.socket")
    monkeypatch.setattr(paths, "HANDED", tmp_path / "parley/engine.toml")
    return {"HOME": str(tmp_path / "parley"), "STATE_DIRECTORY": str(tmp_path / "parley")}


@pytest.fixture
def engine(tmp_path):
    """Return the environment of the engine's unit."""
    return {"HOME": "/nonexistent", "STATE_DIRECTORY": str(tmp_path / "private/parley-engine")}


@pytest.fixture
def system(tmp_path) -> Path:
    return tmp_path / "system.toml"


def handed(assistant, system):
    hand_over(read(None, assistant, system).settings, file_for(None, assistant), assistant, system)
    return paths.HANDED


def test_what_is_changed_at_the_door_is_what_the_engine_goes_by(assistant, engine, system):
    changed = {
        "local.stt": "whisper",
        "language": "de",
        "local.tts": "kokoro",
        "kokoro.voice": "af_heart",
        "piper.speaker": 3,
        "whisper.languages": ["de", "en"],
        "brain.url": "http://127.0.0.1:11434/v1",
        "brain.model": "m",
        "name": 'Ada "the" \\ second',
        "wake.models": ["alexa"],
        "card.latency_ms": 60,
    }
    for key, value in changed.items():
        change(key, value, environ=assistant)
    path = handed(assistant, system)
    has = read(None, engine, system).settings
    assert (has.language, has.local.stt, has.local.tts, has.kokoro.voice) == ("de", "whisper", "kokoro", "af_heart")
    assert (has.piper.speaker, has.whisper.languages, has.brain.model) == (3, ("de", "en"), "m")
    assert (has.name, has.wake.models) == ('Ada "the" \\ second', ("alexa",))
    assert "latency" not in path.read_text(), "what is none of its business"
    assert "nothing that is written here stays" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_profile_counts_for_the_engine_too(assistant, engine, system):
    change("engines", ["local"], environ=assistant)
    change("profile", "kiosk", environ=assistant)
    wanted = read(None, assistant, system).settings
    handed(assistant, system)
    assert read(None, engine, system).settings.name == wanted.name != "Jarvis"


def test_what_the_machines_file_says_is_left_to_it(assistant, engine, system):
    system.write_text('language = "de"\n[local]\nstt = "whisper"\ntts = "pico"\n')
    change("local.tts", "auto", environ=assistant)
    path = handed(assistant, system)
    assert [line for line in path.read_text().splitlines() if line[0] != "#"] == ['local.tts = "auto"']
    assert read(None, engine, system).settings.local.tts == "auto"
    system.write_text('language = "en"\n')  # by hand, and only the engine is started anew
    assert read(None, engine, system).settings.language == "en"


def test_on_a_new_machine_there_is_nothing_to_hand_over_and_the_engine_goes_on(assistant, system):
    assert not handed(assistant, system).exists()
    change("piper.speaker", 2, environ=assistant)
    assert handed(assistant, system).exists()
    change("piper.speaker", None, environ=assistant)
    assert "piper" not in handed(assistant, system).read_text(), "what was handed over once is taken back"


def test_it_is_written_only_if_it_changes(assistant, system):
    change("piper.speaker", 2, environ=assistant)
    was = handed(assistant, system).stat()
    now = handed(assistant, system).stat()
    assert (now.st_ino, now.st_mtime_ns) == (was.st_ino, was.st_mtime_ns), "of what is read, the rest of it changes"
    change("piper.speaker", None, environ=assistant)
    assert handed(assistant, system).stat().st_ino != was.st_ino


def test_nobody_else_is_told(assistant, system):
    change("piper.speaker", 2, environ=assistant)
    paths.ENGINE_SOCKET.unlink()
    assert not handed(assistant, system).exists()


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("brain.api_key", "sk-1234567890", "/etc/parley/keys/PARLEY_BRAIN_API_KEY"),
        ("cartesia.api_key", "sk-1234567890", "/etc/parley/keys/CARTESIA_API_KEY"),
        ("brain", {"url": "http://box/v1", "api_key": "sk-1234567890"}, "a secret in it"),
        ("transcription.url", "http://ada:sk-1234567890@box/v1", "a secret in it"),
    ],
)
def test_a_secret_is_refused(assistant, key, value, why):
    with pytest.raises(ChangeError, match=why) as refused:
        change(key, value, environ=assistant)
    assert "1234567890" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [("brain.api_key", "sk-1234567890"), ("transcription.url", "http://ada:sk-1234567890@box/v1")],
)
def test_a_secret_set_by_hand_is_not_written_where_all_can_read_it(assistant, system, caplog, key, value):
    change("piper.speaker", 2, environ=assistant)
    change(key, value, environ={**assistant, "STATE_DIRECTORY": ""})
    assert "1234567890" not in handed(assistant, system).read_text()
    assert "1234567890" not in caplog.text


def test_a_disk_that_is_full_is_logged(assistant, system, monkeypatch, caplog):
    change("piper.speaker", 2, environ=assistant)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("device.settings.handed.state_file.write", full)
    with caplog.at_level(logging.ERROR):
        handed(assistant, system)
    assert "goes by older settings" in caplog.text


BROKEN = ("[local", 'local.tts = "lyre"', "local = 3", "\x00", "local.nonsense = 1")


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_leaves_the_last_good_settings_in_force(assistant, engine, system, tmp_path, text):
    engine["STATE_DIRECTORY"] = str(tmp_path / "parley-engine")
    change("piper.speaker", 2, environ=assistant)
    path = handed(assistant, system)
    last_good.keep(last_good.InForce(read(None, engine, system)), engine)
    path.write_text(text)
    found = last_good.load(environ=engine)
    assert found.settings.piper.speaker == 2
    assert str(path) in found.fault
    path.unlink()
    assert last_good.load(environ=engine).fault == ""


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_does_not_even_stop_an_engine_that_never_started(assistant, engine, text):
    paths.HANDED.parent.mkdir()
    paths.HANDED.write_text(text)
    found = last_good.load(environ=engine)
    assert found.settings.local.tts == "auto"
    assert found.fault.startswith("The settings cannot be used and are passed over")
    assert str(paths.HANDED) in found.fault.partition("\n")[0]


def test_a_folder_in_its_place_does_not_either(assistant, engine):
    paths.HANDED.mkdir(parents=True)
    assert str(paths.HANDED) in last_good.load(environ=engine).fault
