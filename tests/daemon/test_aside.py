import asyncio
import threading

import pytest

from device.daemon.aside import Aside


async def test_work_is_done_one_after_the_other_also_when_somebody_hangs_up():
    began, go_on, at_work, most = threading.Semaphore(0), threading.Semaphore(0), [], []

    def slowly(key):
        at_work.append(key)
        most.append(len(at_work))
        began.release()
        go_on.acquire()
        at_work.remove(key)
        return key

    aside = Aside()
    many = [asyncio.ensure_future(aside.do(slowly, n)) for n in range(4)]
    await asyncio.to_thread(began.acquire)
    many[0].cancel()
    await asyncio.wait({many[0]})
    go_on.release(4)
    done = await asyncio.gather(*many, return_exceptions=True)
    assert [type(one) for one in done[:1]] == [asyncio.CancelledError]
    assert done[1:] == [1, 2, 3]
    assert most == [1] * 4


async def test_what_goes_wrong_is_told_and_keeps_nobody_else():
    aside = Aside()
    with pytest.raises(ZeroDivisionError):
        await aside.do(lambda: 1 / 0)
    assert await aside.do(lambda: 1) == 1
