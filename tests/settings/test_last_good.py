"""Settings that somebody broke by hand: what a service goes on with, and what it says."""

import logging
import os
import shutil
import stat
from collections import Counter
from pathlib import Path

import pytest

from device.settings import last_good
from device.settings.last_good import FILE, keep, load
from device.settings.loading import SettingsError
from device.system import inputs, paths
from device.tools.profile import profile_tools

KEY = "sk-this-must-never-be-kept"
GOOD = f"""
engines = ["openai", "local"]
name = "Ada"
[card]
latency_ms = 60
[engine.openai]
api_key = "{KEY}"
[prices."my-model"]
input_text = 3
"""
BROKEN = ("[card\nlatency_ms = 60", "latncy = 3", "[card]\nlatency_ms = 7000", "\udcff")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def service(tmp_path: Path, state: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "STATE_DIRECTORY": str(state)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "parley.toml"


def broken(file: Path, text: str) -> None:
    file.write_bytes(text.encode(errors="surrogateescape"))


def started(file: Path, service: dict[str, str], text: str = GOOD) -> None:
    file.write_text(text)
    file.chmod(0o600)
    keep(load(file, service, need_engine=True), service)


@pytest.mark.parametrize("text", BROKEN)
def test_the_last_good_ones_stay_in_force_without_the_key_of_the_file(file, service, state, text):
    started(file, service)
    broken(file, text)
    found = load(file, service, need_engine=True)
    settings = found.settings
    assert (settings.name, settings.card.latency_ms, settings.prices["my-model"].input_text) == ("Ada", 60, 3)
    assert settings.engines == ("local",)
    first, *rest = found.fault.splitlines()
    assert first.startswith(f"The settings cannot be used; the last good ones stay in force. {file}")
    assert "engine.openai.api_key stood in the file" in rest[-1]
    assert "openai is passed over" in rest[-1]
    assert KEY.encode() not in b"".join(one.read_bytes() for one in state.iterdir())
    assert KEY not in repr(load(file, service)), "nor in what a traceback shows"


def test_a_key_from_elsewhere_is_not_lost(file, service, tmp_path):
    started(file, service)
    broken(file, "[card")
    keys = tmp_path / "credentials"
    keys.mkdir()
    (keys / "key_OPENAI_API_KEY").write_text("sk-from-systemd\n")
    found = load(file, service | {"CREDENTIALS_DIRECTORY": str(keys)}, need_engine=True)
    assert found.settings.engines == ("openai", "local")
    assert found.settings.engine["openai"].api_key.reveal() == "sk-from-systemd"
    assert "api_key" not in found.fault


def test_who_needs_a_key_that_cannot_be_read_is_told_which_it_is(file, service, tmp_path):
    file.write_text('engines = "openai"\n')
    keys = tmp_path / "credentials"
    keys.mkdir()
    (keys / "key_OPENAI_API_KEY").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"(?s)OPENAI_API_KEY.*keys/OPENAI_API_KEY cannot be read"):
        load(file, service | {"CREDENTIALS_DIRECTORY": str(keys)}, need_engine=True)


def test_a_key_for_a_vendor_does_not_go_to_another_server(file, service):
    started(file, service, 'engines = ["openai", "local"]\n[engine.openai]\nurl = "ws://10.0.0.5/v1"\n')
    broken(file, "[card")
    settings = load(file, service | {"OPENAI_API_KEY": KEY}, need_engine=True).settings
    assert settings.engine["openai"].url == "ws://10.0.0.5/v1"
    assert not settings.engine["openai"].api_key


def test_a_password_in_an_address_is_not_kept(file, service, state):
    started(file, service, '[brain]\nurl = "http://me:hush@10.0.0.5/v1"\n')
    assert b"hush" not in (state / FILE).read_bytes()
    broken(file, "[card")
    found = load(file, service)
    assert found.settings.brain.url == ""
    assert "brain.url stood in the file" in found.fault


def test_a_broken_file_changes_nothing_of_what_is_kept(file, service, state):
    started(file, service)
    before = (state / FILE).read_bytes()
    broken(file, "[card")
    keep(load(file, service), service)
    assert (state / FILE).read_bytes() == before
    assert load(file, service).settings.name == "Ada", "also at the second start"


def test_a_broken_profile_leaves_what_it_set(tmp_path, file, service):
    profile = tmp_path / "shop.toml"
    profile.write_text('name = "Shop"\ngreeting = "Welcome."\n')
    started(file, service, 'profile = "shop.toml"\nlanguage = "en"\n')
    profile.write_text("name = ")
    found = load(file, service, need_engine=True)
    assert (found.settings.name, found.settings.greeting, found.settings.profile) == ("Shop", "Welcome.", "")
    assert f"The profile {profile} cannot be used either" in found.fault
    profile.write_text('name = "Shop"\n')
    broken(file, "[card")
    assert load(file, service).settings.profile == str(profile), "a profile that is well counts on"


