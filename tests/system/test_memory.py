import gc
import subprocess
import sys
import weakref

from device.system.memory import settle

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
