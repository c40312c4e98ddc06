"""The panel's button and lights with a whole daemon, in a room on a virtual clock."""

import asyncio
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from gpiozero.pins.mock import MockFactory
from support.house import House, play, says
from support.listener import Listener, spoken

from device.audio.resample import resample
from device.daemon.controls import Controls
from device.daemon.watcher import Watcher
from device.panel.painter import Painter
from device.panel.panel import Panel
from device.sample_clock import samples
from device.settings.panel import PanelSettings
from device.simulation.scripted_reply import RATE
from device.wire import realtime_client as wire

QUESTION = "hey jarvis, what time is it?"
LONG = spoken(6.0, "One two three four five six seven eight nine ten eleven twelve.", pace=0.3)
PIN = 17


@pytest.fixture
def button(monkeypatch):
    """Return what gives a daemon that plays a button: press it for some seconds."""
    factory = MockFactory()

    @contextmanager
    def given(house):
        loop = asyncio.get_running_loop()
        monkeypatch.setattr("device.panel.panel.time", SimpleNamespace(monotonic=loop.time))
        controls = Controls(house.daemon, mark=house.folder / "updating")
        panel = Panel(PanelSettings(button_pin=PIN), controls, factory)
        assert panel.open() == []

        async def press(seconds=0.1):
            at = house.daemon.position
            factory.pin(PIN).drive_low()
            await asyncio.sleep(seconds)
            factory.pin(PIN).drive_high()
            await asyncio.sleep(0)
            return at

        yield press
        panel.close()

    yield given
    factory.reset()


def test_a_press_silences_the_loudspeaker_within_60_ms(tmp_path, button):
    """The card's output latency, 20 ms, included."""
    house = House(tmp_path, [says(QUESTION, at=1.0)], 26)
    server = Listener(LONG)
    presses = []

    async def script(house):
        with button(house) as press:
            for n in range(1, 6):
                await house.until("state", n, state="speaking")
                await asyncio.sleep(0.5 + 0.0137 * n)
                presses.append(await press())
                await asyncio.sleep(0.5)
                if n < 5:
                    house.daemon.repeat()
            await asyncio.sleep(0.3)

    play(house, server, script)
    loudspeaker = house.tracks().loudspeaker
    assert len(presses) == 5
    for at in presses:
        assert loudspeaker[at - 800 : at].any()
        silent = at + samples(60)
        assert not loudspeaker[silent : silent + 3200].any()


def test_a_double_press_begins_the_reply_again_and_the_engine_knows_only_of_the_first(tmp_path, button):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 14)
    server = Listener(LONG)

    async def script(house):
        await house.until("state", state="speaking")
        await asyncio.sleep(2.0)
        with button(house) as press:
            await press()
            await asyncio.sleep(0.1)
            await press()
        await asyncio.sleep(3.0)

    play(house, server, script)
    (cut,) = server.all(wire.ConversationItemTruncate)
    assert cut.audio_end_ms == pytest.approx(2000, abs=60)
    assert house.states[-2:] != ["speaking", "asleep"]
    (repeated,) = house.all("repeat")
    again = [e for e in house.all("state") if e.state == "speaking"][1]
    begun = house.tracks().loudspeaker[again.at : again.at + samples(1500)].astype(float)
    pcm = np.frombuffer(LONG.items[0].pcm, np.int16)
    said = resample(pcm, RATE, 16000)[: samples(1500)].astype(float)
    peak = np.correlate(begun, said, "same").max() / np.sqrt((begun**2).sum() * (said**2).sum())
    assert peak > 0.9
    assert repeated.at < again.at


def test_who_holds_the_button_of_a_sleeping_device_mutes_it_and_nothing_leaves(tmp_path, button):
    house = House(tmp_path, [says(QUESTION, at=4.0), says(QUESTION, at=10.0)], 14)
    server = Listener(LONG)

    async def script(house):
        await asyncio.sleep(1.0)
        with button(house) as press:
            await press(1.5)
            await asyncio.sleep(5.0)
            assert house.states == ["muted"]
            assert not server.connections
            await press(0.2)
            assert house.states == ["muted"]
            await press(1.2)
            assert house.states == ["muted", "asleep"]

    play(house, server, script)
    assert len(server.connections) == 1
    assert "listening" in house.states


def test_the_streaming_light_is_lit_when_sound_leaves_and_only_then(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 16, follow_up_s=3.0)
    server = Listener(spoken(2.0))
    lamp = SimpleNamespace(value=None)
    lit, times = [], []

    async def script(house):
        class Sees(Watcher):
            def sent(self, at, total):
                times.append(house.daemon.position)

        house.daemon.watch(Sees())
        painter = Painter(Controls(house.daemon, mark=tmp_path / "updating"), lambda: False, None, lamp)
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.02)
            painter.paint(loop.time())
            lit.append((house.daemon.position, lamp.value))

    play(house, server, script)
    assert times
    for at, on in lit:
        last = max((t for t in times if t <= at), default=-samples(1000))
        if at - last < samples(170):
            assert on, at
        elif at - last > samples(260):
            assert not on, at
    assert {on for _, on in lit} == {True, False}
