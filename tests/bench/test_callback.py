import os
import time
from pathlib import Path

import numpy as np

from device.bench import callback
from device.bench.callback import UrgentRoom, busy
from device.simulation.scene import Scene


def children():
    """Return the processes that this one has started, with the CPU seconds that each has taken."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def test_one_core_is_kept_busy_for_as_long_as_it_is_asked_for():
    before = children()
    with busy():
        (pid,) = set(children()) - set(before)
        end = time.monotonic() + 30
        while children()[pid] < 0.2:
            assert time.monotonic() < end, "it computes"
    assert pid not in children()


def test_a_rooms_thread_is_urgent_from_its_first_block_on(monkeypatch):
    urged = []
    monkeypatch.setattr(callback, "be_urgent", lambda: urged.append(room.frame))
    room = UrgentRoom(Scene(name="test", seconds=0.1), pace="step")

    class Silence:
        def render(self, out, position):
            out.fill(0)

    room.open(Silence())
    while room.step():
        pass
    assert urged == [0]
    assert len(room.callback_ns) == 10
    assert (np.asarray(room.callback_ns) > 0).all()
