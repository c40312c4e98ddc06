"""The end of an engine that others stand in for."""

import asyncio
import time

import aiohttp
import pytest
from support.raw_client import text_item
from support.scripted import PATIENCE, Brain, Prosody, Recogniser, Vad, Voice

from device.local import drain, load
from device.local.cascade import Stages
from device.local.drain import QUIET_S, Drain
from device.local.server import serve
from device.settings.tree import LocalSettings, Settings
from device.simulation import virtual_clock


class Session:
    """One that is in a turn until `over`, on the loop's clock; whoever holds it heeds its end, or does not."""

    def __init__(self, drained, *, over=0.0, heeds=None):
        self.drained, self.over, self.heeds = drained, over, heeds
        self.told = self.closed = None
        drained.hold(self, self)

    @property
    def busy(self):
        return asyncio.get_running_loop().time() < self.over

    def expire(self, at):
        self.told = at - time.time()
        if self.heeds is not None:
            asyncio.get_running_loop().call_later(self.heeds, self.leave)

    def leave(self):
        self.closed = asyncio.get_running_loop().time()
        self.drained.drop(self)

    async def close(self, **why):
        if self.closed is None:
            self.leave()


def ended(seconds, **sessions):
    """Return when each session was over, and the draining, s after it began; None: it was not."""

    async def main():
        drained = Drain()
        began = asyncio.get_running_loop().time()
        made = {name: Session(drained, **how(began)) for name, how in sessions.items()}
        await drained.run(seconds)
        assert drained.begun
        assert all(abs(one.told - seconds) < 2 for one in made.values())
        over = {name: one.closed and pytest.approx(one.closed - began, abs=0.3) for name, one in made.items()}
        return over, asyncio.get_running_loop().time() - began

    return virtual_clock.run(main())


def test_without_sessions_nothing_is_waited_for():
    assert ended(60) == ({}, 0.0)


def test_who_heeds_it_goes_and_who_does_not_is_closed_once_nothing_was_said_for_a_while():
    over, lasted = ended(
        60,
        heeds=lambda _: {"heeds": 1.5},
        deaf=lambda _: {},
        talks=lambda now: {"over": now + 20},
    )
    assert over == {"heeds": 1.5, "deaf": QUIET_S, "talks": 20 + QUIET_S}
    assert lasted < 60


def test_it_does_not_wait_for_ever():
    over, lasted = ended(12, talks=lambda now: {"over": now + 1000})
    assert over == {"talks": None}
    assert lasted == pytest.approx(12, abs=0.01)


async def test_the_server_lets_a_turn_come_to_its_end_and_takes_no_other(monkeypatch):
    monkeypatch.setattr(drain, "QUIET_S", 0.3)
    voice = Voice()
    monkeypatch.setattr(load, "load_stages", lambda _: Stages(Recogniser(), Brain(), voice, Vad, Prosody()))
    port = asyncio.get_running_loop().create_future()
    told = []
    settings = Settings(local=LocalSettings(port=0, drain_s=PATIENCE))
    task = asyncio.create_task(serve(settings, ready=port.set_result, ending=told.append))
    url = f"http://127.0.0.1:{await port}"
    voice.gate.clear()
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}/v1/realtime") as ws:

        async def until(kind):
            async with asyncio.timeout(PATIENCE):
                while (event := await ws.receive_json())["type"] != kind:
                    pass
            return event

        await ws.send_json({"type": "conversation.item.create", "item": text_item("hello")})
        await ws.send_json({"type": "response.create"})
        await until("response.created")
        task.cancel()
        expires = (await until("session.updated"))["session"]["expires_at"]
        assert abs(expires - time.time() - PATIENCE) < 5
        assert told == [PATIENCE]
        async with http.get(f"{url}/health") as answer:
            health = await answer.json()
        assert (answer.status, health["status"], health["ready"], health["sessions"]) == (503, "draining", False, 1)
        async with http.get(f"{url}/v1/realtime") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (503, "engine_draining")
        voice.gate.set()
        assert (await until("response.done"))["response"]["status"] == "completed"
        frame = await ws.receive(PATIENCE)
        assert (frame.type, frame.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    with pytest.raises(asyncio.CancelledError):
        await task
