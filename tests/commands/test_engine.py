"""`parley engine`: the server's address by settings and options, and how it ends."""

import subprocess
import sys

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

    async def serve(settings, ready, given):
        served.append((settings.local.host, settings.local.port))
        ready(settings.local.port or 4711)

    monkeypatch.setattr(engine, "serve", serve)
    result = parley("engine", "--config", str(config), *options)
    assert result.exit_code == 0
    assert served == [address]
    assert result.output == f"Listening on ws://{address[0]}:{address[1] or 4711}/v1/realtime\n"


@pytest.mark.parametrize("error", [EngineStartError("the port is taken"), ModelError("no model")])
def test_what_keeps_it_from_serving_is_one_line(parley, monkeypatch, error):
    async def serve(settings, ready, given):
        raise error

    monkeypatch.setattr(engine, "serve", serve)
    result = parley("engine")
    assert (result.exit_code, result.output) == (1, f"parley: {error}\n")
