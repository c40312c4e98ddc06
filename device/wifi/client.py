"""Asks `parley wifi`, from the page and from the command line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from device.door.place import reached
from device.system.paths import WIFI
from device.wifi import messages as m

if TYPE_CHECKING:
    from pathlib import Path

R = TypeVar("R", bound="m.AnyReply")

ANSWER_S: Final = 5.0
"""How long an answer may take. A choice: nothing is waited for at the other end."""
_replies: Final[msgspec.json.Decoder[m.AnyReply]] = msgspec.json.Decoder(m.AnyReply)


class WifiError(Exception):
    """What was asked is not done; says why, and what to do."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}: {fix}" if fix else what)
        self.what, self.fix = what, fix


class NoWifi(WifiError):  # noqa: N818 - it is a state of affairs
    """`parley wifi` does not run, or not for this user."""


async def ask(request: m.AnyRequest, expects: type[R], path: Path = WIFI) -> R:
    """Return the reply to a request, of the type that `expects` names. Raises WifiError."""
    try:
        async with asyncio.timeout(ANSWER_S):
            with reached(path) as way:
                reader, writer = await asyncio.open_unix_connection(way, limit=m.LONGEST)
            try:
                writer.write(m.encode(request))
                reply = _replies.decode(await reader.readline())
            finally:
                writer.close()
    except PermissionError:
        raise NoWifi("only root and the group parley may ask", "put sudo before it") from None
    except (OSError, ValueError, TimeoutError, msgspec.DecodeError):
        raise NoWifi("Wi-Fi is not looked after here", "sudo systemctl enable --now parley-wifi") from None
    if isinstance(reply, m.Refused):
        raise WifiError(reply.what, reply.fix)
    if not isinstance(reply, expects):
        raise WifiError(f"the answer to {type(request).__name__} was {type(reply).__name__}")
    return reply
