"""What a broker hands on, as the daemon is asked for it: a topic's name and a payload, of which neither is trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from device.door import messages as door
from device.door.upkeep import Update

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST: Final = 4 * door.LONGEST_TEXT
"""Bytes of a payload: the longest text that can be asked, each of its characters as many as UTF-8 has."""
SHOWN: Final = 40
"""Characters of a payload that an error quotes."""


class NotAsked(ValueError):  # noqa: N818 - it is a message's fault, not ours
    """What came is nothing that can be asked for; says what would be."""


def request(what: str, payload: bytes) -> door.Request:
    """Return what is asked for, where `what` is a topic's end. Raises NotAsked."""
    made = _KNOWN.get(what)
    if made is None:
        raise NotAsked(f"there is no such topic; there are {', '.join(sorted(_KNOWN))}")
    if len(payload) > LARGEST:
        raise NotAsked(f"{len(payload)} bytes are too many: {LARGEST} at the most")
    try:
        text = payload.decode().strip()
    except UnicodeDecodeError:
        raise NotAsked("it is not text in UTF-8") from None
    return made(text)


def _mute(text: str) -> door.Request:
    match text.upper():
        case "ON":
            return door.Mute()
        case "OFF":
            return door.Unmute()
    raise NotAsked(f"{_quoted(text)} is neither ON nor OFF")


def _volume(text: str) -> door.Request:
    found = re.fullmatch(r"(\d{1,3})(\.\d{0,9})?", text, re.ASCII)
    if found is None or not 0 <= round(float(text)) <= 100:
        raise NotAsked(f"{_quoted(text)} is no number from 0 to 100")
    return door.SetVolume(percent=round(float(text)))


def _say(text: str) -> door.Request:
    return door.Say(text=_some(text, door.LONGEST_SPOKEN), wait=False)


def _ask(text: str) -> door.Request:
    return door.Ask(text=_some(text, door.LONGEST_TEXT))


def _some(text: str, longest: int) -> str:
    if not text:
        raise NotAsked("there are no words in it")
    if len(text) > longest:
        raise NotAsked(f"{len(text)} characters are too many: {longest} at the most")
    return text


def _quoted(text: str) -> str:
    return f'"{text[:SHOWN]}{"…" if len(text) > SHOWN else ""}"'


_KNOWN: Final[dict[str, Callable[[str], door.Request]]] = {
    "wake": lambda _: door.Wake(),
    "stop": lambda _: door.Stop(),
    "repeat": lambda _: door.Repeat(),
    "mute": _mute,
    "volume": _volume,
    "say": _say,
    "ask": _ask,
    "update": lambda _: Update(),
}
