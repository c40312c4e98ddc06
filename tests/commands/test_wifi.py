"""`parley wifi`: what it says, and that it serves until it is told to end; NetworkManager is scripted or not there."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest
from support.scripted_manager import Point, ScriptedManager

from device.commands import wifi as module
from device.wifi import client
from device.wifi import messages as m

NETWORKS = (m.Network("41", "A\\nB", 70, "wpa2", saved=True), m.Network("42", "Office", 30, "enterprise"))
OPEN = m.Wifi("open", access_point="Parley-1a2b", networks=NETWORKS, left_s=890)
MOST_KB = 60 * 1024
"""What the process may take."""


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """Have requests answered: by the last that is in the list, of its kind."""
    said = {m.Look: OPEN, m.SetUp: OPEN, m.GetKey: m.Key("Parley-1a2b", "123456789012", "10.42.97.1")}

    async def ask(request, expects):
        answer = said[type(request)]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(module, "ask", ask)
    return said


def test_an_open_access_point_is_shown_with_its_password(parley, answers):
    result = parley("wifi", "status")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "The access point Parley-1a2b is open.",
        "Password: 123456789012",
        "Page: http://10.42.97.1/",
        "It closes in 14 minutes.",
        " 70 %  A\\nB (WPA2, saved)",
        " 30 %  Office (Enterprise)",
    ]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (m.Wifi("online", "home"), "There is a network: home."),
        (m.Wifi("waiting"), "There is no network; it is waited for."),
        (m.Wifi("joining", joining="home"), "Home is being joined."),
        (m.Wifi("resting", trouble=m.Trouble("home", "password")), "home was not joined: password."),
        (m.Wifi("absent"), "NetworkManager does not run."),
    ],
)
def test_what_it_does_is_told(parley, answers, now, said):
    answers[m.Look] = now
    assert said in parley("wifi", "status").output


def test_it_is_told_to_machines_without_the_password(parley, answers):
    result = parley("wifi", "status", "--json")
    assert msgspec.json.decode(result.output, type=m.Wifi) == OPEN
    assert "123456789012" not in result.output


def test_one_that_opens_says_how_its_password_is_found(parley, answers):
    answers[m.SetUp] = msgspec.structs.replace(OPEN, doing="resting")
    assert "Parley-1a2b opens in some seconds" in parley("wifi", "setup").output
    answers[m.SetUp] = OPEN
    assert "Password: 123456789012" in parley("wifi", "setup").output


def test_why_not_is_one_line(parley, answers):
    answers[m.SetUp] = client.WifiError("there is a network: home", "the access point is for want of one")
    result = parley("wifi", "setup")
    assert (result.exit_code, result.output) == (
        1,
        "parley: there is a network: home: the access point is for want of one\n",
    )


@pytest.mark.realtime
def test_it_opens_one_at_a_networkmanager_until_it_is_told_to_end(tmp_path):
    """The whole process, with a D-Bus of the test's own."""
    (tmp_path / "parley.toml").write_text("[wifi]\nwait_s = 5\n")
    asked = asyncio.run(opened(tmp_path))
    assert asked[0] == "StartUnit"
    assert asked[1] == "AddAndActivateConnection2"
    assert asked[2:] == ["DeactivateConnection", "StopUnit"]
    assert not (tmp_path / "open").exists()


async def opened(tmp_path):
    async with ScriptedManager(tmp_path) as manager:
        manager.points = [Point(b"home")]
        program = (  # this machine may have a network
            "import pathlib, sys; from device.system import paths; from device.wifi import manager; "
            "paths.WIFI = pathlib.Path(sys.argv.pop(1)); paths.WIFI_OPEN = paths.WIFI.with_name('open'); "
            "manager.routed = lambda routes, but: ''; from device.commands.main import main; main()"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", program, str(tmp_path / "wifi.socket"), "wifi",
            "--config", str(tmp_path / "parley.toml"),
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": manager.address, "HOME": str(tmp_path)},
        )  # fmt: skip
        try:
            async with asyncio.timeout(60):
                while (now := await looked(tmp_path / "wifi.socket")) is None or now.doing != "open":
                    assert process.returncode is None
                    await asyncio.sleep(0.2)
            assert [network.name for network in now.networks] == ["home"]
            assert resident(process.pid) < MOST_KB
            assert (tmp_path / "open").exists(), "for the lights"
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()
        assert process.returncode == 0
        return [call[0] for call in manager.called]


async def looked(path):
    try:
        return await client.ask(m.Look(), m.Wifi, path)
    except client.WifiError:
        return None


def resident(pid):
    """Return how many KiB of memory a process takes."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])
