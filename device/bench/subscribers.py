"""Subscribers at the daemon's door, in a process of their own: `python -m device.bench.subscribers DOOR HOW_MANY`.

All want everything, levels included; the first never reads. Once all are there, a line says so; when the input ends, a
last line says how many events each of the others got.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import get_args

from device.door.client import DoorError, connect
from device.door.messages import VERSION, Hello, Subscribe, Topic, encode
from device.door.place import reached
from device.system.printed import echo

TOPICS: tuple[Topic, ...] = get_args(Topic)


async def never_read(path: Path) -> asyncio.StreamWriter:
    """Subscribe, and read nothing."""
    with reached(path) as way:
        _, writer = await asyncio.open_unix_connection(way)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(encode(Hello(version=VERSION, who="never reads")) + encode(Subscribe(TOPICS)))
    return writer


async def read(path: Path, counts: list[int], there: asyncio.Semaphore) -> None:
    """Subscribe, and count what is told until the door is shut."""
    own = len(counts)
    counts.append(0)
    try:
        async with await connect("a bench", path) as door:
            async for _ in door.subscribe(TOPICS):
                if not counts[own]:
                    there.release()
                counts[own] += 1
    except DoorError:
        pass


async def main(path: Path, how_many: int) -> None:
    """Subscribe so often, until the input ends."""
    writer = await never_read(path)
    counts: list[int] = []
    there = asyncio.Semaphore(0)
    reading = [asyncio.create_task(read(path, counts, there)) for _ in range(how_many - 1)]
    for _ in reading:
        await there.acquire()
    echo("there")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for one in reading:
        one.cancel()
    writer.transport.abort()
    echo(" ".join(map(str, counts)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
