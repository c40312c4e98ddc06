"""`parley page`: where it listens, what keeps it from that, and the kiosk link."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from device.commands import page
from device.page.link import FILE
from device.page.server import PageError
from device.system import paths
from device.system.paths import state_dir

MOST_KB = 60 * 1024
"""What the process may take."""


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "PAGE", tmp_path / "parley-page")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def told_to_end():
    await asyncio.sleep(0)  # who listens for the signal begins after this
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("options", "address"),
    [((), ("10.0.0.5", 9000)), (("--port", "0"), ("10.0.0.5", 0)), (("--host", "::1", "--port", "80"), ("::1", 80))],
)
def test_options_count_over_the_settings(parley, monkeypatch, tmp_path, options, address):
    config = tmp_path / "parley.toml"
    config.write_text('language = "de"\n[page]\nhost = "10.0.0.5"\nport = 9000\n[metrics]\non = true\n')
    served = []

    async def serve(settings, look, folder, *, ready, given, metrics):
        served.append((settings.address, settings.port))
        assert (look()[1], metrics().on) == ("de", True)
        config.write_text("[page\n")
        assert (look()[1], metrics().on) == ("de", True), "the last that could be read"
        assert (folder / FILE).exists()
        ready(settings.port or 4711)
        await told_to_end()

    monkeypatch.setattr(page, "serve", serve)
    result = parley("page", *options, "--config", str(config))
    assert result.exit_code == 0, result.output
    assert served == [address]
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    assert result.output == f"The page is at http://{host}:{address[1] or 4711}/\n"


def test_it_moves_where_the_settings_have_it_next_and_stays_where_it_is_if_it_cannot(
    parley, monkeypatch, tmp_path, caplog
):
    config = tmp_path / "parley.toml"
    config.write_text("page.port = 9000\n")
    served = []

    async def serve(settings, look, folder, *, ready, given, metrics):
        served.append(settings.port)
        if settings.port == 9001:
            raise PageError("the port is taken")
        if len(served) == 3:
            await told_to_end()
        config.write_text("page.port = 9001\n")
        ready(settings.port)

    monkeypatch.setattr(page, "serve", serve)
    result = parley("page", "--config", str(config))
    assert result.exit_code == 0, result.output
    assert served == [9000, 9001, 9000]
    assert "The page stays where it is: the port is taken" in caplog.text


def test_what_keeps_it_from_serving_is_one_line(parley, monkeypatch):
    async def serve(*_, ready, given, metrics):
        raise PageError("the port is taken")

    monkeypatch.setattr(page, "serve", serve)
    result = parley("page")
    assert (result.exit_code, result.output) == (1, "parley: the port is taken\n")


def test_without_a_place_for_the_link_it_says_where(parley, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", "/proc/nowhere")
    result = parley("page")
    assert result.exit_code == 1
    assert "/proc/nowhere: the kiosk link cannot be kept there" in result.output


def test_it_serves_in_little_memory_until_it_is_told_to_end(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "device", "page", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    ) as process:
        told = re.fullmatch(r"The page is at (http://127\.0\.0\.1:\d+/)\n", process.stdout.readline())
        with urlopen(told[1]) as answer:
            assert b"Parley" in answer.read()
        taken = re.search(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
        assert int(taken[1]) < MOST_KB
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_the_link_stays_until_there_is_a_new_one(parley):
    first = parley("page", "link").output
    assert re.match(r"http://127\.0\.0\.1:8770/k/[\w-]{22}\n", first)
    assert "page.lan = true" in first
    assert parley("page", "link").output == first
    second = parley("page", "link", "--new").output
    assert second != first
    assert (state_dir() / FILE).read_text() in second


def test_on_the_network_it_has_the_machine_s_address_and_name(parley, monkeypatch, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text("[page]\nlan = true\nport = 80\n")
    monkeypatch.setattr(page, "_here", lambda: "192.0.2.5")
    lines = parley("page", "link", "--config", str(config)).output.splitlines()
    assert [line.rpartition("/k/")[0] for line in lines] == [
        "http://192.0.2.5:80",
        f"http://{socket.gethostname()}.local:80",
    ]


def test_root_shows_that_of_the_service(parley, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("device.page.link.acting_as_owner", contextlib.nullcontext)  # which only root can
    paths.PAGE.mkdir()
    assert (paths.PAGE / FILE).exists() is False
    token = parley("page", "link").output.partition("/k/")[2][:22]
    assert (paths.PAGE / FILE).read_text() == token


def test_who_may_not_read_it_is_told(parley, monkeypatch):
    state_dir().mkdir(parents=True)
    (state_dir() / FILE).mkdir()
    result = parley("page", "link")
    assert result.exit_code == 1
    assert FILE in result.output
