import os
import time
from pathlib import Path

import pytest

from device.bench.busy import busy, cores


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


@pytest.mark.realtime
def test_cores_are_kept_busy_for_as_long_as_it_is_asked_for():
    before = children()
    with busy(2):
        others = set(children()) - set(before)
        assert len(others) == 2
        end = time.monotonic() + 30
        while min(children()[pid] for pid in others) < 0.2:
            assert time.monotonic() < end, "they compute"
    assert not others & set(children())


def test_only_cores_that_may_be_used_count():
    may = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(may)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, may)
