"""The bridge, with a real broker and a door: either comes and goes, is slow or talks nonsense."""

import asyncio
import json
import logging
import sys
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from support.mosquitto import Mosquitto
from support.scripted_door import ScriptedDoor, snapshot, state

from device.door import messages as door
from device.door.client import connect
from device.mqtt import bridge as module
from device.mqtt.bridge import Bridge, forget
from device.mqtt.topics import Topics
from device.settings.mqtt import MqttSettings


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Have it wait for little."""
    monkeypatch.setattr(module, "AGAIN_S", (0.05, 0.2))
    monkeypatch.setattr(module, "DOOR_AGAIN_S", 0.05)
    monkeypatch.setattr(module, "REANNOUNCE_S", (0.0, 0.05))
    monkeypatch.setattr(module, "COMPLAIN_S", 0.0)


async def until(holds):
    """Wait until something holds of which nobody tells."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class Home:
    """A client of the broker, which knows the last message of each topic below `base`, and the config."""

    def __init__(self, client, topics):
        self.client, self.topics = client, topics
        self.now = {}
        self.happened = []
        self._more = asyncio.Event()

    async def read(self):
        async for message in self.client.messages:
            self.now[str(message.topic)] = message
            if str(message.topic) == self.topics.told("alarm"):
                self.happened.append(json.loads(message.payload))
            self._more.set()

    async def until(self, holds):
        """Wait until something holds."""
        async with asyncio.timeout(30):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def sees(self, what, payload):
        """Wait until something is told so."""
        topic = self.topics.told(what)
        await self.until(lambda: topic in self.now and self.now[topic].payload == payload)

    async def do(self, what, payload="PRESS", **more):
        await self.client.publish(self.topics.do(what), payload, qos=1, **more)


class World:
    """A broker, a home and the place of a door, at which the bridge looks."""

    def __init__(self, broker, path):
        self.broker, self.path = broker, path
        self.settings = MqttSettings(host="127.0.0.1", port=broker.port, topic="t", name="Kitchen")
        self.told = []

    @asynccontextmanager
    async def door(self, *given):
        async with ScriptedDoor(self.path, *given) as one:
            yield one

    @asynccontextmanager
    async def bridge(self):
        holding = asyncio.create_task(
            Bridge(lambda: self.settings, self.told.append, lambda who: connect(who, self.path)).hold()
        )
        yield
        assert not holding.done(), holding.result()
        holding.cancel()
        await asyncio.wait([holding])

    @asynccontextmanager
    async def home(self):
        async with self.broker.client() as client:
            topics = Topics(self.settings)
            home = Home(client, topics)
            reading = asyncio.create_task(home.read())
            await client.subscribe("t/#", qos=1)
            await client.subscribe("homeassistant/#", qos=1)
            yield home
            reading.cancel()
            await asyncio.wait([reading])
            if not reading.cancelled():
                assert "Disconnected" in str(reading.exception())


@pytest.fixture
def world(broker, tmp_path):
    return World(broker, tmp_path / "door.socket")


async def test_a_home_learns_what_the_device_is_and_how(world):
    async with world.door(snapshot(state("listening"))), world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        await home.sees("state", b"listening")
        await home.until(lambda: home.topics.config in home.now)
        config = json.loads(home.now[home.topics.config].payload)
        assert config["device"]["name"] == "Kitchen"
    assert any("Connected" in one for one in world.told)


async def test_who_comes_later_knows_it_too(world):
    async with world.door(), world.bridge():
        async with world.home() as home:
            await home.sees("volume", b"80")
        async with world.home() as later:
            await later.sees("volume", b"80")
            assert later.now[later.topics.told("volume")].retain


async def test_what_changes_is_told(world):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("state", b"asleep")
        await daemon.tell(state("speaking"), door.Volume(30), door.Muted(on=True))
        await home.sees("state", b"speaking")
        await home.sees("volume", b"30")
        await home.sees("mute", b"ON")


async def test_what_happens_is_told_and_not_kept(world):
    async with world.door() as daemon, world.bridge():
        async with world.home() as home:
            await home.sees("state", b"asleep")
            await daemon.tell(door.Timers(ringing=True))
            await home.until(lambda: home.happened == [{"event_type": "ringing", "names": []}])
        async with world.home() as later:
            await later.sees("state", b"asleep")
            assert later.topics.told("alarm") not in later.now


async def test_what_is_asked_for_is_done(world):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        for what, payload in (("wake", "PRESS"), ("say", "Dinner's ready"), ("volume", "40"), ("mute", "ON")):
            await home.do(what, payload)
        asked = [replace(await asyncio.wait_for(daemon.asked.get(), 20), id=0) for _ in range(4)]
        said = door.Say(text="Dinner's ready", wait=False)
        assert sorted(map(repr, asked)) == sorted(map(repr, (door.Wake(), said, door.SetVolume(40), door.Mute())))


async def test_what_means_nothing_is_not_done_and_all_goes_on(world, caplog):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        for what, payload in (("sing", "x"), ("volume", "loud\x1b[2J"), ("say", b"\xff"), ("say", "x" * 5000)):
            await home.do(what, payload)
        await home.do("stop")
        assert isinstance(await asyncio.wait_for(daemon.asked.get(), 20), door.Stop)
    assert "do/sing: there is no such topic" in caplog.text
    assert "\x1b" not in caplog.text


async def test_a_message_that_is_too_large_does_not_come_in(world):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        await home.do("say", b"x" * 2_000_000)
        await home.do("stop")
        assert isinstance(await asyncio.wait_for(daemon.asked.get(), 20), door.Stop)


