"""What is found on machines where something keeps the service from its work."""

import grp
import os
import pwd
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from device.doctor import service
from device.doctor.service import (
    ONCE,
    UNITS,
    ask,
    check_access,
    check_appliance,
    check_clock,
    check_egress,
    check_keys,
    check_state,
    check_units,
    machine_keys,
    show_units,
)
from device.settings.local import TranscriptionSettings
from device.settings.panel import PanelSettings
from device.settings.tree import BrainSettings, LocalSettings, Settings, read
from device.system import paths, wall_clock

NOW = 1_800_000_000.0
ACTIVE = {"ActiveState": "active", "SubState": "running", "UnitFileState": "enabled", "Result": "success"}
WELL = {name: {"Id": name, "LoadState": "loaded", "NRestarts": "0", **ACTIVE} for name in UNITS}
SHUT = {"IPAddressDeny": "::/0 0.0.0.0/0", "IPAddressAllow": "127.0.0.0/8 ::1/128"}


def journal(command: Sequence[str]) -> str:
    """The journal, when it is asked for what systemd says of a unit that failed."""
    assert "MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c" in command
    return "2027 parley.service: Failed with result 'watchdog'.\n"


def unit_check(**changes: str) -> Any:
    units = WELL | {"parley.service": {**WELL["parley.service"], **changes}}
    return next(check_units(units, journal))


@pytest.mark.parametrize(
    ("changes", "status", "message", "fix"),
    [
        ({"StatusText": "Listening on USB"}, "ok", "active (running): Listening on USB", ""),
        ({"ActiveState": "failed", "Result": "watchdog"}, "fail", "because of watchdog", "journalctl -u parley -n"),
        ({"ActiveState": "activating", "SubState": "auto-restart"}, "fail", "auto-restart", "journalctl"),
        ({"ActiveState": "inactive", "SubState": "dead"}, "warn", "inactive (dead)", "sudo systemctl start parley"),
        ({"UnitFileState": "disabled"}, "warn", "not start with the system", "sudo systemctl enable parley"),
        ({"NRestarts": "7"}, "warn", "after 7 restarts; the last fault: 2027 parley.service: Failed", "journalctl -u"),
        ({"StatusText": "Listening. The settings cannot be used;"}, "warn", "cannot be used", "mend the settings"),
        ({"StatusText": "Listening on Waiting for the sound card"}, "ok", "Listening on Waiting", ""),
        ({"StatusText": "Waiting for the sound card: none"}, "fail", "sound card: none", "plug the card in"),
    ],
)
def test_each_state_of_a_unit_has_its_mend(changes, status, message, fix):
    found = unit_check(**changes)
    assert (found.name, found.status) == ("parley.service", status)
    assert message in found.message
    assert fix in found.fix


def test_units_that_are_not_there(tmp_path):
    assert show_units(lambda _: pytest.fail("no systemd runs here"), tmp_path) == {}
    assert next(check_units({})).status == "ok"
    some = {"parley.service": WELL["parley.service"]}
    assert [found.status for found in check_units(some)] == ["ok", *["warn"] * (len(UNITS) - 1)]


@pytest.mark.parametrize("name", ONCE)
def test_a_unit_that_runs_now_and_then_may_rest_but_not_fail(name):
    once = {"Id": name, "LoadState": "loaded", "ActiveState": "inactive", "SubState": "dead", "ExecMainStatus": "0"}
    assert len(list(check_units(WELL | {name: once}))) == len(UNITS)
    *_, last = check_units(WELL | {name: {**once, "ActiveState": "failed", "Result": "exit-code"}})
    assert (last.name, last.status) == (name, "fail")
    assert f"journalctl -u {name.removesuffix('.service')} " in last.fix


def test_an_update_that_was_put_off_is_told():
    name = "parley-update.service"
    once = {"Id": name, "ActiveState": "inactive", "SubState": "dead", "Result": "success", "ExecMainStatus": "75"}
    *_, last = check_units(WELL | {name: once})
    assert (last.name, last.status) == (name, "warn")
    assert "put off" in last.message
    assert "journalctl -u parley-update " in last.fix
    status = re.search(r"SuccessExitStatus=(\d+)", (Path(__file__).parents[2] / "systemd" / name).read_text())
    assert status
    assert status[1] == service.LATER


def test_what_systemctl_prints_is_understood(tmp_path):
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    printed = (
        "Id=parley.service\nLoadState=loaded\nActiveState=active\nSubState=running\nStatusText=a=b\n\n"
        "Id=parley-engine.service\nLoadState=not-found\nActiveState=inactive\n"
    )
    units = show_units(lambda _: printed, tmp_path)
    assert list(units) == ["parley.service"]
    assert units["parley.service"]["StatusText"] == "a=b"
    assert show_units(lambda _: "", tmp_path) == {}


