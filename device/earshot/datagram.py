"""What Parleys of one group tell each other, as datagrams that nobody outside of it can forge: pure.

    magic, 8 bytes │ tag of the group, 8 │ HMAC-SHA-256, the first 16 │ the message, JSON

The key is made of the group's name and the house's secret. Without a secret it is no secret either: then the HMAC keeps
apart whom the settings keep apart, and nobody out. Nothing of what is said is in a message, nor any name.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

MAGIC: Final = b"parley1\n"
TAG, MAC = 8, 16
"""Bytes; half of an HMAC is enough by RFC 2104, section 5."""
HEAD: Final = len(MAGIC) + TAG + MAC
LONGEST: Final = 1200
"""Bytes of a datagram: one that every network carries whole, the least MTU of IPv6 less its headers."""
MOST_PEERS: Final = 16
"""Of a group: a choice, more than can hear the same person. More are not answered."""
FARTHEST, NEAREST = -200.0, 200.0
"""dB: between these is every bid."""

Tag = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Bid = Annotated[float, Meta(ge=FARTHEST, le=NEAREST)]
Kind = Literal["here", "claim", "pass", "holds"]


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of one Parley to the others."""

    who: Tag
    """Drawn anew whenever it starts."""
    seq: Annotated[int, Meta(ge=0, le=1 << 53)]
    """Higher in each message of it: an older one is a copy."""
    kind: Kind
    """here: it is there. claim: it was woken, and would answer. pass: it was not, at a claim of another's. holds: it
    answers."""
    to: Annotated[tuple[Tag, ...], Meta(max_length=MOST_PEERS)] = ()
    """Of whom it knows: who is not among them can have been sent what was recorded before they started."""
    number: Annotated[int, Meta(ge=0, le=1 << 53)] = 0
    """Of its claim, or of the one that is passed at."""
    whose: Tag | Literal[""] = ""
    """Whose claim is passed at."""
    age_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 0
    """How long ago it was woken: their clocks need not agree."""
    bid: Bid = FARTHEST
    """How near it heard what woke it, or what may have woken another."""
    by_hand: bool = False
    """It was woken by its button, or by text."""
    holds: bool = False
    """Who passes is in a conversation."""
    own: bool = False
    """And spoke itself: what another heard was its reply."""


class Foreign(Exception):  # noqa: N818 - it is an answer
    """A datagram is not for this group."""


class Forged(Exception):  # noqa: N818 - likewise
    """A datagram names this group, but was made with another secret."""


class Envelope:
    """The datagrams of one group of one house."""

    def __init__(self, group: str, secret: str = "") -> None:
        name = " ".join(group.split()).casefold().encode()
        self._head = MAGIC + sha256(b"parley group\0" + name).digest()[:TAG]
        self._key = sha256(b"parley house\0" + name + b"\0" + secret.encode()).digest()
        self._read = msgspec.json.Decoder(Told)

    def seal(self, told: Told) -> bytes:
        """Return a message as a datagram."""
        return self.wrap(msgspec.json.encode(told))

    def wrap(self, text: bytes) -> bytes:
        """Return a datagram of whatever text."""
        return self._head + self._mac(text) + text

    def open(self, datagram: bytes) -> Told:
        """Return the message of a datagram. Raises Foreign or Forged."""
        if not HEAD < len(datagram) <= LONGEST or not datagram.startswith(self._head):
            raise Foreign
        text = datagram[HEAD:]
        if not hmac.compare_digest(self._mac(text), datagram[len(self._head) : HEAD]):
            raise Forged
        try:
            return self._read.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Foreign from None  # of a later version

    def _mac(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, "sha256")[:MAC]