async def test_a_command_of_last_year_is_not_obeyed(world, caplog):
    async with world.door() as daemon, world.home() as home:
        await home.do("say", "Happy New Year", retain=True)
        async with world.bridge():
            await home.sees("available", b"online")
            await home.do("stop")
            assert isinstance(await asyncio.wait_for(daemon.asked.get(), 20), door.Stop)


async def test_a_flood_is_not_waited_for_and_what_comes_after_is_done(world):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        for _ in range(300):
            await home.client.publish(home.topics.do("volume"), "0", qos=0)
        asked = door.Wake()
        while not isinstance(asked, door.Stop):
            await home.do("stop")
            asked = await asyncio.wait_for(daemon.asked.get(), 20)


async def test_what_the_daemon_refuses_is_logged(world, caplog):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        daemon.refuses = door.Error(code="impossible", what="a switch holds it muted", fix="turn it")
        await home.do("mute", "OFF")
        await until(lambda: "do/mute: a switch holds it muted: turn it" in caplog.text)


async def test_without_a_daemon_it_is_offline_and_it_comes_back(world, caplog):
    async with world.bridge(), world.home() as home:
        async with world.door():
            await home.sees("available", b"online")
        await home.sees("available", b"offline")
        await home.do("wake")
        await until(lambda: "there is no assistant just now" in caplog.text)
        async with world.door(snapshot(state("listening"))):
            await home.sees("available", b"online")
            await home.sees("state", b"listening")


async def test_a_broker_that_goes_and_comes_is_told_all_again(world):
    async with world.door() as daemon, world.bridge():
        async with world.home() as home:
            await home.sees("available", b"online")
        await world.broker.stop()
        daemon.now = snapshot(volume=door.Volume(12))
        await until(lambda: any("broke off" in one or "cannot be reached" in one for one in world.told))
        await world.broker.start()
        async with world.home() as home:
            await home.sees("available", b"online")
            await home.sees("volume", b"12")
            await home.until(lambda: home.topics.config in home.now)


async def test_a_device_whose_power_fails_is_offline_by_its_will(world):
    program = f"""
import asyncio, os
from device.mqtt.broker import connected
from device.settings.mqtt import MqttSettings

async def die():
    async with connected(MqttSettings(host='127.0.0.1', port={world.settings.port}), 'x', 't/available'):
        os._exit(0)

asyncio.run(die())
"""
    async with world.home() as home:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        assert await process.wait() == 0
        await home.sees("available", b"offline")


async def test_a_device_that_ends_in_order_says_that_it_is_offline(world):
    async with world.home() as home:
        async with world.door(), world.bridge():
            await home.sees("available", b"online")
        await home.sees("available", b"offline")


async def test_when_home_assistant_comes_all_is_told_anew(world):
    async with world.door(), world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        await home.until(lambda: home.topics.told("update") in home.now)
        home.now.clear()
        await home.client.publish("homeassistant/status", "online", qos=1)
        await home.until(lambda: home.topics.config in home.now)
        await home.sees("available", b"online")
        await home.sees("volume", b"80")


async def test_a_flood_of_comings_is_one_and_keeps_nobody_from_asking(world, caplog):
    async with world.door() as daemon, world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        for _ in range(40):
            await home.client.publish("homeassistant/status", "online", qos=0)
        await home.do("wake")
        assert isinstance(await asyncio.wait_for(daemon.asked.get(), 20), door.Wake)
    assert "wait for their answers" not in caplog.text


async def test_settings_that_changed_hold_once_the_daemon_is_back(world, tmp_path):
    (tmp_path / "other").mkdir()
    other = Mosquitto(tmp_path / "other")
    await other.start()
    try:
        async with world.bridge():
            async with world.door(), world.home() as home:
                await home.sees("available", b"online")
                world.settings = replace(world.settings, port=other.port, name="Hall")
            async with world.door():
                await home_of(world, other, b"online")
                async with world.home() as home:
                    await home.sees("available", b"offline")
    finally:
        await other.stop()


async def home_of(world, broker, payload):
    """Wait until a broker is told so of the device."""
    async with World(broker, world.path).home() as home:
        await home.sees("available", payload)
        await home.until(lambda: home.topics.config in home.now)
        assert json.loads(home.now[home.topics.config].payload)["device"]["name"] == "Hall"


async def test_a_secret_of_the_door_is_not_told(world):
    async with world.door(snapshot(code=door.CodeMade(seconds=60))), world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        await home.until(lambda: home.topics.told("timers") in home.now)
        assert "code" not in "".join(home.now)


async def test_a_broker_can_be_made_to_forget_the_device(world):
    async with world.door(), world.bridge(), world.home() as home:
        await home.sees("available", b"online")
        await home.until(lambda: home.topics.told("update") in home.now)
    await forget(world.settings)
    async with world.home() as later:
        await later.client.publish("t/end", "", qos=1)
        await later.until(lambda: "t/end" in later.now)
        assert set(later.now) == {"t/end"}


async def test_a_broker_that_refuses_is_told_once(world, caplog, monkeypatch):
    caplog.set_level(logging.WARNING)
    await world.broker.stop()
    attempts, real = 0, module.connected

    def counted(*given):
        nonlocal attempts
        attempts += 1
        return real(*given)

    monkeypatch.setattr(module, "connected", counted)
    async with world.door(), world.bridge():
        await until(lambda: attempts >= 5)
    assert caplog.text.count("cannot be reached") == 1
    assert len(world.told) == 1
