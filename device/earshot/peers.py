"""Who else of the group is there: what they say is believed from whoever is there now, and not more than once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.earshot.datagram import MOST_PEERS, Told

if TYPE_CHECKING:
    from typing import Any

Address = tuple[str, int]

HERE_S: Final = 20.0
"""How often each says that it is there: a choice, and an hour of it is less than one picture of a web page."""
LIVE_S: Final = 50.0
"""For how long it counts as there after its last message: two of those may get lost."""
OFTEN: Final = 50
"""Messages a second and address that are read at most. A wake word among 16 makes each send 20 within half a second."""
MOST_ADDRESSES: Final = 64
"""Of which it is known how many messages came; of more, all are forgotten, and count anew."""


class Peer(Struct):
    """One of the others."""

    address: Address
    seen: float
    seq: int
    knows: bool = False
    """Whether it has said something since it knows of this one: it is there now, and no recording."""
    answers: bool = True
    """Whether it answered what it was asked last."""


class Peers:
    """Those that were heard of, 16 at the most; `me` is this one's tag. Times are seconds of any clock that goes on."""

    def __init__(self, me: str) -> None:
        self.me = me
        self._all: dict[str, Peer] = {}
        self._seq = 0
        self._budget: dict[str, tuple[float, float]] = {}

    def allows(self, address: Address, now: float) -> bool:
        """Return whether a datagram from `address` shall be read: a flood is not."""
        if len(self._budget) > MOST_ADDRESSES:
            self._budget.clear()
        left, since = self._budget.get(address[0], (float(OFTEN), now))
        left = min(float(OFTEN), left + OFTEN * (now - since)) - 1
        self._budget[address[0]] = max(left, -1.0), now
        return left >= 0

    def take(self, told: Told, address: Address, now: float) -> bool:
        """Note a message; return whether it is to be believed: from one who is there, for the first time."""
        if told.who == self.me:
            return False
        peer = self._all.get(told.who)
        if peer is None:
            if len(self._all) >= MOST_PEERS and not self._make_room(now):
                return False
            peer = self._all[told.who] = Peer(address, now, told.seq)
        elif told.seq <= peer.seq:
            return False
        knows = self.me in told.to
        if peer.knows and not knows:  # it forgot this one, or somebody tells what it said before
            return False
        peer.address, peer.seen, peer.seq, peer.answers = address, now, told.seq, True
        peer.knows = knows
        return knows

    def stamp(self, now: float, **content: Any) -> Told:
        """Return a message of this one to all that it knows of."""
        self._seq += 1
        self._forget(now)
        return Told(who=self.me, seq=self._seq, to=tuple(self._all), **content)

    def there(self, now: float) -> set[str]:
        """Return who is there and answers."""
        return {who for who, peer in self._all.items() if peer.knows and peer.answers and now - peer.seen < LIVE_S}

    def silent(self, who: str) -> None:
        """Note that one did not answer: it is not waited for again before it says something."""
        if who in self._all:
            self._all[who].answers = False

    def addresses(self) -> list[Address]:
        """Return where they are."""
        return [peer.address for peer in self._all.values()]

    def _forget(self, now: float) -> None:
        for who in [who for who, peer in self._all.items() if now - peer.seen >= LIVE_S]:
            del self._all[who]

    def _make_room(self, now: float) -> bool:
        """Let go of one who is not known to be there; return whether there is room then."""
        self._forget(now)
        for who, peer in self._all.items():
            if not peer.knows:
                del self._all[who]
                break
        return len(self._all) < MOST_PEERS
