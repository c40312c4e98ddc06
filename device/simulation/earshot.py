"""Several simulated rooms that pass in step, and the network between their devices: late, and with losses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.earshot.air import Receive
    from device.earshot.peers import Address

    Step = Callable[[], float]


class Network:
    """Carries datagrams between its devices, of which a part gets `lost`, each late by something of `delay_ms`."""

    def __init__(self, *, lost: float = 0.0, delay_ms: tuple[float, float] = (1.0, 3.0), seed: int = 0) -> None:
        self.lost, self.delay_ms = lost, delay_ms
        self.sent = 0
        """Datagrams, each counted for each that it was sent to."""
        self._rng = np.random.default_rng(seed)
        self._there: dict[Address, Receive] = {}

    def join(self, address: Address, receive: Receive) -> None:
        """Let somebody be sent to."""
        self._there[address] = receive

    def leave(self, address: Address) -> None:
        """Let nobody be at `address` any more."""
        self._there.pop(address, None)

    def carry(self, datagram: bytes, sender: Address, to: Sequence[Address] | None = None) -> None:
        """Carry a datagram to those addresses; None: to all that are there."""
        loop = asyncio.get_running_loop()
        for address in list(self._there) if to is None else to:
            self.sent += 1
            if self._rng.random() >= self.lost:
                loop.call_later(self._rng.uniform(*self.delay_ms) / 1000, self._arrive, datagram, sender, address)

    def _arrive(self, datagram: bytes, sender: Address, address: Address) -> None:
        if (receive := self._there.get(address)) is not None:
            receive(datagram, sender)


class SimulatedAir:
    """`Air` at an address of a network."""

    def __init__(self, network: Network, address: Address) -> None:
        self._network, self._address = network, address

    def open(self, receive: Receive) -> None:
        """Have what comes given to `receive`."""
        self._network.join(self._address, receive)

    def send(self, datagram: bytes, known: Sequence[Address], *, everybody: bool = True) -> None:
        """Send to each of `known`, and to everybody."""
        if everybody:
            self._network.carry(datagram, self._address)
        self._network.carry(datagram, self._address, known)

    def refresh(self) -> None:
        """There is one network only."""

    def close(self) -> None:
        """Hear no more."""
        self._network.leave(self._address)


class Together:
    """So many scenes, of which each passes a block when all are there."""

    def __init__(self, count: int, network: Network) -> None:
        self._count, self._network = count, network
        self._steps: list[Step] = []
        self.seats = [Seat(self, SimulatedAir(network, (f"10.0.0.{number + 1}", 1))) for number in range(count)]
        """What each scene is played with."""

    def add(self, step: Step) -> None:
        """Have one more scene pass with the others."""
        self._steps.append(step)

    def pass_on(self) -> float:
        """Let a block pass in all of them, once they are there; return how long it is, in seconds."""
        if len(self._steps) < self._count:
            return 0.0
        return max([step() for step in self._steps])


class Seat:
    """One of them."""

    def __init__(self, together: Together, air: SimulatedAir) -> None:
        self._together, self.air = together, air

    def step(self, own: Step) -> Step:
        """Return what lets a block pass in all of them; `own` does in this one."""
        self._together.add(own)
        return self._together.pass_on
