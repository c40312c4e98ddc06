"""Time on the virtual clock passes only when there is nothing to do."""

import asyncio
import threading
import time

import pytest

from device.simulation.virtual_clock import VirtualLoop, VirtualThread, run


def test_a_day_of_sleep_takes_no_time():
    async def main():
        await asyncio.sleep(86_400)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(main()) == 86_400
    assert time.monotonic() - began < 30


def test_timers_fire_in_their_order():
    async def main():
        done = []

        async def nap(seconds):
            await asyncio.sleep(seconds)
            done.append(seconds)

        await asyncio.gather(*(nap(s) for s in (3, 1, 2)))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.Event().wait()
        return done, asyncio.get_running_loop().time()

    assert run(main()) == ([1, 2, 3], 8)


def test_driven_time_stands_still_while_there_is_work():
    async def main():
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        steps, woken = [], []

        def step():
            if len(steps) == 100:
                return 0.0
            steps.append(loop.time())
            loop.call_soon_threadsafe(woken.append, len(steps))
            return 0.01

        loop.drive(step)
        for _ in range(50):
            await asyncio.sleep(0)
        assert not steps
        await asyncio.sleep(0.5)
        assert woken == list(range(1, len(steps) + 1))  # each block's news is dealt with before the next block
        assert 50 <= len(steps) <= 51
        await asyncio.sleep(1000)  # past the end of the drive: it jumps
        return len(steps), loop.time()

    steps, now = run(main())
    assert steps == 100
    assert now == pytest.approx(1000.5, abs=0.02)


def test_a_step_that_fails_ends_the_run():
    async def main():
        def step():
            raise RuntimeError("broken step")

        asyncio.get_running_loop().drive(step)
        await asyncio.sleep(1)

    with pytest.raises(RuntimeError, match="broken step"):
        run(main())


def test_work_for_threads_is_done_at_once_on_this_one():
    async def main():
        def work(fail):
            if fail:
                raise KeyError("x")
            return threading.get_ident()

        with pytest.raises(KeyError):
            await asyncio.to_thread(work, True)
        return await asyncio.to_thread(work, False)

    assert run(main()) == threading.get_ident()


def test_charged_work_is_known_when_the_time_it_took_has_passed():
    def work():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return "done"

    async def main():
        loop = asyncio.get_running_loop()
        assert await asyncio.to_thread(work) == "done"
        took = loop.time()
        given_up = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(1)  # its result comes to nothing
        return took

    assert 0.2 <= run(main(), charge=10) < 2
    assert run(main()) == 0


def test_a_virtual_thread_does_one_work_after_the_other():
    def work():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return threading.get_ident()

    def fail():
        raise KeyError("x")

    async def main():
        loop = asyncio.get_running_loop()
        thread = VirtualThread(loop, charge=10)
        first, given_up, second, third = (thread.submit(f) for f in (work, work, work, fail))
        given_up.cancel()
        assert await asyncio.wrap_future(first) == threading.get_ident()
        times = [loop.time()]
        await asyncio.wrap_future(second)
        times.append(loop.time())
        with pytest.raises(KeyError):
            await asyncio.wrap_future(third)
        return times

    first, second = run(main())
    assert 0.2 <= first < 2
    assert second >= first + 0.4


def test_sockets_answer_before_time_passes():
    async def main():
        async def echo(reader, writer):
            writer.write(await reader.readline())
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        asyncio.get_running_loop().drive(lambda: 0.01)
        async with server:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"hello\n")
                answer = await reader.readline()
            writer.close()
        return answer

    assert run(main()) == b"hello\n"


def test_another_thread_can_wake_the_loop():
    async def main():
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(woken.set))
        thread.start()
        await woken.wait()
        thread.join()

    run(main())