@pytest.mark.parametrize(
    ("url", "allowed", "shut_off"),
    [
        ("http://127.0.0.1:11434/v1", "", False),
        ("http://localhost:11434/v1", "", False),
        ("http://[::1]:11434/v1", "", False),
        ("", "", False),
        ("https://api.openai.com/v1", "", True),
        ("https://api.openai.com/v1", "0.0.0.0/0 ::/0", False),
        ("http://192.168.1.5:11434/v1", "", True),
        ("http://192.168.1.5:11434/v1", "192.168.0.0/16", False),
    ],
)
def test_a_brain_that_the_engine_may_not_reach(url, allowed, shut_off):
    units = {"parley-engine.service": {**SHUT, "IPAddressAllow": f"{SHUT['IPAddressAllow']} {allowed}"}}
    found = list(check_egress(Settings(brain=BrainSettings(url=url)), units))
    assert [finding.status for finding in found] == (["fail"] if shut_off else [])
    if shut_off:
        assert "brain.url" in found[0].message
        assert "IPAddressAllow=any" in found[0].fix
        assert "daemon-reload" in found[0].fix
    assert not list(check_egress(Settings(brain=BrainSettings(url=url)), {})), "no unit, no bar"


def test_stages_that_are_not_used_need_no_network():
    settings = Settings(local=LocalSettings(tts="cartesia"))
    units = {"parley-engine.service": SHUT}
    assert [found.message.split()[0] for found in check_egress(settings, units)] == ["cartesia.url"]
    assert not list(check_egress(Settings(), units))


def test_a_card_that_is_not_for_this_user(tmp_path, monkeypatch):
    assert list(check_access(Settings(), tmp_path)) == [], "no card: that is another check's"
    node = tmp_path / "dev/snd/pcmC0D0p"
    node.parent.mkdir(parents=True)
    node.touch()
    monkeypatch.setattr(service, "_may", lambda: (lambda _: False, "ada"))
    (found,) = check_access(Settings(), tmp_path)
    assert (found.name, found.status) == ("sound", "fail")
    assert found.fix.startswith("sudo usermod -aG audio ada")
    (tmp_path / "dev/spidev0.0").touch()
    strip = Settings(panel=PanelSettings(leds="apa102"))
    assert [found.fix.split()[3] for found in check_access(strip, tmp_path)] == ["audio", "spi"]
    monkeypatch.setattr(service, "_may", lambda: (lambda _: True, "ada"))
    assert list(check_access(strip, tmp_path)) == []


@pytest.mark.parametrize(("mode", "ours", "may"), [(0o660, True, True), (0o660, False, False), (0o666, False, True)])
def test_the_groups_of_the_services_user_decide(tmp_path, mode, ours, may):
    node = tmp_path / "pcm"
    node.touch()
    node.chmod(mode)
    found = node.stat()
    assert service.open_to(found, found.st_uid + 1, {found.st_gid} if ours else set()) is may


def test_keys_are_looked_at_and_never_shown(tmp_path):
    folder = tmp_path / "keys"
    assert list(check_keys(Settings(), folder)) == []
    (tmp_path / "parley.toml").touch()
    (missing,) = check_keys(Settings(), folder)
    assert (missing.status, missing.fix) == ("fail", f"sudo install -d -m 700 {folder}")
    folder.mkdir(mode=0o700)
    assert [found.message for found in check_keys(Settings(), folder)] == ["none"]
    (folder / "OPENAI_API_KEY").write_text("sk-secret\n")
    assert [(found.status, found.message) for found in check_keys(Settings(), folder)] == [("ok", "OPENAI_API_KEY")]
    (folder / "GEMINI_API_KEY").write_bytes(b"\xff\xfe")
    (folder / "OPENAI_KEY").write_text("sk-secret")
    (folder / "XAI_API_KEY").write_text("OPENAI_API_KEY = sk-secret")
    folder.chmod(0o755)
    found = list(check_keys(Settings(), folder))
    assert [finding.status for finding in found] == ["fail", "warn", "fail", "warn"]
    assert "it is not text" in found[0].message
    assert "no engine has its key in OPENAI_KEY" in found[1].message
    assert "more than a key" in found[2].message
    assert "chmod 700" in found[3].fix
    assert "sk-secret" not in repr(found)


def test_a_folder_of_keys_for_root_alone_is_as_it_should_be(tmp_path, monkeypatch):
    def closed(_: Path) -> Any:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", closed)
    (found,) = check_keys(Settings(), tmp_path)
    assert found.status == "ok"
    assert "sudo parley doctor" in found.message
    assert machine_keys({"A": "b"}, tmp_path) == {"A": "b"}


