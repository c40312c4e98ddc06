"""How long an answer is waited for."""

import asyncio

import pytest

from device.mcp.patience import MOST, patience
from device.simulation import virtual_clock


def timed(work):
    """Return how long some work took on a virtual clock."""

    async def measured():
        began = asyncio.get_running_loop().time()
        await work()
        return asyncio.get_running_loop().time() - began

    return virtual_clock.run(measured())


def test_it_ends():
    async def work():
        with pytest.raises(TimeoutError):
            async with patience(2):
                await asyncio.sleep(100)

    assert timed(work) == pytest.approx(2, abs=0.1)


def test_progress_starts_it_anew_but_not_for_ever():
    async def progress():
        async with patience(2) as again:
            while True:
                await asyncio.sleep(1)
                again()

    async def work():
        with pytest.raises(TimeoutError):
            await progress()

    assert timed(work) == pytest.approx(2 * MOST, abs=0.1)
