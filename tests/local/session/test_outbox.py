import asyncio

import pytest

from device.local.session.outbox import ROOM, Outbox

PATIENCE = 20


async def test_events_are_sent_in_order():
    sent = asyncio.Queue()
    outbox = Outbox(sent.put, PATIENCE)
    outbox.write("a")
    outbox.write("b")
    running = asyncio.create_task(outbox.run())
    assert [await asyncio.wait_for(sent.get(), PATIENCE) for _ in range(2)] == ["a", "b"]
    outbox.write("c")
    assert await asyncio.wait_for(sent.get(), PATIENCE) == "c"
    running.cancel()


async def test_room_is_what_the_client_makes():
    taken = asyncio.Queue(1)
    outbox = Outbox(taken.put, PATIENCE)
    await outbox.room()
    for _ in range(3):
        outbox.write("x" * ROOM)
    waiting = asyncio.create_task(outbox.room())
    running = asyncio.create_task(outbox.run())
    await asyncio.wait_for(taken.get(), PATIENCE)
    assert not waiting.done()
    await asyncio.wait_for(taken.get(), PATIENCE)
    await asyncio.wait_for(waiting, PATIENCE)
    running.cancel()


async def test_a_client_that_takes_nothing_is_given_up():
    outbox = Outbox(lambda _: asyncio.Event().wait(), 0.05)
    outbox.write("x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(outbox.run(), PATIENCE)