def test_the_doctor_has_the_keys_that_the_service_gets(tmp_path):
    (tmp_path / "OPENAI_API_KEY").write_text("sk-of-the-machine\n")
    environ = machine_keys({"HOME": "/none"}, tmp_path)
    settings = read(None, environ, tmp_path / "none.toml").settings
    assert settings.engine["openai"].api_key.reveal() == "sk-of-the-machine"
    assert machine_keys({"OPENAI_API_KEY": "mine"}, tmp_path) == {"OPENAI_API_KEY": "mine"}
    assert machine_keys({"CREDENTIALS_DIRECTORY": "/run"}, tmp_path) == {"CREDENTIALS_DIRECTORY": "/run"}


class Disk:
    """A disk as os.statvfs has it."""

    f_frsize, f_flag, f_files, f_favail = 4096, 0, 1000, 500

    def __init__(self, **changes: int) -> None:
        self.f_bavail = 1_000_000
        vars(self).update(changes)


@pytest.mark.parametrize(
    ("disk", "status", "message", "fix"),
    [
        ({}, "ok", "4096 MB free", ""),
        ({"f_bavail": 20_000}, "warn", "82 MB free", "vacuum"),
        ({"f_bavail": 0}, "fail", "nothing more is kept", "vacuum"),
        ({"f_favail": 0}, "fail", "nothing more is kept", "vacuum"),
        ({"f_flag": os.ST_RDONLY}, "fail", "read-only", "dmesg"),
    ],
)
def test_a_disk_that_is_full_or_read_only(monkeypatch, disk, status, message, fix):
    monkeypatch.setattr(service.os, "statvfs", lambda _: Disk(**disk))
    found = check_state(Path("/tmp/not/yet/there"))
    assert found.status == status
    assert message in found.message
    assert fix in found.fix


def test_a_folder_of_somebody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(service.os, "access", lambda *_: False)
    found = check_state(tmp_path)
    assert found.status == "fail"
    assert f"{tmp_path} belongs to" in found.message


def test_root_is_told_of_the_services_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SHARED", tmp_path)
    monkeypatch.setattr(service.os, "geteuid", lambda: 0)
    assert check_state().message.startswith(f"{tmp_path}: ")
    monkeypatch.setattr(service.os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert str(paths.state_dir()) in check_state().message


def test_the_clock(tmp_path):
    mark = tmp_path / "timesync" / "synchronized"
    assert check_clock(NOW, mark).status == "ok", "another service may tell the time"
    assert check_clock(12345.0, mark).status == "fail"
    assert "no time yet" in check_clock(12345.0, mark).message
    mark.parent.mkdir()
    found = check_clock(NOW, mark)
    assert (found.status, "timedatectl" in found.fix) == ("warn", True)
    mark.touch()
    assert check_clock(time.time(), mark).status == "ok"
    assert check_clock(time.time() + 3650 * 86_400, mark).status == "warn", "set by hand since"
    assert wall_clock.SYNCHRONISED.name == mark.name


def test_of_root_it_is_told_what_holds_for_the_service_s_user(tmp_path, monkeypatch):
    monkeypatch.setattr(service.os, "geteuid", lambda: 0)
    monkeypatch.setattr(service.pwd, "getpwnam", lambda _: pwd.struct_passwd(("parley", "", 4711, 0, "", "", "")))
    monkeypatch.setattr(service.pwd, "getpwuid", lambda _: pytest.fail("root is not asked about"))
    group = grp.struct_group(("audio", "", tmp_path.stat().st_gid, []))
    monkeypatch.setattr(service.grp, "getgrall", lambda: [group])
    for name in ("snd/pcmC0D0p", "gpiochip0"):
        node = tmp_path / "dev" / name
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        node.chmod(0o660 if "snd" in name else 0o600)
    (found,) = check_access(Settings(panel=PanelSettings(button_pin=17)), tmp_path)
    assert (found.name, found.message) == ("lights and buttons", f"{node} is there, but not for parley")
    assert "usermod -aG gpio parley" in found.fix
    first = next(iter(check_appliance(Settings())))
    assert (first.name, first.status) == ("user", "ok")
    assert "sudo -u parley parley doctor" in first.message


def test_a_program_that_is_not_there_says_nothing():
    assert ask(["/no/such/program"]) == ""
    assert ask(["/bin/echo", "well"]) == "well\n"


@pytest.mark.parametrize(
    ("stages", "key"),
    [
        ({"local": LocalSettings(stt="endpoint")}, "transcription.url"),
        ({"local": LocalSettings(tts="cartesia")}, "cartesia.url"),
    ],
)
def test_each_stage_elsewhere_must_be_let_out(stages, key):
    settings = Settings(**stages, transcription=TranscriptionSettings(url="https://api.openai.com/v1"))
    (found,) = check_egress(settings, {"parley-engine.service": SHUT})
    assert found.message.startswith(f"{key} is ")


def test_a_file_without_a_key_is_named(tmp_path):
    (tmp_path / "OPENAI_API_KEY").touch()
    tmp_path.chmod(0o700)
    (found,) = check_keys(Settings(), tmp_path)
    assert (found.status, found.message) == ("fail", f"{tmp_path}/OPENAI_API_KEY is empty")
