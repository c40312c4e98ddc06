"""The units: how far they are shut in, what they name, and that systemd understands them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from device.system.paths import ENGINE_SOCKET

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNITS = sorted(unit for unit in SYSTEMD.iterdir() if unit.suffix in (".service", ".socket", ".timer", ".path"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSED = 1.5
BROWSER = "parley-kiosk"
BROWSER_EXPOSED = 2.6
"""Of the one that runs a browser, which makes namespaces and machine code of its own, and has the screen."""
NEWER = ("RestartSteps", "RestartMaxDelaySec")
"""Keys of systemd 254, which older ones pass over."""


@pytest.fixture(autouse=True)
def analyze() -> None:
    assert shutil.which("systemd-analyze"), "systemd-analyze is missing: sudo apt install systemd"


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_little_is_exposed(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    level = re.search(r"Overall exposure level for .*: ([\d.]+)", told)
    assert level, told
    assert float(level[1]) <= (BROWSER_EXPOSED if unit.stem == BROWSER else MOST_EXPOSED)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_it(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    known = ("is not executable", *NEWER)  # Parley is not installed where the tests run
    wrong = [line for line in told.splitlines() if str(unit.name) in line and not any(word in line for word in known)]
    assert wrong == []


def test_the_page_is_small_and_sees_no_key_but_the_token_that_whoever_asks_for_figures_must_know() -> None:
    text = (SYSTEMD / "parley-page.service").read_text()
    assert int(re.search(r"^MemoryMax=(\d+)M$", text, re.MULTILINE)[1]) <= 128
    assert "InaccessiblePaths=-/etc/parley/keys\n" in text
    assert "PrivateDevices=yes\n" in text
    keys = re.findall(r"^LoadCredential=(.*)$", text, re.MULTILINE)
    assert keys == ["key_PARLEY_METRICS_TOKEN:/etc/parley/keys/PARLEY_METRICS_TOKEN"]
    assert "DeviceAllow" not in text


@pytest.mark.parametrize("name", ["parley", "parley-engine"])
def test_what_runs_all_day_may_not_take_all_the_memory(name: str) -> None:
    limits = dict(re.findall(r"^(Memory\w+)=(\d+)M$", (SYSTEMD / f"{name}.service").read_text(), re.MULTILINE))
    assert 400 <= int(limits["MemoryHigh"]) < int(limits["MemoryMax"]) <= 1000, "a Raspberry Pi has 1 GB or more"
    assert "MemorySwapMax" in limits


def test_no_key_is_on_a_command_line_or_in_the_environment() -> None:
    for unit in SERVICES:
        for line in unit.read_text().splitlines():
            assert not re.match(r"(ExecStart|Environment).*(key|token|secret)", line, re.IGNORECASE), line


def listed(name: str) -> set[str]:
    """Return the units that a variable of the installer names."""
    installer = (SYSTEMD.parent / "scripts" / "install").read_text()
    found = re.search(rf"^{name}=\((.*?)\)", installer, re.MULTILINE | re.DOTALL)
    assert found
    return set(re.findall(r"[\w-]+\.\w+", found[1]))


def test_the_installer_knows_every_unit() -> None:
    assert listed("units") == {unit.name for unit in UNITS}
    started = {unit.name for unit in UNITS if "[Install]" in unit.read_text()}
    assert listed("enabled") | listed("watching") | listed("optional") == started


def test_the_engine_is_reached_by_a_socket_that_is_root_s_and_the_assistant_s_alone() -> None:
    """An impostor on its port got the microphone; TCP is for those who ask for it."""
    text = (SYSTEMD / "parley-engine.socket").read_text()
    section = text.partition("[Socket]")[2].rpartition("[Socket]")[2].partition("[Install]")[0]
    assert dict(re.findall(r"^(\w+)=(.*)$", section, re.MULTILINE)) == {
        "ListenStream": str(ENGINE_SOCKET),
        "DirectoryMode": "0755",
        "SocketUser": "root",
        "SocketGroup": "parley",
        "SocketMode": "0660",
        "RemoveOnStop": "yes",
    }
    service = (SYSTEMD / "parley-engine.service").read_text()
    assert "Requires=parley-engine.socket\n" in service
    assert "After=parley-engine.socket\n" in service


def test_no_service_takes_the_folder_of_the_engine_s_socket_with_it_when_it_ends() -> None:
    """systemd gives a service's RuntimeDirectory to its user, and removes it with all that is in it."""
    text = "".join(unit.read_text() for unit in SERVICES)
    folders = {
        Path("/run", name)
        for names in re.findall(r"^RuntimeDirectory=(.*)$", text, re.MULTILINE)
        for name in names.split()
    }
    assert folders
    assert not folders & set(ENGINE_SOCKET.parents)


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("parley-switch", ["/opt"]),
        ("parley-reset", ["/etc/parley"]),
        ("parley-captive", ["-/etc/NetworkManager/dnsmasq-shared.d"]),
    ],
    ids=["switch", "reset", "captive"],
)
def test_root_s_units_have_no_network_and_write_where_they_must(name: str, writes: list[str]) -> None:
    text = (SYSTEMD / f"{name}.service").read_text()
    assert "PrivateNetwork=yes" in text
    assert "CapabilityBoundingSet=\n" in text
    assert re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE) == writes
    assert re.search(r"^StartLimitBurst=\d+$", text, re.MULTILINE), "what fails would come for ever"


def test_no_other_unit_is_root() -> None:
    root = [unit for unit in SERVICES if not re.search(r"^(User|DynamicUser)=", unit.read_text(), re.MULTILINE)]
    assert [unit.stem for unit in root] == ["parley-captive", "parley-reset", "parley-switch"]


def test_only_units_that_are_shut_in_run_what_an_update_has_brought() -> None:
    scripts = SYSTEMD.parent / "scripts"
    command = [line for line in (scripts / "parley").read_text().splitlines() if not line.startswith("#")]
    assert command == ['exec /opt/parley-installed/bin/parley "$@"']
    run = [unit.stem for unit in SERVICES if re.search(r"^Exec\w+=.*/opt/", unit.read_text(), re.MULTILINE)]
    assert sorted(run) == [
        "parley",
        "parley-engine",
        "parley-fleet",
        "parley-mqtt",
        "parley-page",
        "parley-retention",
        "parley-wifi",
    ]


def test_who_asks_for_updates_again_and_again_does_not_keep_the_night_from_them() -> None:
    text = (SYSTEMD / "parley-update.service").read_text()
    (pause,) = map(int, re.findall(r"^ExecStopPost=/usr/bin/sleep (\d+)$", text, re.MULTILINE))
    (stop,) = map(int, re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE))
    assert 10 / 5 < pause < stop, "systemd allows five starts in ten seconds"


def test_an_update_is_made_at_night_alone_and_fills_no_disk() -> None:
    timer = (SYSTEMD / "parley-update.timer").read_text()
    assert re.findall(r"^(\w+)=", timer.partition("[Timer]")[2].partition("[Install]")[0], re.MULTILINE) == [
        "OnCalendar",
        "RandomizedDelaySec",
    ]
    assert re.search(r"^LimitFSIZE=512M$", (SYSTEMD / "parley-update.service").read_text(), re.MULTILINE)
