"""The air between Parleys: UDP on the local network, to all who listen and to each that is known.

Multicast finds the others. What matters goes to each of them by itself as well: on Wi-Fi, multicast waits for the next
beacon where anybody saves power, a tenth of a second and more, and nobody repeats what got lost of it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from device.earshot.datagram import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from device.earshot.peers import Address

    Receive = Callable[[bytes, Address], None]

log = logging.getLogger(__name__)

GROUP: Final = "239.255.80.76"
"""Of IPv4's local scope (RFC 2365, section 6.1), in which addresses are not assigned: a choice."""
PORT: Final = 48076
"""What goes to all; a choice. What goes to one comes to the port after it, so that two on a machine can be told from
each other; if that is taken, to any."""
IP_MULTICAST_ALL: Final = 49
"""Of Linux, in <linux/in.h>; Python has no name for it."""
UP, LOOPBACK, MULTICAST = 0x1, 0x8, 0x1000
"""Flags of network interfaces, in <net/if.h>."""
HOPS: Final = 1
"""Nothing leaves the local network."""
AT_ONCE: Final = 64
"""Datagrams that are taken before anything else gets its turn."""
REST_S: Final = 0.02
"""For how long nothing is read after so many: of a flood, the system throws away the rest."""


class Air(Protocol):
    """What carries datagrams to the others: well, late, twice or not at all."""

    def open(self, receive: Receive) -> None:
        """Have what comes given to `receive`, with where it comes from."""

    def send(self, datagram: bytes, known: Sequence[Address], *, everybody: bool = True) -> None:
        """Send to each of `known`, and to everybody who listens; never fails."""

    def refresh(self) -> None:
        """Look which networks there are now."""

    def close(self) -> None:
        """Hear no more."""


class Multicast:
    """`Air` on networks that can multicast: on all that there are, or only on those `interfaces`."""

    def __init__(self, interfaces: Iterable[str] = (), *, port: int = PORT) -> None:
        self._only, self._port = frozenset(interfaces), port
        self._joined: set[int] = set()
        self._all: socket.socket | None = None
        self._own: socket.socket | None = None
        self._receive: Receive = lambda _datagram, _address: None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._faults: set[str] = set()

    def open(self, receive: Receive) -> None:
        """Have what comes given to `receive`; without a network, that is tried again by `refresh`. Never fails."""
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self.refresh()

    def refresh(self) -> None:
        """Look which networks there are now, and listen on those as well."""
        if self._loop is None:
            return
        try:
            if self._all is None or self._own is None:
                self._open_sockets(self._loop)
        except OSError as error:
            self._complain(f"The other Parleys of the group cannot be talked to: {error.strerror}")
            return
        there = interfaces(self._only)
        for index in there.keys() - self._joined:
            self._join(index, there[index])
        self._joined &= there.keys()

    def send(self, datagram: bytes, known: Sequence[Address], *, everybody: bool = True) -> None:
        """Send to each of `known`, and to all networks; what cannot be sent is lost, as it can be on the way."""
        for index in self._joined if everybody else ():
            self._put(datagram, (GROUP, self._port), index)
        for address in known:
            self._put(datagram, address)

    def close(self) -> None:
        """Hear no more; harmless when repeated."""
        for one in (self._all, self._own):
            if one is not None and self._loop is not None:
                self._loop.remove_reader(one)
                one.close()
        self._all = self._own = self._loop = None
        self._joined.clear()

    def _open_sockets(self, loop: asyncio.AbstractEventLoop) -> None:
        self._all = _bound((GROUP, self._port), shared=True)
        try:
            self._own = _bound(("", self._port + 1))
        except OSError:
            self._own = _bound(("", 0))
        self._own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        self._own.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, HOPS)
        for one in (self._all, self._own):
            loop.add_reader(one, self._read, one)

    def _join(self, index: int, name: str) -> None:
        if self._all is None:
            return
        try:
            self._all.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, _on(index, GROUP))
        except OSError as error:
            self._complain(f"The network interface {name} takes part in no multicast: {error.strerror}")
        self._joined.add(index)

    def _put(self, datagram: bytes, address: Address, index: int | None = None) -> None:
        if self._own is None:
            return
        try:
            if index is not None:
                self._own.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, _on(index))
            self._own.sendto(datagram, address)
        except OSError as error:
            self._complain(f"{address[0]} cannot be sent to: {error.strerror}")

    def _read(self, one: socket.socket) -> None:
        for _ in range(AT_ONCE):
            try:
                datagram, address = one.recvfrom(LONGEST + 1)
            except BlockingIOError:
                return
            except OSError:  # what was sent to one who is not there any more comes back as an error
                continue
            self._receive(datagram, address)
        if (loop := self._loop) is not None:
            loop.remove_reader(one)
            loop.call_later(REST_S, self._read_on, one)

    def _read_on(self, one: socket.socket) -> None:
        if self._loop is not None and one in (self._all, self._own):
            self._loop.add_reader(one, self._read, one)

    def _complain(self, fault: str) -> None:
        """Log a fault once: each may come with each datagram."""
        if fault not in self._faults:
            self._faults.add(fault)
            log.warning("%s", fault)


def _bound(address: Address, *, shared: bool = False) -> socket.socket:
    """Return a datagram socket at `address`. Raises OSError."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Else it is given what comes on networks that only others on this machine have joined.
            one.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        one.bind(address)
    except OSError:
        one.close()
        raise
    return one


def _on(index: int, group: str = "0.0.0.0") -> bytes:  # noqa: S104 - no address is bound
    """Return an `ip_mreqn`: a group on a network interface (ip(7))."""
    return struct.pack("@4s4si", socket.inet_aton(group), bytes(4), index)


def interfaces(only: frozenset[str] = frozenset(), below: Path = Path("/sys/class/net")) -> dict[int, str]:
    """Return the network interfaces that are up and can multicast, by their numbers; or of any those in `only`.

    Not by `socket.if_nameindex`: that asks by netlink, which the service may not.
    """
    found = {}
    for one in sorted(below.iterdir()) if below.is_dir() else ():
        try:
            flags = int((one / "flags").read_text("ascii"), 16)
            index = int((one / "ifindex").read_text("ascii"))
        except (OSError, ValueError):  # gone meanwhile
            continue
        if one.name in only or (not only and flags & UP and flags & MULTICAST and not flags & LOOPBACK):
            found[index] = one.name
    return found
