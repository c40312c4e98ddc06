"""What a network does to connections, on loopback and without privileges."""

import ctypes
import socket
import struct
from typing import Final

ATTACH_FILTER: Final = 26
DETACH_FILTER: Final = 27
"""Linux, `asm-generic/socket.h`; Python has no names for them."""

_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # BPF: return 0, so take no byte of it


def vanish(*ends: socket.socket) -> None:
    """Have a connection go nowhere: what comes to its `ends` is dropped, unread and unacknowledged.

    Both ends must be given: one that still hears the other takes it for alive.
    """
    program = struct.pack("HL", 1, ctypes.addressof(_NOTHING))
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, program)


def come_back(*ends: socket.socket) -> None:
    """Undo `vanish`: what was sent meanwhile is sent again by the system, if it has not given up."""
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, DETACH_FILTER, 0)
