"""What reaches the service manager's socket."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.system.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
        way.bind(str(tmp_path / "notify"))
        way.setblocking(False)
        yield way


def told(manager: socket.socket) -> list[str]:
    got = []
    with contextlib.suppress(BlockingIOError):
        while True:
            got.append(manager.recv(4096).decode())
    return got


def environ(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_what_is_told_arrives(manager: socket.socket) -> None:
    notifier = Notifier(environ(manager))
    assert notifier.listens
    notifier.tell("READY=1\nSTATUS=Listening")
    assert told(manager) == ["READY=1\nSTATUS=Listening"]


@pytest.mark.parametrize("where", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "@not-there"}])
def test_nobody_to_tell_is_no_trouble(where: dict[str, str]) -> None:
    notifier = Notifier(where)
    assert notifier.listens is bool(where)
    notifier.tell("READY=1")


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": str(os.getpid())}, 20.0),
        ({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_the_watchdog_is_asked_for(manager: socket.socket, more: dict[str, str], seconds: float) -> None:
    assert Notifier(environ(manager, **more)).watchdog_s == seconds


@pytest.mark.parametrize(("moving", "least", "most"), [(True, 4, 99), (False, 1, 1)])
async def test_signs_of_life_come_only_while_audio_flows(
    manager: socket.socket, moving: bool, least: int, most: int, caplog: pytest.LogCaptureFixture
) -> None:
    asked, enough = 0, asyncio.Event()

    def position() -> int:
        nonlocal asked
        asked += 1
        if asked == 6:
            enough.set()
        return 160 * asked if moving else 160

    notifier = Notifier(environ(manager, WATCHDOG_USEC="20000"))
    task = asyncio.create_task(notifier.watch(position))
    await enough.wait()
    task.cancel()
    assert least <= told(manager).count("WATCHDOG=1") <= most
    assert ("stands still" in caplog.text) is not moving


async def test_without_a_watchdog_there_are_none(manager: socket.socket) -> None:
    await Notifier(environ(manager)).watch(lambda: 0)
    assert told(manager) == []
