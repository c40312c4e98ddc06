"""The units: how far they are shut in, what they name, and that systemd understands them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parent.parent / "systemd"
SERVICES = sorted(SYSTEMD.glob("*.service"))
MOST_EXPOSED = 1.5
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
    assert float(level[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", sorted(SYSTEMD.glob("*.[st][ei][rm]*")), ids=lambda unit: unit.name)
def test_systemd_understands_it(unit: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    known = ("is not executable", *NEWER)  # Parley is not installed where the tests run
    wrong = [line for line in told.splitlines() if str(unit.name) in line and not any(word in line for word in known)]
    assert wrong == []


def test_no_key_is_on_a_command_line_or_in_the_environment() -> None:
    for unit in SERVICES:
        for line in unit.read_text().splitlines():
            assert not re.match(r"(ExecStart|Environment).*(key|token|secret)", line, re.IGNORECASE), line


def test_the_installer_knows_every_unit() -> None:
    installer = (SYSTEMD.parent / "scripts" / "install").read_text()
    listed = re.search(r"units=\((.*)\)", installer)
    assert listed
    assert set(listed[1].split()) == {unit.name for unit in SYSTEMD.iterdir() if unit.suffix in (".service", ".timer")}
