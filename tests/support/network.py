"""What a network does to connections, on loopback and without privileges."""

import socket
from typing import Final

MINTTL: Final = 21
"""Linux, `IP_MINTTL` of `linux/in.h` (RFC 5082); Python has no name for it. What has come over more hops is dropped."""
NONE: Final = 255
"""As few hops as no packet has come over: loopback's begin with 64."""


def vanish(*ends: socket.socket) -> None:
    """Have a connection go nowhere: what comes to its `ends` is dropped, unread and unacknowledged.

    Both ends must be given: one that still hears the other takes it for alive.
    """
    for end in ends:
        end.setsockopt(socket.IPPROTO_IP, MINTTL, NONE)


def come_back(*ends: socket.socket) -> None:
    """Undo `vanish`: what was sent meanwhile is sent again by the system, if it has not given up."""
    for end in ends:
        end.setsockopt(socket.IPPROTO_IP, MINTTL, 0)
