import gc
import subprocess
import sys
import weakref

import pytest

from device.system.memory import available_mb, of_machine_mb, settle

BLOCKS = """
import ctypes, sys, threading
from device.system import memory

class Info(ctypes.Structure):
    _fields_ = [(f"field{n}", ctypes.c_size_t) for n in range(10)]

mallinfo = ctypes.CDLL(None).mallinfo2  # the fourth is the number of blocks of the system's
mallinfo.restype = Info
if "large" in sys.argv:
    memory.large_blocks_go_back()
bytearray(31 << 20)  # freed at once: glibc takes what is smaller for small from now on
before = mallinfo().field3
kept = []
thread = threading.Thread(target=lambda: kept.append(bytearray(3 << 20)))
thread.start()
thread.join()
print(mallinfo().field3 - before)
"""


class Knot:
    """An object that only the collector can free."""

    def __init__(self):
        self.itself = self


def test_what_is_there_is_not_looked_at_again_and_what_is_garbage_goes_first():
    garbage, kept = weakref.ref(Knot()), Knot()
    try:
        settle()
        assert garbage() is None
        assert gc.get_freeze_count() > 1000, "all that pytest is made of"
        assert not any(thing is kept for thing in gc.get_objects())
    finally:
        gc.unfreeze()
    assert any(thing is kept for thing in gc.get_objects())


def test_a_large_block_is_the_systems_also_in_a_thread_and_however_large_one_was_freed_before():
    def blocks(*argv):
        command = [sys.executable, "-P", "-c", BLOCKS, *argv]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert blocks() == 0, "glibc has changed: it does so by itself"
    assert blocks("large") == 1


def machine(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal:        1954528 kB\nMemFree: 1 kB\nMemAvailable:    1000000 kB\n"


def test_memory_is_the_machines_or_what_the_group_is_given(tmp_path):
    assert of_machine_mb(machine(tmp_path, {"proc/meminfo": MEMINFO})) == pytest.approx(2001, abs=1)
    assert available_mb(tmp_path) == 1024
    machine(tmp_path, {"proc/self/cgroup": "0::/system.slice/x\n", "sys/fs/cgroup/system.slice/x/memory.max": "max\n"})
    assert of_machine_mb(tmp_path) == pytest.approx(2001, abs=1)
    machine(tmp_path, {"sys/fs/cgroup/system.slice/x/memory.max": "536870912\n"})
    assert of_machine_mb(tmp_path) == pytest.approx(536.9, abs=0.1)
    assert available_mb(tmp_path) == pytest.approx(536.9, abs=0.1)


def test_an_older_group_counts_too(tmp_path):
    limit = {"sys/fs/cgroup/memory/memory.limit_in_bytes": "900000000\n", "proc/meminfo": MEMINFO}
    assert of_machine_mb(machine(tmp_path, limit)) == 900


def test_where_nothing_is_known_nothing_is_denied(tmp_path):
    assert of_machine_mb(tmp_path) > 100_000


def test_what_the_group_uses_already_cannot_be_had_but_for_files_that_the_kernel_drops(tmp_path):
    group = "sys/fs/cgroup/system.slice/x/"
    used = {
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "0::/system.slice/x\n",
        group + "memory.max": "800000000\n",
        group + "memory.current": "700000000\n",
        group + "memory.stat": "anon 200000000\nfile 500000000\ninactive_file 150000000\nactive_file 1\n",
    }
    assert available_mb(machine(tmp_path, used)) == 250
    assert of_machine_mb(tmp_path) == 800
    machine(tmp_path, {group + "memory.high": "600000000\n", group + "memory.stat": "nonsense\n"})
    assert available_mb(tmp_path) == 0


def test_what_an_older_group_uses_counts_too(tmp_path):
    old = {"limit_in_bytes": "900000000\n", "usage_in_bytes": "300000000\n"}
    files = {f"sys/fs/cgroup/memory/memory.{name}": text for name, text in old.items()}
    assert available_mb(machine(tmp_path, {"proc/meminfo": MEMINFO, **files})) == 600