@pytest.mark.parametrize("text", ['profile = "shop.toml"', 'profile = "shop.toml"\n[card'])
def test_a_profile_is_read_from_the_disk_once_a_start(tmp_path, file, service, monkeypatch, text):
    profile = tmp_path / "shop.toml"
    profile.write_text('description = "A shop."\nname = "Shop"\n[lookup.find]\ndescription = "Finds."\n'
                       'file = "rows.csv"\nkeys = { name = "name" }\n')  # fmt: skip
    (tmp_path / "rows.csv").write_text("name\nKettle\n")
    started(file, service, 'profile = "shop.toml"\n')
    broken(file, text)
    reads: Counter[str] = Counter()
    read = inputs.read

    def counting(path: Path) -> bytes:
        reads[path.name] += 1
        return read(path)

    monkeypatch.setattr(inputs, "read", counting)
    found = load(file, service, need_engine=True)
    keep(found, service)
    assert [tool.name for tool in profile_tools(found.loaded.profile)] == ["find"]
    assert (reads["shop.toml"], reads["rows.csv"]) == (1, 1)


def test_on_a_terminal_the_error_is_said_and_nothing_is_kept(file, service, state):
    terminal = {"HOME": service["HOME"]}
    started(file, service)
    file.write_text("[card]\nlatency_ms = 50")
    before = (state / FILE).read_bytes()
    keep(load(file, terminal), terminal)
    assert (state / FILE).read_bytes() == before
    broken(file, "[card")
    with pytest.raises(SettingsError, match="not TOML"):
        load(file, terminal)


@pytest.mark.parametrize("kept", [None, b"", b"{", b'{"table":{"no_such":1},"layer":{},"left_out":[]}'])
def test_without_good_ones_the_error_is_that_of_the_file(file, service, state, kept):
    state.mkdir()
    if kept is not None:
        (state / FILE).write_bytes(kept)
    broken(file, "[card")
    with pytest.raises(SettingsError, match="not TOML"):
        load(file, service)


def test_if_every_engine_lacks_its_key_the_error_is_that_of_the_file(file, service):
    started(file, service, GOOD.replace(', "local"', ""))
    broken(file, "[card")
    with pytest.raises(SettingsError, match="not TOML"):
        load(file, service, need_engine=True)


def test_settings_that_lack_a_key_are_no_good_ones(file, service):
    started(file, service)
    file.write_text('engines = "openai"')
    found = load(file, service, need_engine=True)
    assert found.settings.name == "Ada"
    assert "needs a key" in found.fault


def test_without_its_key_an_engine_is_passed_over_and_the_settings_are_good(file, service, state):
    started(file, service, GOOD)
    file.write_text('engines = ["openai", "local"]\n')
    found = load(file, service, need_engine=True)
    assert found.settings.engines == ("local",)
    assert not found.fault
    assert "openai is passed over" in found.passed_over[0]
    keep(found, service)
    assert b"openai" in (state / FILE).read_bytes(), "with its key it is asked again"


def test_it_is_written_whole_and_private_and_only_when_it_changed(file, service, state, monkeypatch):
    synced: list[str] = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), fsync(fd)))
    started(file, service)
    assert [Path(name).name.startswith(f".{FILE}.") for name in synced] == [True, False]
    assert synced[1] == str(state)
    assert [one.name for one in state.iterdir()] == [FILE]
    assert stat.S_IMODE((state / FILE).stat().st_mode) == 0o600
    started(file, service)
    assert len(synced) == 2


def test_a_full_disk_keeps_what_was_there(file, service, state, monkeypatch, caplog):
    started(file, service)
    before = (state / FILE).read_bytes()

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(last_good.os, "fsync", full)
    with caplog.at_level(logging.WARNING):
        started(file, service, 'name = "Bob"')
    assert "cannot be written (No space left on device)" in caplog.text
    assert [(one.name, one.read_bytes()) for one in state.iterdir()] == [(FILE, before)]


def test_who_examines_sees_what_the_service_goes_on_with(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SHARED", tmp_path / "shared")
    environ = {"HOME": str(tmp_path)}
    service = environ | {"STATE_DIRECTORY": str(paths.SHARED)}
    file = tmp_path / "parley.toml"
    file.write_text('name = "Ada"')
    last_good.keep(last_good.load(file, service), service)
    assert last_good.look(file, environ).fault == ""
    file.write_text("name")
    found = last_good.look(file, environ)
    assert found.settings.name == "Ada"
    assert "The service goes on with the last good ones." in found.fault
    shutil.rmtree(paths.SHARED)
    found = last_good.look(file, environ)
    assert found.settings.name == "Jarvis"
    assert "goes by the defaults" in found.fault
