"""Whether the other Parleys of `[house]` can be talked to, and whether any is there."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.earshot.air import Multicast, interfaces
from device.earshot.datagram import Envelope, Foreign, Forged, Told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from device.earshot.air import Air
    from device.earshot.peers import Address
    from device.settings.house import HouseSettings

LISTENS_S: Final = 1.0
"""For how long it is waited for others to say that they are there, twice: they do at once. A choice."""
MOST_TOLD: Final = 5
"""Of those that are there, so many are told by their addresses."""


async def check_earshot(settings: HouseSettings, air: Air | None = None) -> AsyncIterator[Finding]:
    """Say what keeps this one from deciding with others who answers, if there are to be any."""
    if not settings.group:
        return
    if not interfaces():
        fix = "connect a network; until then, this one always answers"
        yield Finding("house", "warn", "there is no network with others that hear the wake word", fix)
        return
    found = await _look(settings, air or Multicast())
    told = ", ".join(sorted(found.there)[:MOST_TOLD]) + (", …" if len(found.there) > MOST_TOLD else "")
    if found.there:
        yield Finding("house", "ok", f"others that may answer in place of this one: {told}")
    else:
        fix = (
            "set the same house.group and house.secret on each, in the same network; an access point must not keep "
            "its clients apart"
        )
        yield Finding("house", "warn", "a group is set, and no other Parley of it is heard", fix)
    if found.strangers:
        text = f"another Parley has this group and another secret: {', '.join(sorted(found.strangers)[:MOST_TOLD])}"
        yield Finding("house", "warn", text, "set the same house.secret on each")
    if not settings.secret:
        fix = "set the same house.secret on each, for example what this says: openssl rand -hex 16"
        yield Finding("house", "warn", "without a secret, anybody on the network can have this one keep still", fix)


class _Found:
    """Who answered, by their addresses."""

    def __init__(self, settings: HouseSettings) -> None:
        self.there: set[str] = set()
        self.strangers: set[str] = set()
        self._own: set[str] = set()
        self._me = secrets.token_hex(8)
        self._envelope = Envelope(settings.group, settings.secret.reveal())
        self._seq = 0

    def asks(self) -> bytes:
        """Return what asks the others whether they are there; who sends it is in no group for it."""
        self._seq += 1
        return self._envelope.seal(Told(who=self._me, seq=self._seq, kind="here"))

    def take(self, datagram: bytes, address: Address) -> None:
        """Note who is there; what comes from this machine is told from it by what it sent itself."""
        try:
            told = self._envelope.open(datagram)
        except Foreign:
            return
        except Forged:
            self.strangers.add(address[0])
            return
        (self._own if told.who == self._me else self.there).add(address[0])
        self.there -= self._own


async def _look(settings: HouseSettings, air: Air) -> _Found:
    found = _Found(settings)
    air.open(found.take)
    try:
        for _ in range(2):
            air.send(found.asks(), ())
            await asyncio.sleep(LISTENS_S)
    finally:
        air.close()
    return found
