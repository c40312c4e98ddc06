"""The board on the pins: the settings' line becomes the firmware's, once, and only for boards that need an overlay."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from device.settings.hats import LAYERS, Hat

IMAGE = Path(__file__).parents[3] / "scripts" / "image"
SCRIPT = IMAGE / "root/usr/lib/parley-image/hat"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a small partition with the overlays."""
    (tmp_path / "overlays").mkdir()
    for source in (IMAGE / "hats").glob("*.dts"):
        (tmp_path / "overlays" / source.with_suffix(".dtbo").name).touch()
    return tmp_path


def changes(small: Path, settings: str) -> bool:
    """Run the script; return whether a new start is needed."""
    file = small / "parley.toml"
    file.write_text(settings)
    done = subprocess.run([SCRIPT, small, file], capture_output=True, text=True, check=False, timeout=30)
    assert done.stderr == ""
    assert done.returncode in {0, 1}
    return done.returncode == 0


@pytest.mark.parametrize(
    "line", ['hat = "respeaker-2mic"', "  hat='respeaker-2mic' # mine", 'name = "x"\nhat="respeaker-2mic"\n[card]']
)
def test_a_board_needs_a_new_start_once(small: Path, line: str) -> None:
    assert changes(small, line)
    assert (small / "hat.txt").read_text() == "dtoverlay=respeaker-2mic\n"
    assert not changes(small, line)


@pytest.mark.parametrize("leds", ["apa102", "ws2812"])
def test_a_strip_needs_spi_which_the_kernels_own_trees_have_off(small: Path, leds: str) -> None:
    settings = f'hat = "i2s-mics"\n[panel]\nleds = "{leds}"\nled_pin = 18'
    assert changes(small, settings)
    assert (small / "hat.txt").read_text() == f"dtoverlay=i2s-mics\ndtoverlay={leds}\n"
    assert not changes(small, settings)


def test_without_the_line_the_overlay_goes_again(small: Path) -> None:
    assert changes(small, 'hat = "respeaker-2mic"')
    assert changes(small, '#hat = "respeaker-2mic"')
    assert (small / "hat.txt").read_text() == "\n"
    assert not changes(small, "")


@pytest.mark.parametrize(
    "line", ["", 'hat = "none"', 'hat = "../x"', 'that = "respeaker-2mic"', '[panel]\nleds = "rgb"']
)
def test_what_has_no_overlay_changes_nothing(small: Path, line: str) -> None:
    assert not changes(small, line)
    assert not (small / "hat.txt").exists()


def test_a_card_that_keeps_nothing_does_not_start_for_ever(small: Path) -> None:
    (small / "hat.txt").mkdir()
    assert not changes(small, 'hat = "respeaker-2mic"')


def test_overlays_and_settings_speak_of_the_same_boards_and_cards() -> None:
    assert set(get_args(Hat)) == {"none", *LAYERS}
    sources = {path.stem: path.read_text() for path in (IMAGE / "hats").glob("*.dts")}
    for board, layer in LAYERS.items():
        assert board in sources
        # What a strip needs is in each overlay of a board with one.
        assert ('/include/ "apa102.dts"' in sources[board]) == (layer.get("panel", {}).get("leds") == "apa102")
        name = re.search(r'simple-audio-card,name = "([^"]+)"', sources[board])
        assert (name is None) == (board == "respeaker-4mic")  # the kernel has no driver for it
        assert name is None or layer["card"]["input"] in name[1]
    assert set(sources) == {*LAYERS, "apa102", "ws2812"}
    assert "include hat.txt" in (IMAGE / "config.txt").read_text()
