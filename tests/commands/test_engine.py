"""`parley engine`: the server's address by settings and options, and how it ends."""

import asyncio
import os
import socket
import subprocess
import sys

import aiohttp
import pytest

from device.commands import engine
from device.local.stages import EngineStartError
from device.model_files.files import ModelError


def test_the_engine_ends_with_its_parent_and_says_where_it_listens(models):
    models("silero_vad.onnx")
    engine = subprocess.Popen(
        [sys.executable, "-m", "device", "engine", "--port", "0", "--with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert engine.stdout.readline().startswith("Listening on ws://127.0.0.1:")
        engine.stdin.close()
        assert engine.wait(10) == 0
    finally:
        engine.kill()
        engine.stdout.close()


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ((), ("10.0.0.5", 9000)),
        (("--port", "0"), ("10.0.0.5", 0)),
        (("--host", "0.0.0.0", "--port", "80"), ("0.0.0.0", 80)),
    ],
)
def test_options_count_over_the_settings(parley, monkeypatch, tmp_path, options, address):
    config = tmp_path / "parley.toml"
    config.write_text('[local]\nhost = "10.0.0.5"\nport = 9000\n')
    served = []

    async def serve(settings, ready, ending, given):
        served.append((settings.local.host, settings.local.port))
        ready(settings.local.port or 4711)

    monkeypatch.setattr(engine, "serve", serve)
    result = parley("engine", "--config", str(config), *options)
    assert result.exit_code == 0
    assert served == [address]
    assert result.output == f"Listening on ws://{address[0]}:{address[1] or 4711}/v1/realtime\n"


@pytest.mark.parametrize("error", [EngineStartError("the port is taken"), ModelError("no model")])
def test_what_keeps_it_from_serving_is_one_line(parley, monkeypatch, error):
    async def serve(settings, ready, ending, given):
        raise error

    monkeypatch.setattr(engine, "serve", serve)
    result = parley("engine")
    assert (result.exit_code, result.output) == (1, f"parley: {error}\n")


UNIT = """
import os
from pathlib import Path
from device.commands.main import main
from device.system import paths

if "AT" in os.environ:  # as systemd does it; what it begins anew as has them from itself
    os.dup2(int(os.environ.pop("AT")), 3)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
paths.HANDED = Path(os.environ["STATE_DIRECTORY"]).parent / "engine.toml"
main()
"""


async def becomes(path, voice: str) -> None:
    """Wait until the engine at a socket speaks with another voice."""
    async with asyncio.timeout(60):
        while await voice_at(path) != voice:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.2)


async def voice_at(path) -> str:
    """Return the voice that the engine at a socket speaks with, once it takes sessions."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as http:
        async with asyncio.timeout(60):
            while True:
                try:
                    async with http.ws_connect("http://localhost/v1/realtime") as ws:
                        return (await ws.receive_json())["session"]["audio"]["output"]["voice"]
                except (aiohttp.ClientError, OSError):
                    await asyncio.sleep(0.1)


@pytest.mark.realtime
async def test_the_unit_begins_anew_when_the_assistant_hands_over_other_settings(models, tmp_path):
    models("silero_vad.onnx")
    handed, at = tmp_path / "engine.toml", tmp_path / "engine.socket"
    handed.write_text('local.tts = "espeak-ng"\nlocal.voice = "en-us"\n')
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(at))
        listening.listen()
        environ = {"STATE_DIRECTORY": str(tmp_path / "parley-engine"), "AT": str(listening.fileno())}
        engine = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", UNIT, "engine"), env=os.environ | environ, pass_fds=[listening.fileno()]
        )
        try:
            assert await voice_at(at) == "en-us"
            (tmp_path / "new").write_text('local.tts = "espeak-ng"\nlocal.voice = "en-gb"\n')
            (tmp_path / "new").replace(handed)
            await becomes(at, "en-gb")
            handed.write_text("[local")
            await asyncio.sleep(3)
            assert await voice_at(at) == "en-gb", "the last good ones stay in force"
            assert engine.returncode is None, "and all that in one process"
            engine.terminate()
            assert await asyncio.wait_for(engine.wait(), 20) == 0
        finally:
            if engine.returncode is None:
                engine.kill()
                await engine.wait()
