"""Who may see the owner's view: browsers in which somebody has typed the code that the device spoke or showed.

Each has a cookie of its own. What is kept of it is a digest, in a file of the page's state directory, so that the page
may be started anew, as by an update, without anybody being asked for a code again.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from typing import TYPE_CHECKING, Final

import msgspec

from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

log = logging.getLogger(__name__)

COOKIE: Final = "parley-owner"
FILE: Final = "owners.json"
LASTS_S: Final = 30 * 86_400.0
"""How long a browser is known. A choice: who sees to the device now and then need not hold its button each time."""
MOST: Final = 16
"""Browsers that are known at once; with one more, the one that signed in first is forgotten. A choice."""
BYTES: Final = 32
"""Of chance in a cookie."""
PATH: Final = "/"


class Owners:
    """Knows the owner's browsers; what it knows of them is kept in `folder`. `now` is the time since 1970."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._path = folder / FILE
        self._now = now
        self._until: dict[str, float] = self._kept()

    def admits(self, request: web.Request) -> bool:
        """Tell whether a request comes from a browser of the owner's."""
        token = request.cookies.get(COOKIE, "")
        return bool(token) and self._until.get(_digest(token), 0.0) > self._now()

    def sign_in(self, answer: web.Response) -> None:
        """Have the browser that gets this answer known from now on."""
        token = secrets.token_urlsafe(BYTES)
        now = self._now()
        known = {digest: until for digest, until in self._until.items() if until > now}
        for oldest in list(known)[: max(0, len(known) - MOST + 1)]:
            del known[oldest]
        self._until = known | {_digest(token): now + LASTS_S}
        self._keep()
        # Strict: nobody is led here by a link of another site and is the owner already.
        answer.set_cookie(COOKIE, token, max_age=int(LASTS_S), httponly=True, samesite="Strict", path=PATH)

    def sign_out(self, request: web.Request, *, everywhere: bool) -> None:
        """Forget the browser that asks, or all of them."""
        if everywhere:
            self._until = {}
        else:
            self._until.pop(_digest(request.cookies.get(COOKIE, "")), None)
        self._keep()

    def _kept(self) -> dict[str, float]:
        try:
            return msgspec.json.decode(inputs.read(self._path), type=dict[str, float])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError, UnicodeError) as error:
            log.warning("%s cannot be read (%s): every browser is asked for a code again.", self._path, error)
            return {}

    def _keep(self) -> None:
        try:
            state_file.write(self._path, msgspec.json.encode(self._until))
        except OSError as error:  # as on a full disk, which only the owner will clear
            log.warning("%s cannot be written (%s): who is signed in is forgotten with the page's end.", self._path,
                        error.strerror)  # fmt: skip


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
