"""The server as a program: starting, being ready, stopping."""

import asyncio
import socket
import threading

import aiohttp
import pytest
from msgspec.structs import replace
from support.scripted import PATIENCE, Brain, Prosody, Recogniser, Vad, Voice

from device.local import load
from device.local.cascade import Stages
from device.local.server import serve
from device.local.stages import EngineStartError
from device.model_files.files import ModelError
from device.settings.tree import LocalSettings, Settings

ANY_PORT = Settings(local=LocalSettings(port=0))


@pytest.fixture
def stages(monkeypatch):
    made = Stages(Recogniser(), Brain(), Voice(), Vad, Prosody())
    monkeypatch.setattr(load, "load_stages", lambda settings: made)
    return made


async def start(settings):
    """Start a server and wait until it is ready; return its task and port."""
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(settings, ready=port.set_result))
    done, _ = await asyncio.wait([task, port], timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    if task in done:
        await task
    return task, await port


async def test_it_serves_until_cancelled(stages):
    task, port = await start(ANY_PORT)
    async with aiohttp.ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/v1/realtime") as ws:
        created = await ws.receive_json(timeout=PATIENCE)
        assert created["session"]["audio"]["output"]["voice"] == "en-gb"
        task.cancel()
        assert (await ws.receive(PATIENCE)).type is aiohttp.WSMsgType.CLOSE
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", port)):
        pass


async def test_a_port_that_is_taken_is_named(stages):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineStartError, match=rf"127\.0\.0\.1 port {port}.*local\.port"):
            await start(Settings(local=LocalSettings(port=port)))


async def test_an_address_that_is_not_ours_is_named(stages):
    with pytest.raises(EngineStartError, match=r"192\.0\.2\.1"):
        await start(replace(ANY_PORT, local=LocalSettings(host="192.0.2.1", port=0)))


async def test_it_refuses_sessions_while_it_loads(monkeypatch):
    loading = threading.Event()

    def load_slowly(settings):
        assert loading.wait(PATIENCE)
        return Stages(Recogniser(), Brain(), Voice(), Vad, Prosody())

    monkeypatch.setattr(load, "load_stages", load_slowly)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ready = asyncio.Event()
    settings = Settings(local=LocalSettings(port=port))
    task = asyncio.create_task(serve(settings, ready=lambda _: ready.set()))
    async with aiohttp.ClientSession() as http:
        answer = await answered(http, f"http://127.0.0.1:{port}/health")
        assert (answer.status, (await answer.json())["ready"]) == (503, False)
        async with http.get(f"http://127.0.0.1:{port}/v1/realtime") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, "engine_loading")
        loading.set()
        await asyncio.wait_for(ready.wait(), PATIENCE)
        async with http.get(f"http://127.0.0.1:{port}/health") as answer:
            assert (answer.status, (await answer.json())["ready"]) == (200, True)
    task.cancel()


async def answered(http, url):
    """Ask until somebody listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await http.get(url)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def test_a_missing_model_ends_it_with_the_mend(tmp_path):
    with pytest.raises(ModelError, match="parley models fetch"):
        await start(replace(ANY_PORT, models_dir=str(tmp_path)))
