import asyncio

from device.daemon.tasks import Tasks


async def test_what_fails_is_logged_and_takes_nothing_along(caplog):
    tasks, go = Tasks(), asyncio.Event()
    done = []

    async def fail():
        raise ValueError("never thought of")

    async def work():
        await go.wait()
        done.append(True)

    failing, working = tasks.spawn(fail()), tasks.spawn(work())
    await asyncio.wait([failing])
    go.set()
    await working
    assert done == [True]
    assert [record.message for record in caplog.records] == [
        "A task of the daemon failed: ValueError('never thought of')"
    ]


async def test_closing_waits_for_what_is_under_way():
    tasks, done = Tasks(), []

    async def say_goodbye():
        await asyncio.sleep(0)
        done.append(True)

    tasks.spawn(say_goodbye())
    await tasks.close()
    assert done == [True]
    await tasks.close()


async def test_closing_cancels_what_does_not_end(monkeypatch, caplog):
    monkeypatch.setattr("device.daemon.tasks.CLOSE_S", 0.01)
    tasks = Tasks()
    stuck = tasks.spawn(asyncio.Event().wait())
    await asyncio.wait_for(tasks.close(), 10)
    await asyncio.wait([stuck])
    assert stuck.cancelled()
    assert not caplog.records, "to be cancelled is no failure"
