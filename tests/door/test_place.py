"""Where the door is, and who may use it."""

import grp
import socket
from pathlib import Path

import pytest

from device.door.place import FILE, LONGEST_PATH, group_of, places, reached
from device.system import paths


def test_ones_own_comes_first_and_then_that_of_the_service(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SHARED", tmp_path / "service")
    mine = tmp_path / ".local/state/parley" / FILE
    assert places({"HOME": str(tmp_path)}) == [mine, tmp_path / "service" / FILE]
    assert places({"STATE_DIRECTORY": "/var/lib/x"})[0] == Path("/var/lib/x") / FILE


def test_for_root_and_the_service_user_that_of_the_service_comes_first(tmp_path, monkeypatch):
    service = tmp_path / "service"
    service.mkdir()
    monkeypatch.setattr(paths, "SHARED", service)
    assert places({"HOME": str(tmp_path)}) == [service / FILE, tmp_path / ".local/state/parley" / FILE]


def test_a_short_path_is_taken_as_it_is(tmp_path):
    with reached(Path("/run/door.socket")) as way:
        assert way == "/run/door.socket"


def test_a_path_that_is_too_long_for_an_address_is_reached_all_the_same(tmp_path):
    folder = tmp_path / ("x" * LONGEST_PATH)
    folder.mkdir()
    before = set(Path("/proc/self/fd").iterdir())
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        with pytest.raises(OSError, match="too long"):
            one.bind(str(folder / FILE))
        with reached(folder / FILE) as way:
            one.bind(way)
            one.listen()
        with reached(folder / FILE) as way:
            other.connect(way)
    assert (folder / FILE).is_socket()
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_the_group_is_named_that_may_use_it(tmp_path):
    path = tmp_path / FILE
    assert group_of(path) == ""
    path.touch(0o600)
    assert group_of(path) == ""
    path.chmod(0o660)
    assert group_of(path) == grp.getgrgid(path.stat().st_gid).gr_name
