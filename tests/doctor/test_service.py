"""What is found on machines where something keeps the service from its work."""

import grp
import os
import pwd
import time
from pathlib import Path
from typing import Any

import pytest

from device.doctor import service
from device.doctor.service import (
    check_access,
    check_appliance,
    check_clock,
    check_keys,
    check_mute,
    check_state,
    machine_keys,
)
from device.settings.loading import read
from device.settings.mcp import McpSettings
from device.settings.panel import PanelSettings
from device.settings.tree import Settings
from device.system import paths, wall_clock
from device.system.typed import of_service, typed

NOW = 1_800_000_000.0


def test_a_card_that_is_not_for_this_user(tmp_path):
    assert list(check_access(Settings(), tmp_path)) == [], "no card: that is another check's"
    node = tmp_path / "dev/snd/pcmC0D0p"
    node.parent.mkdir(parents=True)
    node.touch()
    may_not = (lambda _: False), "ada"
    (found,) = check_access(Settings(), tmp_path, may_not)
    assert (found.name, found.status) == ("sound", "fail")
    assert found.fix.startswith("sudo usermod -aG audio ada")
    (tmp_path / "dev/spidev0.0").touch()
    strip = Settings(panel=PanelSettings(leds="apa102"))
    assert [found.fix.split()[3] for found in check_access(strip, tmp_path, may_not)] == ["audio", "spi"]
    assert list(check_access(strip, tmp_path, ((lambda _: True), "ada"))) == []


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


def test_the_tokens_of_servers_of_tools_are_known_as_keys(tmp_path):
    for name in ("PARLEY_MCP_HOME_TOKEN", "CALENDAR_KEY"):
        (tmp_path / name).write_text("s3cret\n")
    tmp_path.chmod(0o700)
    mcp = {
        "home": McpSettings(url="http://ha.local:8123/api/mcp"),
        "calendar": McpSettings(command=("calendar",), variables=("CALENDAR_KEY",)),
    }
    (found,) = check_keys(Settings(mcp=mcp), tmp_path)
    assert found.status == "ok"
    assert [one.status for one in check_keys(Settings(), tmp_path)] == ["warn", "warn"]


def test_a_folder_of_keys_for_root_alone_is_as_it_should_be(tmp_path, monkeypatch):
    def closed(_: Path) -> Any:
        raise PermissionError

    monkeypatch.setattr(Path, "iterdir", closed)
    (found,) = check_keys(Settings(), tmp_path)
    assert found.status == "ok"
    assert of_service("doctor") in found.message
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
    assert found.fix == f"sudo chown -R $USER {tmp_path}"


def test_a_home_of_somebody_elses_is_not_to_be_taken_from_them(tmp_path, monkeypatch):
    monkeypatch.setattr(service.os, "access", lambda *_: False)
    for folder in (tmp_path / ".local/state/parley", tmp_path / ("x" * 300)):
        found = check_state(folder)
        assert f"{tmp_path} belongs to" in found.message
        assert "chown" not in found.fix
        assert "XDG_STATE_HOME" in found.fix


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


def test_a_file_without_a_key_is_named(tmp_path):
    (tmp_path / "OPENAI_API_KEY").touch()
    tmp_path.chmod(0o700)
    (found,) = check_keys(Settings(), tmp_path)
    assert (found.status, found.message) == ("fail", f"{tmp_path}/OPENAI_API_KEY is empty")


def test_a_microphone_that_is_muted_is_said_with_the_way_back(tmp_path, zone):
    zone("Europe/Berlin")
    assert list(check_mute(tmp_path)) == []
    (tmp_path / "muted").touch()
    os.utime(tmp_path / "muted", (NOW, NOW))
    (found,) = check_mute(tmp_path)
    assert (found.status, found.message) == (
        "warn",
        "the microphone is muted since 2027-01-15 09:00: nothing wakes it",
    )
    assert found.fix.startswith(typed("unmute", root=True))
