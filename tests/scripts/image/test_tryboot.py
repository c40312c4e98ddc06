"""Slots by Raspberry Pi's own firmware, played by a firmware in Python: what it does, and what it loses."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "image" / "tryboot" / "slots"
AUTOBOOT = "[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=3\n"


class Board:
    """A board: its firmware reads autoboot.txt, and a flag that lasts for one start (autoboot.adoc)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.autoboot = folder / "autoboot.txt"
        self.autoboot.write_text(AUTOBOOT.ljust(512))
        (folder / "partition").write_bytes(b"\0\0\0\2")

    def slots(self, *arguments: str) -> str:
        """Run the backend; return what it says."""
        environ = os.environ | {
            "FIRST": str(self.folder), "STATE": str(self.folder / "state"), "CHOSEN": str(self.folder / "partition"),
            "ARGUMENT": str(self.folder / "run/reboot-param"),
        }  # fmt: skip
        done = subprocess.run([SCRIPT, *arguments], env=environ, capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()

    def start(self, *, loses_the_flag: bool = False) -> str:
        """Start anew, by whoever asks for it; return the slot."""
        argument = self.folder / "run/reboot-param"
        flag = argument.exists() and argument.read_text() == "0 tryboot\n" and not loses_the_flag
        argument.unlink(missing_ok=True)
        section = self.autoboot.read_text().split("[tryboot]")[flag]
        number = re.search(r"^boot_partition=(\d)$", section, re.MULTILINE)
        assert number
        (self.folder / "partition").write_bytes(bytes([0, 0, 0, int(number[1])]))
        self.slots("settle")
        return self.slots("get-current")


@pytest.fixture
def board(tmp_path: Path) -> Board:
    """Return a board that has started slot A."""
    return Board(tmp_path)


def test_an_update_that_is_good_stays(board: Board) -> None:
    board.slots("set-primary", "B")
    assert board.slots("get-primary") == "B"
    assert board.start() == "B"
    board.slots("set-state", "B", "good")
    assert [board.start(), board.start()] == ["B", "B"]
    board.slots("set-primary", "A")
    assert board.start() == "A"
    board.slots("set-state", "A", "good")
    assert board.start() == "A"


def test_one_that_is_not_called_good_gives_way_at_the_next_start_and_is_bad(board: Board) -> None:
    board.slots("set-primary", "B")
    assert board.start() == "B"
    assert board.start() == "A"
    assert board.slots("get-primary") == "A"
    assert board.slots("get-state", "B") == "bad"
    assert board.slots("get-state", "A") == "good"
    assert board.start() == "A"


def test_a_flag_that_is_lost_means_the_slot_before(board: Board) -> None:
    board.slots("set-primary", "B")
    assert board.start(loses_the_flag=True) == "A"
    assert board.slots("get-primary") == "A"
    assert board.start() == "A"


def test_one_that_is_called_bad_is_not_tried(board: Board) -> None:
    board.slots("set-primary", "B")
    board.slots("set-state", "B", "bad")
    assert board.start() == "A"


def test_who_does_not_run_is_not_made_the_one_that_starts(board: Board) -> None:
    board.slots("set-state", "B", "good")
    assert board.start() == "A"


def test_what_starts_is_written_into_one_sector_in_its_place(board: Board) -> None:
    before = board.autoboot.stat()
    board.slots("set-primary", "B")
    board.start()
    board.slots("set-state", "B", "good")
    after = board.autoboot.stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, 512)
    assert "boot_partition=3\n[tryboot]\nboot_partition=2" in board.autoboot.read_text()


def test_there_is_no_other_slot(board: Board) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        board.slots("set-primary", "C")
    assert board.start() == "A"
