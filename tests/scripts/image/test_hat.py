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
    """Return a small partition with an overlay."""
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays/respeaker-2mic.dtbo").touch()
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


def test_without_the_line_the_overlay_goes_again(small: Path) -> None:
    assert changes(small, 'hat = "respeaker-2mic"')
    assert changes(small, '#hat = "respeaker-2mic"')
    assert (small / "hat.txt").read_text() == "\n"
    assert not changes(small, "")


@pytest.mark.parametrize(
    "line", ["", 'hat = "none"', 'hat = "respeaker-4mic"', 'hat = "../x"', 'that = "respeaker-2mic"']
)
def test_what_has_no_overlay_changes_nothing(small: Path, line: str) -> None:
    assert not changes(small, line)
    assert not (small / "hat.txt").exists()


def test_a_card_that_keeps_nothing_does_not_start_for_ever(small: Path) -> None:
    (small / "hat.txt").mkdir()
    assert not changes(small, 'hat = "respeaker-2mic"')


def test_overlays_and_settings_speak_of_the_same_boards_and_cards() -> None:
    assert set(get_args(Hat)) == {"none", *LAYERS}
    for overlay in (IMAGE / "hats").glob("*.dts"):
        name = re.search(r'simple-audio-card,name = "([^"]+)"', overlay.read_text())
        assert name
        assert LAYERS[overlay.stem]["card"]["input"] in name[1]
    assert "include hat.txt" in (IMAGE / "config.txt").read_text()
