"""A process that serves: what it tells once it is ready, and what ends it."""

import asyncio
import os
import signal

import pytest

from device.conversation.entries import CardLost, EngineUnable, HearsItself, HearsOthers, SessionOpen
from device.daemon.readiness import Health, until_closed, until_signal, until_told
from device.settings import last_good
from device.settings.last_good import InForce
from device.settings.loading import read


class Told:
    def __init__(self):
        self.messages = []

    def tell(self, message):
        self.messages.append(message)


@pytest.mark.parametrize(("fault", "kept"), [("", True), ("settings: no such key\nmore of it", False)])
def test_who_is_ready_says_where_and_what_is_wrong_with_the_settings(tmp_path, monkeypatch, fault, kept):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    told = Told()
    Health(told, InForce(read(), fault), "port 5").tell_ready()
    assert told.messages == [f"READY=1\nSTATUS=Listening on port 5{'' if kept else '. settings: no such key'}"]
    assert (tmp_path / last_good.FILE).exists() is kept


def test_the_service_manager_is_told_that_the_device_hears_itself_and_when_that_is_over():
    told = Told()
    health = Health(told, InForce(read()), "USB")
    for entry in (CardLost(1), HearsItself(2, "so"), HearsOthers(3)):
        health.take(entry)
    assert told.messages == ["STATUS=Listening on USB. It hears itself: so", "STATUS=Listening on USB"]


def test_the_service_manager_is_told_which_engine_cannot_answer_until_it_does():
    told = Told()
    health = Health(told, InForce(read(), passed_over=("The engine x is passed over. No key.",)), "USB")
    for entry in (EngineUnable(1, "local", "No voice."), SessionOpen(2, "box"), SessionOpen(3, "local")):
        health.take(entry)
    assert told.messages == [
        "STATUS=Listening on USB. Not every engine can answer: No voice. The engine x is passed over. No key.",
        "STATUS=Listening on USB. Not every engine can answer: The engine x is passed over. No key.",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it(number):
    waiting = asyncio.create_task(until_signal())
    await asyncio.sleep(0)
    assert not waiting.done()
    try:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(waiting, 10)
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(one)


async def test_the_end_of_a_pipe_ends_it_and_what_comes_through_it_does_not():
    reading, writing = os.pipe()
    waiting = asyncio.create_task(until_closed(reading))
    os.write(writing, b"a line\n")
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    os.close(writing)
    await asyncio.wait_for(waiting, 10)
    os.close(reading)


async def test_what_serves_is_ended_by_whatever_ends_it_and_its_own_fault_is_told():
    served = []

    async def serve():
        served.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            served.append("ended")

    async def end():
        while not served:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)

    async def fail():
        raise ZeroDivisionError

    await until_told(serve(), end())
    assert served == ["began", "ended"]
    with pytest.raises(ZeroDivisionError):
        await until_told(fail(), asyncio.Event().wait())
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(one)
