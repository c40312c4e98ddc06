"""`parley run` as the service manager runs it: broken settings, a second start, what the log gets."""

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from device.commands.main import main

COMMAND = [sys.executable, "-m", "device"]


@pytest.fixture
def environ(tmp_path, pulse):
    """The environment of a service, with a manager that listens at `notify`."""
    (tmp_path / "state").mkdir()
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "STATE_DIRECTORY": str(tmp_path / "state"),
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
    }


UNITS = Path(__file__).parents[2] / "systemd"


@pytest.mark.parametrize("unit", sorted(UNITS.glob("*.service")), ids=lambda unit: unit.stem)
def test_every_unit_starts_a_command_that_there_is(unit):
    (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    command, *arguments = line.split()
    if command == "/opt/parley/bin/parley":
        assert CliRunner().invoke(main, [*arguments, "--help"]).exit_code == 0
    elif unit.stem == "parley-captive":  # it runs nothing of ours, but puts a file of ours in its place
        assert (UNITS / Path(arguments[0]).name).exists()
    else:
        assert command.startswith("/usr/local/lib/parley/")
        assert os.access(UNITS.parent / "scripts" / Path(command).name, os.X_OK)


def refused(environ, config):
    """Return what an assistant says that does not start."""
    done = subprocess.run(
        [*COMMAND, "run", "--config", str(config)], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    return done.stderr


@contextmanager
def running(environ, config):
    """Run the service until the block ends; yields the process and what the manager was told once it is ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(environ["NOTIFY_SOCKET"])
        manager.settimeout(60)
        process = subprocess.Popen(
            [*COMMAND, "run", "--config", str(config)],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process, manager.recv(4096).decode()
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
            Path(environ["NOTIFY_SOCKET"]).unlink()


def test_a_service_outlives_a_broken_file_and_a_second_one_gives_way(environ, tmp_path, models):
    models("moonshine_tiny_en/encoder_model.ort")
    config = tmp_path / "mine.toml"
    config.write_text('name = "Ada"\n')
    with running(environ, config) as (process, told):
        assert told.startswith("READY=1\nSTATUS=Listening on ")
        assert "cannot be used" not in told
        said = f"Parley runs already, as process {process.pid}; this stops it: kill {process.pid}"
        assert refused(environ, config) == f"parley: {said}\n"
    config.write_text('name = "Ada\n')
    with running(environ, config) as (process, told):
        assert "The settings cannot be used; the last good ones stay in force." in told
        assert "mine.toml:1: not TOML" in told
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(environ["NOTIFY_SOCKET"])
        refused(environ | {"STATE_DIRECTORY": str(tmp_path / "empty")}, config)
        assert manager.recv(4096).decode().startswith(f"STATUS=Cannot start: {config}:1: not TOML")
    without_service = {name: value for name, value in environ.items() if name != "STATE_DIRECTORY"}
    said = refused(without_service, config)
    assert said.startswith("parley: ")
    assert "last good" not in said
