"""The GPIO chip and its lines by gpiozero and lgpio, and what can be wrong with them: each with its fix."""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import shutil
import struct
import tempfile
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

Part = TypeVar("Part")

_log = logging.getLogger(__name__)

_CHIPINFO = 0x8044B401
"""`GPIO_GET_CHIPINFO_IOCTL` of linux/gpio.h: name, label, number of lines."""
HEADER_CHIP = "pinctrl-*"
"""Labels of the chip that a Raspberry Pi's header is on: pinctrl-bcm2835, pinctrl-bcm2711, pinctrl-rp1."""
SOME_PI = 0xA02082
"""The revision of a Pi 3: what gpiozero is told on boards that are none, whose lines are numbered as they are."""


class PanelFault(Exception):  # noqa: N818 - what is wrong with a part; the assistant runs on without it
    """A part of the panel cannot be used."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.args[0]}; {self.fix}"


class Chip(Struct, frozen=True):
    """A GPIO chip of this machine."""

    path: Path
    label: str = ""
    lines: int = 0
    allowed: bool = True
    """Whether this user may open it; if not, nobody tells its label."""

    @property
    def number(self) -> int:
        """Return the N of gpiochipN."""
        return int(self.path.name.removeprefix("gpiochip"))


def chips(root: Path = Path("/dev")) -> list[Chip]:
    """Return the GPIO chips that there are, by number."""
    found = [Chip(path) for path in root.glob("gpiochip[0-9]*") if path.name[8:].isdecimal() and not path.is_symlink()]
    return [_describe(chip.path) for chip in sorted(found, key=lambda chip: chip.number)]


def _describe(path: Path) -> Chip:
    try:
        with path.open("rb", buffering=0) as file:
            told = fcntl.ioctl(file, _CHIPINFO, bytes(68))
    except PermissionError:
        return Chip(path, allowed=False)
    except OSError:  # not a chip, or one that has just gone
        return Chip(path)
    _, label, lines = struct.unpack("32s32sI", told)
    return Chip(path, label.rstrip(b"\0").decode(errors="replace"), lines)


def choose(found: list[Chip], wanted: str = "") -> Chip | None:
    """Return the chip that `wanted` names, or that of the header; None on a machine without. Raises PanelFault."""
    pattern = wanted or HEADER_CHIP
    for chip in found:
        if chip.allowed and (fnmatch(chip.label, pattern) or wanted == chip.path.name):
            return chip
    if any(not chip.allowed for chip in found) and (wanted or Path("/proc/device-tree/model").exists()):
        names = ", ".join(chip.path.name for chip in found)
        raise PanelFault(f"this user may not use {names}", "sudo usermod -aG gpio $USER, then log in again")
    if wanted:
        there = ", ".join(f"{chip.label} ({chip.path.name})" for chip in found) or "none"
        raise PanelFault(f"panel.chip: no GPIO chip is called {wanted!r}", f"there are: {there}")
    return None


def open_lines(chip: Chip) -> Any:
    """Return gpiozero's pin factory for the lines of `chip`. Raises PanelFault."""
    library()
    from gpiozero.exc import PinUnknownPi  # noqa: PLC0415 - takes a while, and most machines have no lights
    from gpiozero.pins.lgpio import LGPIOFactory  # noqa: PLC0415 - likewise

    class Factory(LGPIOFactory):  # type: ignore[misc]
        """Also for boards that are no Raspberry Pi."""

        def _get_revision(self) -> int:
            try:
                return int(super()._get_revision())
            except (PinUnknownPi, OSError):  # a sandbox may hide what tells it
                return SOME_PI

    try:
        return Factory(chip.number)
    except Exception as error:  # noqa: BLE001 - lgpio's errors have no type that tells them apart
        raise PanelFault(f"{chip.path.name}: {error}", "look for what else uses it, or start again") from None


def library() -> Any:
    """Import lgpio so that the pipe that it makes lies in a folder of its own, and not in the working directory.

    The pipes of two programs in one folder would be one. Raises PanelFault if the library is not there.
    """
    if "LG_WD" not in os.environ:
        folder = tempfile.mkdtemp(prefix="parley-gpio-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["LG_WD"] = folder
    try:
        import lgpio  # noqa: PLC0415 - where it puts its pipe must be set before
    except ImportError as error:
        raise PanelFault(f"lights and buttons need lgpio: {error}", "pip install lgpio") from None
    return lgpio


def claim(key: str, pin: int, factory: Any, make: Callable[[], Part]) -> Part:
    """Return what `make` makes of `pin`, which the settings have as `panel.KEY`. Raises PanelFault."""
    try:
        return make()
    except PanelFault:
        raise
    except Exception as error:  # noqa: BLE001 - gpiozero's and lgpio's, whose only common ground is this
        name = f"panel.{key}: GPIO{pin}"
        if "busy" in str(error) or "in use" in str(error):
            raise PanelFault(
                f"{name} is in use{_user(factory, pin)}",
                "choose another pin, or end that program; a line that an overlay of config.txt holds is taken, too",
            ) from None
        raise PanelFault(f"{name} cannot be used: {error}", "choose another pin") from None


def _user(factory: Any, pin: int) -> str:
    """Return who uses a line, as far as the kernel tells."""
    with suppress(Exception):
        _, _, _, _, user = library().gpio_get_line_info(factory._handle, pin)  # noqa: SLF001 - it has no other way
        if user == "lg":
            return " by another program that uses lgpio, maybe Parley's own service"
        return f" by “{user}”" if user else ""
    return ""


class Spi:
    """The first SPI bus, written to only. Raises PanelFault."""

    def __init__(self, device: int, hertz: int, root: Path = Path("/dev")) -> None:
        path = root / f"spidev0.{device}"
        if not path.exists():
            fix = "switch SPI on: sudo raspi-config nonint do_spi 0 (dtparam=spi=on in config.txt), then restart"
            raise PanelFault(f"panel.leds: there is no {path}", fix)
        if not os.access(path, os.R_OK | os.W_OK):
            fix = "sudo usermod -aG spi $USER, then log in again"
            raise PanelFault(f"panel.leds: this user may not use {path}", fix)
        self._lgpio = library()
        try:
            self._handle = self._lgpio.spi_open(0, device, hertz, 0)
        except self._lgpio.error as error:
            raise PanelFault(f"panel.leds: {path}: {error}", "look for what else uses it") from None

    def write(self, data: bytes) -> None:
        """Send `data`. Raises OSError."""
        try:
            self._lgpio.spi_write(self._handle, data)
        except self._lgpio.error as error:
            raise OSError(f"SPI: {error}") from None

    def close(self) -> None:
        """Let go of the bus."""
        with suppress(self._lgpio.error):
            self._lgpio.spi_close(self._handle)
