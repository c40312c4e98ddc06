"""scripts/kiosk: what it starts, and what it waits for; cage and Chromium are programs of the test's own."""

import os
import socket
import subprocess
import threading
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "kiosk"
TELL = '#!/bin/bash\nprintf "%s\\n" "$0" "$@"\n'


@pytest.fixture
def programs(tmp_path):
    """Return a folder for programs, the only one that is searched beside the system's tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("env", "bash", "sleep"):
        (folder / tool).symlink_to(f"/usr/bin/{tool}")
    return folder


def make(folder, *names):
    for name in names:
        (folder / name).write_text(TELL)
        (folder / name).chmod(0o755)


def kiosk(programs, page):
    environ = {"PATH": str(programs), "HOME": "/home/kiosk", "PARLEY_PAGE": page}
    return subprocess.run([SCRIPT], env=environ, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("browser", ["chromium", "chromium-browser"])
def test_the_browser_is_shown_full_screen_once_the_page_is_there(programs, browser):
    make(programs, "cage", browser)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        threading.Timer(0.5, server.listen).start()  # the page comes later
        page = f"http://127.0.0.1:{server.getsockname()[1]}/"
        done = kiosk(programs, page)
    assert done.returncode == 0, done.stderr
    called = done.stdout.splitlines()
    assert called[:4] == [f"{programs}/cage", "-s", "--", f"{programs}/{browser}"]
    assert called[-1] == page
    assert {"--kiosk", "--user-data-dir=/home/kiosk/chromium"} <= set(called)


@pytest.mark.parametrize("there", [(), ("cage",), ("chromium",)], ids=str)
def test_what_is_missing_is_named_with_how_to_get_it(programs, there):
    make(programs, *there)
    done = kiosk(programs, "http://127.0.0.1:1/")
    assert done.returncode == 1
    assert "sudo apt install cage xwayland chromium" in done.stderr


@pytest.mark.parametrize("page", ["https://evil.example/", "http://127.0.0.1/", "http://$(id):80/", "--help"])
def test_what_is_no_address_is_shown_as_none(programs, page):
    make(programs, "cage", "chromium")
    done = kiosk(programs, page)
    assert done.returncode == 1
    assert "PARLEY_PAGE" in done.stderr


def test_it_runs_as_the_unit_has_it():
    assert os.access(SCRIPT, os.X_OK)
    assert (
        "ExecStart=/usr/local/lib/parley/kiosk\n"
        in (SCRIPT.parents[1] / "systemd" / "parley-kiosk.service").read_text()
    )
