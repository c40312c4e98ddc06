"""Several engines behind the HAProxy of scripts/fleet: eight devices talk on while one engine after the other ends."""

import asyncio
import os
import re
import shutil
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from msgspec import Struct
from support.mosquitto import free_port

from device.conversation.engine import Expiring, Fault, ReplyEnded, Words
from device.engines.factory import session_with
from device.settings.tree import Settings

CONFIG = Path(__file__).parents[2] / "scripts" / "fleet" / "haproxy.cfg"
PROGRAM = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
DEVICES = 8
QUESTION = "What is two plus two?"
PATIENCE = 60.0

pytestmark = pytest.mark.realtime


class Ports(Struct, frozen=True):
    front: int
    engines: tuple[int, int]
    stats: int


def configuration(ports):
    """Return the configuration of the repository, at these ports."""
    text = CONFIG.read_text("utf-8")
    for port, other in ((8765, ports.front), (8771, ports.engines[0]), (8772, ports.engines[1]), (8405, ports.stats)):
        text, count = re.subn(rf"(bind |:){port}\b", lambda found, other=other: f"{found[1]}{other}", text)
        assert count, port
    return text.replace(f"bind :{ports.front}", f"bind 127.0.0.1:{ports.front}")


@asynccontextmanager
async def balancer(folder, ports):
    assert PROGRAM, "scripts/setup --dev installs haproxy"
    file = folder / "haproxy.cfg"
    file.write_text(configuration(ports))
    process = await asyncio.create_subprocess_exec(PROGRAM, "-db", "-f", str(file), stderr=asyncio.subprocess.DEVNULL)
    try:
        yield
        assert process.returncode is None, "it has ended"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Engine:
    """`parley engine`, which comes and goes."""

    def __init__(self, folder, port):
        self.port = port
        self.config = folder / "engine.toml"
        self.config.write_text('[local]\nstt = "moonshine-tiny"\ntts = "espeak-ng"\ndrain_s = 30\n')
        self.process = None

    async def start(self):
        command = (sys.executable, "-P", "-m", "device", "engine", "--port", str(self.port), "--config")
        self.process = await asyncio.create_subprocess_exec(
            *command, str(self.config), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert line.startswith(b"Listening on"), line

    async def sessions(self):
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.port}/health") as answer:
            return (await answer.json())["sessions"]

    async def drain(self):
        """Tell it to end, as systemd does; return its status and how long that took."""
        began = asyncio.get_running_loop().time()
        self.process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(self.process.wait(), PATIENCE)
        return status, asyncio.get_running_loop().time() - began

    async def kill(self):
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Device:
    """Asks one question after the other, and goes on in another session in the pause after an answer if it is told."""

    def __init__(self, url):
        self.url = url
        self.answers, self.sessions, self.faults = [], 0, []
        self.over = False

    async def run(self):
        while not self.over:
            session = session_with(Settings(), "local", (), local_url=self.url)
            await session.open(())
            self.sessions += 1
            try:
                await self.talk(session)
            finally:
                await session.close()

    async def talk(self, session):
        events = session.events()
        expiring = False
        while not (expiring or self.over):
            await session.ask(QUESTION)
            said = ""
            async for event in events:
                expiring = expiring or isinstance(event, Expiring)
                if isinstance(event, Words) and event.role == "assistant" and event.final:
                    said += event.text
                if isinstance(event, Fault):
                    self.faults.append(event)
                    return
                if isinstance(event, ReplyEnded):
                    break
            self.answers.append(said)
            await asyncio.sleep(0.2)


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what other processes do
            await asyncio.sleep(0.05)


def test_the_repositorys_configuration_is_one(tmp_path):
    assert PROGRAM, "scripts/setup --dev installs haproxy"
    assert os.spawnv(os.P_WAIT, PROGRAM, [PROGRAM, "-q", "-c", "-f", str(CONFIG)]) == 0


async def test_eight_devices_talk_on_while_each_engine_is_restarted(tmp_path, models):
    models("silero_vad.onnx")
    ports = Ports(free_port(), (free_port(), free_port()), free_port())
    engines = [Engine(tmp_path, port) for port in ports.engines]
    devices = [Device(f"ws://127.0.0.1:{ports.front}/v1/realtime") for _ in range(DEVICES)]
    tasks = []
    try:
        for engine in engines:
            await engine.start()
        async with balancer(tmp_path, ports):
            await reachable(ports)
            tasks = [asyncio.create_task(device.run()) for device in devices]
            await until(lambda: all(device.answers for device in devices))
            assert [await engine.sessions() for engine in engines] == [DEVICES // 2] * 2
            for leaving, staying in (engines, engines[::-1]):
                before = [len(device.answers) for device in devices]
                status, lasted = await leaving.drain()
                assert status == 0
                assert lasted < 20, "devices go on elsewhere, and are not waited for"
                assert await staying.sessions() == DEVICES
                answered = zip(devices, before, strict=True)
                await until(lambda answered=[*answered]: all(len(one.answers) > count + 1 for one, count in answered))
                await leaving.start()
                await reachable(ports)
            for device in devices:
                device.over = True
            await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
        assert [device.faults for device in devices] == [[]] * DEVICES
        assert all(answer.endswith("4.") for device in devices for answer in device.answers)
        assert sum(device.sessions for device in devices) == DEVICES + DEVICES // 2 + DEVICES, "no more than it takes"
    finally:
        for task in tasks:
            task.cancel()
        for engine in engines:
            await engine.kill()


async def reachable(ports):
    """Wait until the balancer knows both engines to be well."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"http://127.0.0.1:{ports.stats}/metrics") as answer:
                    told = await answer.text()
            except aiohttp.ClientConnectionError:
                told = ""
            if len(re.findall(r'haproxy_server_status\{.*server="engine-\d",state="UP"\} 1', told)) == 2:
                return
            await asyncio.sleep(0.1)


async def test_web_pages_and_what_is_no_device_are_refused(tmp_path):
    ports = Ports(free_port(), (free_port(), free_port()), free_port())
    async with balancer(tmp_path, ports), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{ports.front}/v1/realtime"
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    async with http.get(url, headers={"Origin": "http://evil.example"}) as answer:
                        assert answer.status == 403
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        async with http.get(url) as answer:
            assert answer.status == 503, "no engine is there"
