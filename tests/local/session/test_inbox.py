"""What waits to be taken: in order, bounded; and the pace at which it is."""

import asyncio

import pytest

from device.local.session.inbox import BURST, PER_S, WAITING, Inbox, Pace


async def test_it_is_taken_in_order():
    inbox = Inbox()
    getting = asyncio.create_task(inbox.get())
    for text in ("a", None, "b"):
        await inbox.put(text)
    assert [await getting, await inbox.get(), await inbox.get()] == ["a", None, "b"]


async def test_who_says_too_much_waits_until_it_is_taken():
    inbox = Inbox()
    big = "x" * (WAITING // 2)
    await inbox.put(big)
    await inbox.put(big)
    more = asyncio.create_task(inbox.put("more"))
    await asyncio.sleep(0)
    assert not more.done()
    await inbox.get()
    await more
    assert await inbox.get() == big
    assert await inbox.get() == "more"


async def test_one_event_may_be_as_large_as_it_likes():
    inbox = Inbox()
    await asyncio.wait_for(inbox.put("x" * 2 * WAITING), 1)
    assert len(await inbox.get()) == 2 * WAITING


def test_a_burst_passes_and_then_it_is_so_many_a_second():
    pace = Pace(0)
    assert [pace.delay(0) for _ in range(BURST)] == [0.0] * BURST
    assert pace.delay(0) == pytest.approx(1 / PER_S)
    now = 0.0
    for _ in range(10 * PER_S):
        now += pace.delay(now)
    assert now == pytest.approx(10, rel=0.01)


def test_who_pauses_may_burst_again():
    pace = Pace(0)
    for _ in range(BURST + 10):
        pace.delay(0)
    assert sum(pace.delay(1000.0) for _ in range(BURST)) == 0
