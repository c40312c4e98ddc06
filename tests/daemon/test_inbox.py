import asyncio
import threading

import pytest

from device.conversation.events import Button, CardBack, CardLost
from device.daemon.inbox import Inbox


async def test_what_comes_before_it_is_open_waits_in_its_order():
    inbox, taken = Inbox(), []
    inbox.put(CardLost(1))
    inbox.put(CardBack(2))
    assert taken == []
    inbox.open(taken.append)
    assert taken == [CardLost(1), CardBack(2)]
    inbox.put(Button(3))
    assert taken == [CardLost(1), CardBack(2), Button(3)]


async def test_what_another_thread_posts_is_taken_on_the_loop():
    inbox, came = Inbox(), asyncio.Event()
    taken = []

    def take(event):
        taken.append((event, threading.current_thread()))
        came.set()

    inbox.open(take)
    thread = threading.Thread(target=inbox.post, args=(Button(1),))
    thread.start()
    await asyncio.wait_for(came.wait(), 10)
    thread.join()
    assert taken == [(Button(1), threading.current_thread())]


@pytest.mark.parametrize("closed", [False, True])
def test_a_loop_that_is_closed_is_left_alone(closed):
    taken = []

    async def make():
        inbox = Inbox()
        inbox.open(taken.append)
        if not closed:
            inbox.post(Button(1))
            await asyncio.sleep(0)
        return inbox

    inbox = asyncio.run(make())
    inbox.post(Button(2))
    assert taken == ([] if closed else [Button(1)])
