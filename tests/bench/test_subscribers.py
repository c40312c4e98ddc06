"""Subscribers in a process of their own: that they come, count, and end with their input."""

import asyncio
import sys

from device.bench.subscribers import TOPICS
from device.door.messages import About, Cost, Engine, Muted, Snapshot, State, Timers, Volume
from device.door.place import FILE
from device.door.server import Server

NOW = Snapshot(About("Ada", "1", "en"), State("asleep", "asleep"), Engine(), Cost(), Timers(), Muted(), Volume(50))


async def test_they_count_what_they_are_told_and_one_never_reads(tmp_path):
    server = Server(tmp_path / FILE, None, lambda: NOW)
    assert await server.open()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "device.bench.subscribers", str(tmp_path / FILE), "3",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert await asyncio.wait_for(process.stdout.readline(), 30) == b"there\n"
    assert server.wanted == set(TOPICS)
    for percent in range(10):
        server.publish(Volume(percent))
    await asyncio.sleep(0)
    out, _ = await asyncio.wait_for(process.communicate(b""), 30)
    counts = [int(one) for one in out.split()]
    assert len(counts) == 2
    assert all(1 <= count <= 11 for count in counts)
    await server.close()
