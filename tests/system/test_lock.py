"""One assistant at a time, however the first one ends."""

import os
import stat
import subprocess
import sys
from contextlib import contextmanager

import pytest

from device.system import lock, paths
from device.system.lock import FILE, AlreadyRunning, runs, take

HOLD = "from device.system.lock import take; lock = take(); print('held', flush=True); input()"


@contextmanager
def another(environ):
    """Another assistant that runs until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], env=os.environ | environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def service(tmp_path):
    return {"STATE_DIRECTORY": str(tmp_path / "service")}


def test_a_second_one_names_the_first_and_a_crash_lets_go(service):
    with another(service) as process:
        with pytest.raises(AlreadyRunning, match=rf"process {process.pid}; this stops it: kill {process.pid}$"):
            take(service)
        assert f"process {process.pid}" in runs(service)
    assert runs(service) == ""
    take(service).close()


def test_a_users_own_gives_way_to_the_service(service, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "SHARED", tmp_path / "service")
    user = {"HOME": str(tmp_path)}
    with another(service) as process:
        assert stat.S_IMODE((tmp_path / "service" / FILE).stat().st_mode) == 0o644, "every user can see it"
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"):
            take(user)
        take({"STATE_DIRECTORY": str(tmp_path / "other")}).close()
    with_lock = take(user)
    take(service).close()
    with_lock.close()
    with_lock.close()


def test_of_the_service_it_says_how_to_stop_that(monkeypatch, tmp_path):
    (tmp_path / "cgroup").write_text("0::/system.slice/parley.service\n")
    monkeypatch.setattr(lock, "Path", lambda _: tmp_path / "cgroup")
    assert lock.already_running(17) == "Parley runs already, as process 17; this stops it: sudo systemctl stop parley"


def test_a_file_that_nobody_holds_means_nothing(service, tmp_path):
    take(service).close()
    path = tmp_path / "service" / FILE
    assert path.read_text() == f"{os.getpid()}\n"
    assert runs(service) == ""
    held = take(service)
    path.write_text("99999999\n")  # no such process
    with pytest.raises(AlreadyRunning, match="stop it with `sudo systemctl stop parley`"):
        take(service)
    held.close()


def test_without_a_disk_to_write_to_it_runs_all_the_same(tmp_path, caplog):
    (tmp_path / "file").touch()
    take({"STATE_DIRECTORY": str(tmp_path / "file" / "below")}).close()
    assert "would not notice" in caplog.text


def test_on_a_disk_that_became_read_only_the_lock_still_holds(service, monkeypatch):
    take(service).close()
    real = os.open

    def read_only(path, flags, *mode):
        if flags & (os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system")
        return real(path, flags, *mode)

    monkeypatch.setattr(lock.os, "open", read_only)
    held = take(service)
    with pytest.raises(AlreadyRunning):
        take(service)
    held.close()
