"""Root in folders of others. Who runs the tests may not be root: the system's calls are noted instead."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from device.system.owner import acting_as_owner


class Folder:
    """A folder of somebody's."""

    def __init__(self, uid: int, *, there: bool = True) -> None:
        self.there = there
        self.uid = uid

    def exists(self) -> bool:
        return self.there

    def stat(self) -> SimpleNamespace:
        return SimpleNamespace(st_uid=self.uid, st_gid=self.uid + 1)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    made: list[tuple[str, object]] = []
    for name in ("setgroups", "setegid", "seteuid"):
        monkeypatch.setattr(os, name, lambda value, name=name: made.append((name, value)))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getegid", lambda: 0)
    monkeypatch.setattr(os, "getgroups", lambda: [0, 4])
    return made


def test_root_is_the_owner_for_a_while(calls: list[tuple[str, object]]) -> None:
    meanwhile = []

    def work() -> None:
        with acting_as_owner(Folder(500)):  # type: ignore[arg-type]
            meanwhile.extend(calls)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()
    assert meanwhile == [("setgroups", []), ("setegid", 501), ("seteuid", 500)]
    assert calls[3:] == [("seteuid", 0), ("setegid", 0), ("setgroups", [0, 4])]


def test_in_its_own_folder_and_where_there_is_none_root_stays_root(calls: list[tuple[str, object]]) -> None:
    for folder in (Folder(0), Folder(500, there=False)):
        with acting_as_owner(folder):  # type: ignore[arg-type]
            pass
    assert calls == []


def test_others_stay_who_they_are(calls: list[tuple[str, object]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with acting_as_owner(Folder(500)):  # type: ignore[arg-type]
        pass
    assert calls == []


def test_this_user_may_do_it_in_a_folder_of_their_own(tmp_path: Path) -> None:
    with acting_as_owner(tmp_path):
        (tmp_path / "file").touch()
    assert os.geteuid() == tmp_path.stat().st_uid
