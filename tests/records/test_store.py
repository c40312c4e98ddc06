import resource
import sqlite3
import stat
import subprocess
import sys

import pytest

from device.records import store
from device.records.store import Store, StoreError, change, read, remove
from device.system import paths
from device.system.paths import find, state_dir

SCHEMA = "CREATE TABLE IF NOT EXISTS t (x PRIMARY KEY);"


def test_what_is_put_is_read_by_others_while_the_writer_lives_and_is_private(tmp_path):
    path = tmp_path / "deep" / "t.sqlite"
    kept = Store(path, SCHEMA)
    for n in range(100):
        kept.put("INSERT INTO t VALUES (?)", n)
    kept.flush()
    assert [row["x"] for row in read(path, "SELECT x FROM t ORDER BY x")] == list(range(100))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(("t.sqlite", "t.sqlite-wal", "t.sqlite-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    kept.close()
    kept.close()
    assert [file.name for file in path.parent.iterdir()] == ["t.sqlite"]


def test_what_was_written_survives_a_process_that_is_killed(tmp_path):
    path = tmp_path / "t.sqlite"
    killed = (
        "import os, pathlib, sys; from device.records.store import Store\n"
        "kept = Store(pathlib.Path(sys.argv[1]), sys.argv[2])\n"
        "kept.put(\"INSERT INTO t VALUES ('said')\")\n"
        "kept.flush(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(path), SCHEMA], check=False).returncode == -9
    assert (tmp_path / "t.sqlite-wal").exists(), "nothing tidied up"
    assert read(path, "SELECT x FROM t")[0]["x"] == "said"
    again = Store(path, SCHEMA)
    again.put("INSERT INTO t VALUES ('more')")
    again.close()
    assert len(read(path, "SELECT x FROM t")) == 2


def test_a_disk_that_cannot_be_written_is_warned_of_once_and_waited_for(tmp_path, caplog):
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    kept = Store(blocked / "t.sqlite", SCHEMA)
    for n in range(3):
        kept.put("INSERT INTO t VALUES (?)", n)
        kept.flush()
    assert caplog.text.count("cannot be written") == 1
    blocked.unlink()
    kept.put("INSERT INTO t VALUES (3)")
    kept.close()
    assert len(read(blocked / "t.sqlite", "SELECT x FROM t")) == 4


def test_what_waits_for_a_disk_does_not_grow_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_WAITING", 10)
    blocked = tmp_path / "state"
    blocked.write_text("")
    kept = Store(blocked / "t.sqlite", SCHEMA)
    for n in range(200):
        kept.put("INSERT INTO t VALUES (?)", n)
        kept.flush()
    blocked.unlink()
    kept.put("INSERT INTO t VALUES (200)")
    kept.close()
    assert 1 <= len(read(blocked / "t.sqlite", "SELECT x FROM t")) <= 10


def test_what_is_old_goes_at_the_start(tmp_path):
    path = tmp_path / "t.sqlite"
    kept = Store(path, SCHEMA)
    kept.put("INSERT INTO t VALUES ('a very private word')")
    kept.close()
    again = Store(path, SCHEMA, daily=lambda database: database.execute("DELETE FROM t").rowcount)
    again.close()
    assert read(path, "SELECT x FROM t") == []
    assert b"private" not in path.read_bytes(), "what is deleted is not left on the disk"


def test_a_file_that_is_no_database_is_named_with_its_fix(tmp_path, caplog):
    path = tmp_path / "t.sqlite"
    path.write_text("this is no database, and long enough to be told from one" * 20)
    with pytest.raises(StoreError, match=r"t\.sqlite cannot be read \(file is not a database\)"):
        read(path, "SELECT x FROM t")
    with pytest.raises(StoreError, match="delete it"):
        change(path, SCHEMA, "DELETE FROM t")
    kept = Store(path, SCHEMA)
    kept.put("INSERT INTO t VALUES (1)")
    kept.close()
    assert "not a database" in caplog.text


def test_a_change_by_another_process_keeps_what_the_writer_writes(tmp_path):
    path = tmp_path / "t.sqlite"
    assert change(path, SCHEMA, "DELETE FROM t") == 0
    assert not path.exists()
    kept = Store(path, SCHEMA)
    kept.put("INSERT INTO t VALUES (1)")
    kept.flush()
    assert change(path, SCHEMA, "DELETE FROM t") == 1
    kept.put("INSERT INTO t VALUES (2)")
    kept.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT x FROM t").fetchall() == [(2,)]
    remove(path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"STATE_DIRECTORY": "/var/lib/parley:/var/lib/more", "HOME": "/h"}, "/var/lib/parley"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/parley"),
        ({"HOME": "/h"}, "/h/.local/state/parley"),
    ],
)
def test_state_is_kept_where_systemd_or_xdg_says(environ, where):
    assert str(state_dir(environ)) == where


def test_without_a_file_of_ones_own_that_of_the_service_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SHARED", tmp_path / "shared")
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    own, shared = tmp_path / "parley" / "t", tmp_path / "shared" / "t"
    assert find("t", environ) == own
    shared.parent.mkdir()
    shared.touch()
    assert find("t", environ) == shared
    own.parent.mkdir()
    own.touch()
    assert find("t", environ) == own


def test_a_full_disk_is_waited_for(tmp_path, caplog):
    """A limit on the size of files stands for the disk."""
    path = tmp_path / "t.sqlite"
    kept = Store(path, SCHEMA)
    kept.put("INSERT INTO t VALUES ('before')")
    kept.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, limits[1]))
    try:
        kept.put("INSERT INTO t VALUES ('meanwhile')")
        kept.flush()
        kept.put("INSERT INTO t VALUES ('still')")
        kept.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caplog.text.count("the conversation goes on without") == 1
    kept.put("INSERT INTO t VALUES ('after')")
    kept.close()
    assert [row["x"] for row in read(path, "SELECT x FROM t ORDER BY rowid")] == [
        "before",
        "meanwhile",
        "still",
        "after",
    ]


def test_a_disk_that_lets_nothing_be_deleted_is_warned_of(tmp_path, caplog):
    (tmp_path / "t.sqlite").mkdir()
    remove(tmp_path / "t.sqlite")
    assert "t.sqlite cannot be deleted: " in caplog.text


def test_what_belongs_to_another_user_is_said_to(tmp_path, monkeypatch):
    path = tmp_path / "t.sqlite"
    path.write_text("no database" * 100)
    monkeypatch.setattr("device.records.store.os.access", lambda *_: False)
    with pytest.raises(StoreError, match="It belongs to another user: try it with sudo"):
        read(path, "SELECT x FROM t")


def test_a_place_where_one_may_not_look_is_somebody_elses(tmp_path):
    with pytest.raises(StoreError, match="It belongs to another user"):
        read(tmp_path / ("x" * 300), "SELECT 1")
