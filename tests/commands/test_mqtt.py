"""`parley mqtt`: as a process, with a real broker; and what it says where none can be had."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from support.mosquitto import Mosquitto, free_port
from support.scripted_door import ScriptedDoor

MOST_KB = 60 * 1024
"""What the process may take; measured: 43 MB."""


def resident_kb(pid):
    return int(re.search(r"VmRSS:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


def test_without_a_broker_it_says_what_to_set(parley):
    result = parley("mqtt")
    assert result.exit_code == 1
    assert "mqtt.host" in result.stderr


def test_what_cannot_be_forgotten_is_told(parley, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {free_port()}\n')
    result = parley("mqtt", "--forget", "--config", str(file))
    assert result.exit_code == 1
    assert "cannot be reached" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_serves_until_it_is_told_to_end_and_is_small(tmp_path, number):
    broker = Mosquitto(tmp_path)
    await broker.start()
    file = tmp_path / "own.toml"
    file.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntopic = "t"\nwords = true\n')
    state = tmp_path / "state" / "parley"
    state.mkdir(parents=True)
    environ = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    try:
        async with ScriptedDoor(state / "door.socket"), broker.client() as home:
            await home.subscribe("t/available")
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "device", "mqtt", "--config", str(file)),
                env=environ, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            said = aiter(home.messages)
            assert (await asyncio.wait_for(anext(said), 60)).payload == b"online"
            taken = resident_kb(process.pid)
            process.send_signal(number)
            _, stderr = await asyncio.wait_for(process.communicate(), 30)
            assert (await asyncio.wait_for(anext(said), 20)).payload == b"offline"
        assert process.returncode == 0, stderr
        assert b"Traceback" not in stderr
        assert taken < MOST_KB, taken
    finally:
        await broker.stop()


async def test_what_a_broker_keeps_is_forgotten(parley, tmp_path):
    broker = Mosquitto(tmp_path)
    await broker.start()
    file = tmp_path / "own.toml"
    file.write_text(f'[mqtt]\nhost = "127.0.0.1"\nport = {broker.port}\ntopic = "t"\n')
    try:
        async with broker.client() as home:
            await home.publish("t/state", json.dumps("asleep"), qos=1, retain=True)
        result = await asyncio.to_thread(parley, "mqtt", "--forget", "--config", str(file))
        assert result.exit_code == 0
        async with broker.client() as home:
            await home.subscribe("t/#")
            await home.publish("t/end", "")
            assert str((await asyncio.wait_for(anext(aiter(home.messages)), 20)).topic) == "t/end"
    finally:
        await broker.stop()
