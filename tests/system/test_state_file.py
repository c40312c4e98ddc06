import os
import stat
from pathlib import Path

import pytest

from device.system import state_file


def test_a_file_is_replaced_wholly_and_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "state" / "kept.json"
    state_file.write(path, b"before")
    state_file.write(path, b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["kept.json"]


def test_one_for_others_is_so_before_it_is_there(tmp_path, monkeypatch):
    path, seen = tmp_path / "kept.json", []
    replace = Path.replace

    def look(part, target):
        seen.append(stat.S_IMODE(part.stat().st_mode))
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", look)
    before = os.umask(0o077)
    try:
        state_file.write(path, b"x", 0o644)
    finally:
        os.umask(before)
    assert seen == [0o644], "who looks for it never finds it shut"


def test_what_cannot_be_written_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "kept.json"
    state_file.write(path, b"before")

    def full(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        state_file.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_there_is_deleted_already(tmp_path):
    state_file.write(tmp_path / "kept", b"")
    state_file.delete(tmp_path / "kept")
    state_file.delete(tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []
