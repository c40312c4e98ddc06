"""What is done about memory once a process has all that it is made of."""

from __future__ import annotations

import ctypes
import gc


def settle() -> None:
    """Keep the collector from ever looking at what is there now, and give back what is not used.

    To be called once everything is imported and loaded, which is what stays: to go through it, with Python's lock
    held, takes the collector a tenth of a second (Raspberry Pi: several). What loading has left unused are 2 MB in the
    card's process.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)  # another C library may have none
    trim(0)
