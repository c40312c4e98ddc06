"""The owner's view at `/settings`: what is there for whoever has the code, and how they show that they have it."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta, Struct

from device.door import messages as door
from device.door.client import DoorError
from device.page import assets, words
from device.page.lines import Lines
from device.page.live import OWNER
from device.page.posted import posted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.door.client import Client
    from device.page.assets import Asset
    from device.page.owners import Owners
    from device.settings.page import PageSettings
    from device.web.connections import Connections

BROWSERS: Final = 8
"""The owner's at once. A choice: with the kiosks' they leave the door room for commands."""
CHECKED_S: Final = 10.0
"""How long the daemon may take to say whether it is the code. A choice: it takes milliseconds."""
LONGEST_WANTED: Final = 200
"""Characters of the languages that a browser wants: a choice, of twenty."""
STATUS: Final[dict[door.Code, int]] = {"wait": 429, "refused": 403}
"""What a fault is in HTTP; all others are the daemon's, or that there is none."""


class _Offered(Struct, forbid_unknown_fields=True):
    code: Annotated[str, Meta(max_length=20)]

    def __repr__(self) -> str:
        return "_Offered()"


class _Leaving(Struct, forbid_unknown_fields=True):
    everywhere: bool = False


class OwnerView:
    """Serves it, of the files that are `loaded`. `look` reads the settings in force, `reach` connects with the door.

    `came_back` is called when there is a daemon again.
    """

    def __init__(
        self,
        owners: Owners,
        look: Callable[[], tuple[PageSettings, str]],
        loaded: dict[str, Asset],
        connections: Connections,
        reach: Callable[[str], Awaitable[Client]],
        *,
        came_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._owners, self._look, self._reach = owners, look, reach
        self._page, self._edition = loaded["shell.html"], assets.edition(loaded)
        self._lines = Lines(OWNER, BROWSERS, connections, reach, came_back=came_back)
        self._checking = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return what is served, and where."""
        return [
            web.get("/settings", self._shell),
            web.get("/owner.json", self._about),
            web.get("/owner-words.json", self._words),
            web.post("/owner/sign-in", self._sign_in),
            web.post("/owner/sign-out", self._sign_out),
            web.get("/owner", self._live),
        ]

    async def close(self) -> None:
        """Say goodbye to all browsers."""
        await self._lines.close()

    async def _shell(self, request: web.Request) -> web.Response:
        return assets.answer(request, self._page)

    async def _about(self, request: web.Request) -> web.Response:
        """Answer whether the browser is the owner's, and of which version the view is."""
        about = {"signed_in": self._owners.admits(request), "edition": self._edition}
        answer = assets.answer(request, assets.asset(msgspec.json.encode(about), "application/json"))
        answer.headers[hdrs.CACHE_CONTROL] = "no-store"
        return answer

    async def _words(self, request: web.Request) -> web.Response:
        """Answer the words of the view in the first of the languages after the `?` that there is, else in the device's.

        None of them is a secret, and a browser keeps them.
        """
        settings, language = await asyncio.to_thread(self._look)
        first = words.offered(settings.languages or (language,))
        languages = tuple(dict.fromkeys((*first, *words.readable())))
        wanted = request.query_string[:LONGEST_WANTED].split(",")
        chosen = next((one for one in wanted if one in languages), languages[0])
        return assets.answer(request, _words_in(languages, chosen))

    async def _sign_in(self, request: web.Request) -> web.Response:
        """Take a code, and let the browser in if it is the one."""
        offered = await posted(request, _Offered)
        if self._checking.locked():  # one guess at a time, whoever makes it
            return _refused(door.Error("wait", "another code is being tried", "try again in 1 s", wait_s=1.0))
        async with self._checking:
            try:
                async with asyncio.timeout(CHECKED_S), await self._reach("the page") as client:
                    await client.request(door.CheckCode(code=offered.code), door.Done)
            except DoorError as error:
                return _refused(door.Error(error.code, error.what, error.fix, wait_s=error.wait_s))
            except TimeoutError:
                return _refused(door.Error("failed", "the daemon does not answer", "try again"))
        answer = web.Response(status=204)
        self._owners.sign_in(answer)
        return answer

    async def _sign_out(self, request: web.Request) -> web.Response:
        """Forget the browser, or all of the owner's."""
        leaving = await posted(request, _Leaving)
        self._admit(request)
        self._owners.sign_out(request, everywhere=leaving.everywhere)
        return web.Response(status=204)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Hold the line of one of the owner's browsers to the daemon."""
        self._admit(request)
        return await self._lines.hold(request, lambda: self._owners.admits(request))

    def _admit(self, request: web.Request) -> None:
        """Raise web.HTTPUnauthorized for those who are not the owner."""
        if not self._owners.admits(request):
            raise web.HTTPUnauthorized


@cache
def _words_in(languages: tuple[str, ...], chosen: str) -> Asset:
    """Return the words of a language, compressed once; there are as many as languages, in as many orders as are set."""
    told = {"languages": languages, "words": {chosen: words.owner_words(chosen)}}
    return assets.asset(msgspec.json.encode(told), "application/json")


def _refused(error: door.Error) -> web.Response:
    return web.Response(
        status=STATUS.get(error.code, 503), body=msgspec.json.encode(error), content_type="application/json"
    )
