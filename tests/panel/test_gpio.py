import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from device.panel.gpio import Chip, PanelFault, Spi, chips, choose

HEADER = Chip(Path("/dev/gpiochip0"), "pinctrl-bcm2711", 58)
EXPANDER = Chip(Path("/dev/gpiochip1"), "raspberrypi-exp-gpio", 8)
LOCKED = Chip(Path("/dev/gpiochip0"), allowed=False)


@pytest.mark.parametrize(
    ("found", "wanted", "chosen"),
    [
        ([EXPANDER, HEADER], "", HEADER),
        ([HEADER, EXPANDER], "raspberrypi-exp-gpio", EXPANDER),
        ([HEADER, EXPANDER], "gpiochip1", EXPANDER),
        (
            [Chip(Path("/dev/gpiochip4"), "pinctrl-rp1", 54), EXPANDER],
            "",
            Chip(Path("/dev/gpiochip4"), "pinctrl-rp1", 54),
        ),
        # A laptop has chips, too, but no header.
        ([Chip(Path("/dev/gpiochip0"), "INT34C5:00", 360)], "", None),
        ([], "", None),
    ],
)
def test_the_chip_is_found_by_its_label(found, wanted, chosen):
    assert choose(found, wanted) == chosen


def test_a_chip_that_is_not_there_names_those_that_are():
    with pytest.raises(PanelFault, match=r"no GPIO chip is called 'sim'.*pinctrl-bcm2711 \(gpiochip0\)"):
        choose([HEADER], "sim")


def test_without_permission_the_mend_is_the_group():
    with pytest.raises(PanelFault, match="usermod -aG gpio"):
        choose([LOCKED], "pinctrl-bcm2711")


def test_what_is_no_chip_is_not_taken_for_one(tmp_path):
    (tmp_path / "gpiochip3").touch()
    (tmp_path / "gpiochip10").touch()
    (tmp_path / "gpiochip4").symlink_to("gpiochip3")  # as Pi OS has it for old programs
    assert [(chip.number, chip.label, chip.allowed) for chip in chips(tmp_path)] == [(3, "", True), (10, "", True)]


def test_without_spi_the_mend_is_to_switch_it_on(tmp_path):
    with pytest.raises(PanelFault, match=r"there is no .*spidev0\.1; .*dtparam=spi=on"):
        Spi(1, 1_000_000, tmp_path)


def test_spi_of_others_needs_the_group(tmp_path, monkeypatch):
    (tmp_path / "spidev0.0").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PanelFault, match="usermod -aG spi"):
        Spi(0, 1_000_000, tmp_path)


@pytest.mark.skipif(find_spec("lgpio") is None, reason="there is no lgpio for this Python on a PC")
def test_the_library_leaves_no_pipe_in_the_working_directory_nor_elsewhere(tmp_path):
    code = "import os; from device.panel.gpio import library; library(); print(os.environ['LG_WD'])"
    environ = {key: value for key, value in os.environ.items() if key != "LG_WD"}
    environ |= {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=tmp_path, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
    folder = Path(done.stdout.strip())
    assert folder.is_absolute()
    assert not folder.exists()
