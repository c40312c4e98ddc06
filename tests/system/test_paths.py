"""Where state is kept, and where it is looked for."""

from pathlib import Path

import pytest

from device.system import paths
from device.system.paths import find, state_dir


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/ada"}, "/home/ada/.local/state/parley"),
        ({"HOME": "/home/ada", "XDG_STATE_HOME": "/data"}, "/data/parley"),
        ({"HOME": "/home/ada", "XDG_STATE_HOME": ""}, "/home/ada/.local/state/parley"),
        ({"HOME": "/home/ada", "XDG_STATE_HOME": "/data", "STATE_DIRECTORY": "/var/lib/parley"}, "/var/lib/parley"),
        ({"STATE_DIRECTORY": "/var/lib/parley:/var/lib/other"}, "/var/lib/parley"),
        ({}, str(Path.home() / ".local/state/parley")),
    ],
)
def test_a_service_a_user_who_says_where_and_any_user(environ, folder):
    assert state_dir(environ) == Path(folder)


@pytest.mark.parametrize(
    ("own", "shared", "found"),
    [(True, True, "own"), (True, False, "own"), (False, True, "shared"), (False, False, "own")],
)
def test_the_user_s_own_file_comes_before_that_of_the_service(tmp_path, monkeypatch, own, shared, found):
    monkeypatch.setattr(paths, "SHARED", tmp_path / "shared")
    environ = {"STATE_DIRECTORY": str(tmp_path / "own")}
    for name, there in (("own", own), ("shared", shared)):
        (tmp_path / name).mkdir()
        if there:
            (tmp_path / name / "costs.sqlite").touch()
    assert find("costs.sqlite", environ) == tmp_path / found / "costs.sqlite"


def test_a_folder_of_the_service_that_is_closed_to_this_user_holds_nothing_for_them(tmp_path, monkeypatch):
    def closed(_: Path) -> bool:
        raise PermissionError

    monkeypatch.setattr(Path, "exists", closed)
    assert find("costs.sqlite", {"STATE_DIRECTORY": str(tmp_path)}) == tmp_path / "costs.sqlite"
