"""What is found of the units that keep Parley running, by what systemd says of them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from device.doctor.units import LATER, ONCE, OPTIONAL, UNITS, check_egress, check_units, show_units
from device.settings.local import TranscriptionSettings
from device.settings.tree import BrainSettings, LocalSettings, Settings

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
        ({"StatusText": "Listening. The settings cannot be used;"}, "warn", "cannot be used", "fix the settings"),
        (
            {"StatusText": "Listening. The settings cannot be used; …. /var/lib/parley/engine.toml: not TOML"},
            *("warn", "cannot be used", "restart parley, which writes that file anew"),
        ),
        (
            {"StatusText": "Listening on USB. It hears itself: x"},
            "warn",
            "hears itself: x",
            "turn the loudspeaker down",
        ),
        ({"StatusText": "Listening on Waiting for the sound card"}, "ok", "Listening on Waiting", ""),
        ({"StatusText": "Waiting for the sound card: none"}, "fail", "sound card: none", "plug the card in"),
    ],
)
def test_each_state_of_a_unit_has_its_fix(changes, status, message, fix):
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


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_unit_that_nobody_switched_on_is_no_matter_but_one_that_somebody_did(name):
    off = {"Id": name, "ActiveState": "inactive", "SubState": "dead", "UnitFileState": "disabled"}
    assert len(list(check_units(WELL | {name: off}))) == len(UNITS)
    for changes, status in (
        ({**ACTIVE, "StatusText": "http://127.0.0.1:8770/"}, "ok"),
        ({"UnitFileState": "enabled"}, "warn"),
        ({"ActiveState": "failed"}, "fail"),
        ({"ActiveState": "activating", "SubState": "auto-restart"}, "fail"),
    ):
        *_, last = check_units(WELL | {name: {**off, **changes}})
        assert (last.name, last.status) == (name, status)
        assert status == "ok" or name.removesuffix(".service") in last.fix


def test_an_update_that_was_put_off_is_told():
    name = "parley-update.service"
    once = {"Id": name, "ActiveState": "inactive", "SubState": "dead", "Result": "success", "ExecMainStatus": "75"}
    *_, last = check_units(WELL | {name: once})
    assert (last.name, last.status) == (name, "warn")
    assert "put off" in last.message
    assert "journalctl -u parley-update " in last.fix
    status = re.search(r"SuccessExitStatus=(\d+)", (Path(__file__).parents[2] / "systemd" / name).read_text())
    assert status
    assert status[1] == LATER


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


@pytest.mark.parametrize(
    ("environment", "allowed", "said"),
    [
        ("HTTPS_PROXY=http://127.0.0.1:3128", "", None),
        ("HTTPS_PROXY=http://10.0.0.9:3128", "10.0.0.0/8", None),
        ("HTTPS_PROXY=http://me:hush@10.0.0.9:3128", "", "brain.url is api.openai.com, by the proxy 10.0.0.9,"),
        ("HTTPS_PROXY=http://proxy.corp:3128", "10.0.0.0/8", "by the proxy proxy.corp,"),
        ("HTTPS_PROXY=http://127.0.0.1:3128 NO_PROXY=openai.com", "", "brain.url is api.openai.com, which"),
        ("HTTPS_PROXY=socks5://127.0.0.1:1080", "", None),
        ('"HTTPS_PROXY=http://127.0.0.1:3128', "", "brain.url is api.openai.com, which"),
    ],
)
def test_what_the_engine_must_reach_is_the_proxy_of_its_unit(monkeypatch, environment, allowed, said):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # the doctor's own counts for nothing here
    shut = {**SHUT, "IPAddressAllow": f"{SHUT['IPAddressAllow']} {allowed}", "Environment": environment}
    settings = Settings(brain=BrainSettings(url="https://api.openai.com/v1"))
    found = [finding.message for finding in check_egress(settings, {"parley-engine.service": shut})]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]
    assert "hush" not in "".join(found)


def test_stages_that_are_not_used_need_no_network():
    settings = Settings(local=LocalSettings(tts="cartesia"))
    units = {"parley-engine.service": SHUT}
    assert [found.message.split()[0] for found in check_egress(settings, units)] == ["cartesia.url"]
    assert not list(check_egress(Settings(), units))


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
