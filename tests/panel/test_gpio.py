import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from device.panel.gpio import Chip, PanelFault, Spi, chips, choose, claim, library

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


def test_without_permission_the_fix_is_the_group():
    with pytest.raises(PanelFault, match="usermod -aG gpio"):
        choose([LOCKED], "pinctrl-bcm2711")


def test_what_is_no_chip_is_not_taken_for_one(tmp_path):
    (tmp_path / "gpiochip3").touch()
    (tmp_path / "gpiochip10").touch()
    (tmp_path / "gpiochip4").symlink_to("gpiochip3")  # as Pi OS has it for old programs
    assert [(chip.number, chip.label, chip.allowed) for chip in chips(tmp_path)] == [(3, "", True), (10, "", True)]


def test_without_spi_the_fix_is_to_switch_it_on(tmp_path):
    with pytest.raises(PanelFault, match=r"there is no .*spidev0\.1; .*dtparam=spi=on"):
        Spi(1, 1_000_000, tmp_path)


def test_spi_of_others_needs_the_group(tmp_path, monkeypatch):
    (tmp_path / "spidev0.0").touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PanelFault, match="usermod -aG spi"):
        Spi(0, 1_000_000, tmp_path)


class Lgpio:
    """The library, with one SPI bus and one line; what is wrong with them is up to the test."""

    error = type("error", (Exception,), {})

    def __init__(self):
        self.sent, self.closed, self.fault, self.user = [], [], None, ""

    def _try(self):
        if self.fault is not None:
            raise self.error(self.fault)

    def spi_open(self, bus, device, hertz, flags):
        self._try()
        return bus, device, hertz, flags

    def spi_write(self, handle, data):
        self._try()
        self.sent.append((handle, data))

    def spi_close(self, handle):
        self._try()
        self.closed.append(handle)

    def gpio_get_line_info(self, handle, pin):
        self._try()
        return handle, pin, 0, "", self.user


@pytest.fixture
def lgpio(monkeypatch):
    made = Lgpio()
    monkeypatch.setattr("device.panel.gpio.library", lambda: made)
    return made


@pytest.fixture
def spi(tmp_path, lgpio):
    (tmp_path / "spidev0.1").touch()
    return Spi(1, 4_000_000, tmp_path)


def test_spi_sends_what_it_is_given(spi, lgpio):
    spi.write(b"abc")
    spi.close()
    assert lgpio.sent == [((0, 1, 4_000_000, 0), b"abc")]
    assert lgpio.closed == [(0, 1, 4_000_000, 0)]


def test_a_bus_that_fails_is_an_os_error_and_can_be_closed(spi, lgpio):
    lgpio.fault = "SPI transfer failed"
    with pytest.raises(OSError, match=r"^SPI: SPI transfer failed$"):
        spi.write(b"abc")
    spi.close()
    assert lgpio.closed == []


def test_a_bus_that_cannot_be_opened_is_named(tmp_path, lgpio):
    (tmp_path / "spidev0.0").touch()
    lgpio.fault = "busy"
    with pytest.raises(PanelFault, match=r"panel\.leds: .*spidev0\.0: busy; look for what else uses it"):
        Spi(0, 1_000_000, tmp_path)


@pytest.mark.parametrize(
    ("user", "fault", "named"),
    [
        ("lg", None, "GPIO5 is in use by another program that uses lgpio, maybe Parley's own service; "),
        ("spi0 CS0", None, "GPIO5 is in use by “spi0 CS0”; "),
        ("", None, "GPIO5 is in use; "),
        ("lg", "no such line", "GPIO5 is in use; "),
    ],
)
def test_who_uses_a_line_is_said_as_far_as_the_kernel_tells(lgpio, user, fault, named):
    lgpio.user, lgpio.fault = user, fault

    def make():
        raise RuntimeError("GPIO busy")

    with pytest.raises(PanelFault, match=re.escape(named)):
        claim("led_pin", 5, SimpleNamespace(_handle=0), make)


def test_a_line_that_cannot_be_used_is_told_of_with_the_reason():
    def make():
        raise RuntimeError("no PWM here")

    with pytest.raises(PanelFault, match=r"^panel\.led_pin: GPIO5 cannot be used: no PWM here; choose another pin$"):
        claim("led_pin", 5, None, make)


def test_a_fault_within_a_part_stays_as_it_is():
    def make():
        raise PanelFault("told already", "fix")

    with pytest.raises(PanelFault, match=r"^told already; fix$"):
        claim("led_pin", 5, None, make)


def test_a_machine_without_the_library_is_told_which_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.setenv("LG_WD", "/nowhere")
    with pytest.raises(PanelFault, match="pip install lgpio"):
        library()


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
