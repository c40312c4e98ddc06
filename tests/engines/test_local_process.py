"""The local engine's process, with a stand-in for `parley engine` that starts quickly."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web

from device.conversation.engine import EngineError
from device.engines import local_process, unix_socket
from device.engines.local_process import LocalProcess
from device.settings.tree import LocalSettings
from device.system.typed import typed

READY = "Listening on its socket"
GOOD = f'echo "a word before"; echo "{READY}"; exec cat'


def is_own(address: str) -> bool:
    """Tell whether an address is that of a socket that only this user reaches."""
    path = Path(address.removeprefix("ws+unix://"))
    folder = path.parent.stat()
    return path.is_socket() and folder.st_uid == os.geteuid() and not folder.st_mode & 0o077


@pytest.fixture
async def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], LocalProcess]]:
    """Return what makes a local engine whose program is these lines of shell."""
    made = []

    def make(lines: str) -> LocalProcess:
        program = tmp_path / "engine"
        program.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/starts\n{lines}\n")
        program.chmod(0o755)
        monkeypatch.setattr(local_process.sys, "executable", str(program))
        made.append(LocalProcess(LocalSettings(), reuse=False))
        return made[-1]

    make.starts = lambda: (tmp_path / "starts").read_text().split()
    yield make
    for one in made:
        await one.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a process's end sets no event
            await asyncio.sleep(0.01)


async def test_it_is_started_once_for_all_who_ask(engine):
    local = engine(f"sleep 0.2; {GOOD}")
    assert local.pid is None
    first, *others = await asyncio.gather(*(local.url() for _ in range(3)))
    assert is_own(first)
    assert {*others, await local.url()} == {first}
    assert engine.starts() == [str(local.pid)]


async def test_who_gives_up_waiting_does_not_end_the_start(engine):
    local = engine(f"sleep 1; {GOOD}")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await local.url()
    assert is_own(await local.url())
    assert len(engine.starts()) == 1


async def test_killed_it_is_started_again_by_itself(engine, monkeypatch):
    monkeypatch.setattr(local_process, "STEADY_S", 0)
    local = engine(GOOD)
    await local.url()
    first = local.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: local.pid not in {first, None})
    assert is_own(await local.url())
    assert len(engine.starts()) == 2


async def test_one_that_dies_young_waits_for_the_next_session(engine):
    local = engine(GOOD)
    await local.url()
    os.kill(local.pid, signal.SIGKILL)
    await until(lambda: local.pid is None)
    await asyncio.wait([local._watch])  # noqa: SLF001 - no event tells that the watch is over
    assert len(engine.starts()) == 1
    assert is_own(await local.url())
    assert len(engine.starts()) == 2


@pytest.mark.parametrize(
    ("lines", "retry", "words"), [("exit 1", False, "status 1"), ("kill -9 $$", True, "status -9")]
)
async def test_one_that_cannot_start_says_how_to_see_why(engine, lines, retry, words):
    local = engine(lines)
    with pytest.raises(EngineError) as caught:
        await local.url()
    assert caught.value.fault.retry is retry
    assert words in caught.value.fault.message
    assert typed("engine") in caught.value.fault.message


async def test_one_that_cannot_start_and_says_why_is_quoted(engine):
    local = engine('echo "Cannot start: language: there is no de"; exit 1')
    with pytest.raises(EngineError, match="cannot start: language: there is no de") as caught:
        await local.url()
    assert not caught.value.fault.retry


async def test_one_that_never_gets_ready_is_ended(engine, monkeypatch):
    monkeypatch.setattr(local_process, "START_TIMEOUT_S", 0.2)
    local = engine("exec sleep 60")
    with pytest.raises(EngineError, match="did not get ready"):
        await local.url()
    await until(lambda: local.pid is None)


async def test_a_program_that_is_not_there(engine, monkeypatch):
    local = engine(GOOD)
    monkeypatch.setattr(local_process.sys, "executable", "/nowhere/python")
    with pytest.raises(EngineError, match="cannot be started"):
        await local.url()


async def test_closing_ends_it_for_good(engine, monkeypatch):
    monkeypatch.setattr(local_process, "STEADY_S", 0)
    local = engine(GOOD)
    await local.url()
    await local.close()
    await local.close()
    assert local.pid is None
    assert local._watch.done()  # noqa: SLF001 - no event tells that the watch is over
    assert len(engine.starts()) == 1


async def test_the_service_manager_is_not_told_by_the_engine(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/notify")
    local = engine(f'echo "told: $NOTIFY_SOCKET." > {tmp_path}/told; {GOOD}')
    await local.url()
    assert (tmp_path / "told").read_text() == "told: .\n"


async def test_an_address_in_the_settings_is_where_it_is() -> None:
    local = LocalProcess(LocalSettings(url="ws://box.lan:8765/v1/realtime"))
    assert await local.url() == "ws://box.lan:8765/v1/realtime"
    assert local.pid is None
    await local.close()


class Unit:
    """The engine of a systemd unit, which answers as it is told, each time the next or the last."""

    def __init__(self, path: Path, *statuses: int) -> None:
        self.path, self.statuses = path, list(statuses)

    async def __aenter__(self) -> Self:
        async def health(_request: web.Request) -> web.Response:
            return web.Response(status=self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

        app = web.Application()
        app.router.add_get("/health", health)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.UnixSite(self.runner, str(self.path)).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(local_process, "ENGINE_SOCKET", tmp_path / "unit.socket")
    monkeypatch.setattr(local_process, "POLL_S", 0.01)
    return tmp_path / "unit.socket"


async def test_the_units_engine_is_used_once_it_is_ready(engine, place):
    engine("exit 1")
    async with Unit(place, 503, 503, 200) as unit:
        local = LocalProcess(LocalSettings())
        assert await local.url() == f"ws+unix://{place}"
        assert unit.statuses == [200]
        assert local.pid is None
        await local.close()


async def test_one_is_started_where_the_unit_does_not_get_ready(engine, place, monkeypatch, caplog):
    engine(GOOD)
    async with Unit(place, 503):
        local = LocalProcess(LocalSettings())
        monkeypatch.setattr(local_process, "START_TIMEOUT_S", 0.5)
        assert is_own(await local.url())
        assert "does not get ready" in caplog.text
        await local.close()


async def test_an_impostor_at_the_units_place_is_not_used(engine, place, monkeypatch):
    engine(GOOD)
    async with Unit(place, 200):
        monkeypatch.setattr(unix_socket, "trusted", lambda socket: False)
        local = LocalProcess(LocalSettings())
        assert is_own(await local.url())
        await local.close()


async def test_whoever_listens_at_the_port_is_not_used(engine, place, unused_tcp_port):
    """An impostor there got the microphone."""
    engine(GOOD)
    asked = []
    async with await asyncio.start_server(lambda *peer: asked.append(peer), "127.0.0.1", unused_tcp_port):
        local = LocalProcess(LocalSettings(host="127.0.0.1", port=unused_tcp_port))
        assert is_own(await local.url())
        await local.close()
    assert not asked


async def test_its_socket_is_handed_over_and_goes_with_it(engine, place, tmp_path):
    local = engine(f'echo "$@" > {tmp_path}/arguments; ls -l /proc/$$/fd > {tmp_path}/files; {GOOD}')
    folder = Path((await local.url()).removeprefix("ws+unix://")).parent
    arguments = (tmp_path / "arguments").read_text().split()
    number = arguments[arguments.index("--socket") + 1]
    assert "--port" not in arguments
    assert f" {number} -> socket:" in (tmp_path / "files").read_text()
    await local.close()
    assert not folder.exists()


async def test_once_it_has_died_nobody_listens(engine, place, monkeypatch):
    local = engine(GOOD)
    path = (await local.url()).removeprefix("ws+unix://")
    os.kill(local.pid, signal.SIGKILL)
    await until(lambda: local.pid is None)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_unix_connection(path)


async def test_a_folder_for_which_there_is_no_room_is_named(engine, place, monkeypatch):
    monkeypatch.setattr(local_process.tempfile, "mkdtemp", lambda **_: "/nowhere")
    with pytest.raises(EngineError, match="socket"):
        await engine(GOOD).url()


async def test_one_that_does_not_end_with_its_parent_is_killed(engine, monkeypatch):
    monkeypatch.setattr(local_process, "END_S", 0.1)
    local = engine(f'echo "{READY}"; exec sleep 60')
    await local.url()
    pid = local.pid
    await local.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_one_that_crashes_and_cannot_start_again_says_so(engine, monkeypatch, caplog):
    monkeypatch.setattr(local_process, "STEADY_S", 0)
    local = engine(GOOD)
    await local.url()
    monkeypatch.setattr(local_process.sys, "executable", "/nowhere/python")
    os.kill(local.pid, signal.SIGKILL)
    await until(lambda: "cannot be started" in caplog.text)
