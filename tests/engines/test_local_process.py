"""The local engine's process, with a stand-in for `parley engine` that starts quickly."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from device.conversation.engine import EngineError
from device.engines import local_process
from device.engines.local_process import LocalProcess
from device.settings.tree import LocalSettings

ADDRESS = "ws://127.0.0.1:9/v1/realtime"
GOOD = f'echo "a word before"; echo "Listening on {ADDRESS}"; exec cat'


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
    assert await asyncio.gather(*(local.url() for _ in range(3))) == [ADDRESS] * 3
    assert await local.url() == ADDRESS
    assert engine.starts() == [str(local.pid)]


async def test_who_gives_up_waiting_does_not_end_the_start(engine):
    local = engine(f"sleep 1; {GOOD}")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await local.url()
    assert await local.url() == ADDRESS
    assert len(engine.starts()) == 1


async def test_killed_it_is_started_again_by_itself(engine, monkeypatch):
    monkeypatch.setattr(local_process, "STEADY_S", 0)
    local = engine(GOOD)
    await local.url()
    first = local.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: local.pid not in {first, None})
    assert await local.url() == ADDRESS
    assert len(engine.starts()) == 2


async def test_one_that_dies_young_waits_for_the_next_session(engine):
    local = engine(GOOD)
    await local.url()
    os.kill(local.pid, signal.SIGKILL)
    await until(lambda: local.pid is None)
    await asyncio.wait([local._watch])  # noqa: SLF001 - no event tells that the watch is over
    assert len(engine.starts()) == 1
    assert await local.url() == ADDRESS
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
    assert "parley engine" in caught.value.fault.message


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


@pytest.mark.parametrize(("status", "reused"), [(200, True), (503, False)])
async def test_one_that_runs_already_is_used_if_it_is_well(engine, unused_tcp_port, status, reused):
    async def health(_request):
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/health", health)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    engine(GOOD)  # what would be started else
    local = LocalProcess(LocalSettings(host="127.0.0.1", port=unused_tcp_port))
    there = f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime"
    assert await local.url() == (there if reused else ADDRESS)
    assert (local.pid is None) is reused
    await local.close()
    await runner.cleanup()


async def test_one_is_started_where_none_listens(engine, unused_tcp_port):
    engine(GOOD)
    local = LocalProcess(LocalSettings(host="127.0.0.1", port=unused_tcp_port))
    assert await local.url() == ADDRESS
    await local.close()


async def test_one_that_does_not_end_with_its_parent_is_killed(engine, monkeypatch):
    monkeypatch.setattr(local_process, "END_S", 0.1)
    local = engine(f'echo "Listening on {ADDRESS}"; exec sleep 60')
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
