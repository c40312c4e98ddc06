"""What is asked of `parley wifi`, and what it answers: a line of JSON each, one request to a connection.

Names of networks are up to 32 bytes of anything: `ssid` has them in hexadecimal, `name` as they are shown.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

LONGEST: Final = 65_536
"""Bytes of a line. A choice: `MOST_NETWORKS` with names of 32 bytes, each shown as its number, are a third of it."""

Security = Literal["open", "enhanced", "wpa2", "wpa3", "enterprise", "wep"]
"""`enhanced` is open and encrypted (OWE), `wpa2` also WPA, or WPA3 beside it; `enterprise` and `wep` are refused."""
Doing = Literal["absent", "no_radio", "blocked", "online", "waiting", "open", "joining", "resting"]
"""NetworkManager is not there, or no Wi-Fi that could serve; it is switched off or blocked; there is a network; it is
waited for; the access point is open; a network is being joined; the access point was open for long enough."""
Why = Literal["password", "away", "address", "failed", "late"]
"""Why a network was not joined: the password is wrong, it is not there, it gives no address, something else, it took
too long."""

Ssid = Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){1,32}$")]


class Network(Struct, frozen=True):
    """A network that was seen."""

    ssid: str
    name: str
    strength: int
    """Percent."""
    security: Security
    saved: bool = False


class Trouble(Struct, frozen=True):
    """Why the last network was not joined."""

    name: str
    why: Why


class Message(Struct, frozen=True, tag_field="type", tag=str.lower, forbid_unknown_fields=True):
    """Whatever is said."""


class Look(Message, frozen=True):
    """How is it? Answered by `Wifi`."""

    visitor: bool = False
    """Somebody who has joined the access point wants to know: it stays open for a while."""


class SetUp(Message, frozen=True):
    """Open the access point now. Answered by `Wifi`; by `Refused`, if there is a network."""


class GetKey(Message, frozen=True):
    """By what does a telephone join the access point? Answered by `Key`."""


class Join(Message, frozen=True):
    """Join a network; the access point closes for that. Answered by `Wifi` at once, or by `Refused`."""

    ssid: Ssid
    password: Annotated[str, Meta(max_length=256)] = ""
    hidden: bool = False
    """It does not tell its name, and so was not seen."""

    def __repr__(self) -> str:
        return f"Join({self.ssid!r})"


class Wifi(Message, frozen=True):
    """How it is."""

    doing: Doing
    here: str = ""
    """The network that there is, as it is shown."""
    access_point: str = ""
    """What the device's own is called."""
    protected: bool = True
    """Whether that has a password."""
    left_s: int = 0
    """For how long it stays open, if nobody uses it."""
    networks: tuple[Network, ...] = ()
    """Those that were seen last, the strongest first."""
    joining: str = ""
    trouble: Trouble | None = None


class Key(Message, frozen=True):
    """By what a telephone joins the access point."""

    name: str
    password: str
    address: str

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


class Refused(Message, frozen=True):
    """It is not done."""

    what: str
    fix: str = ""


AnyRequest = Look | SetUp | GetKey | Join
AnyReply = Wifi | Key | Refused


def encode(message: Message) -> bytes:
    """Return a message as its line."""
    return msgspec.json.encode(message) + b"\n"
