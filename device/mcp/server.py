"""A server that the settings name: reached, followed while its tools change, and reached again when it was away."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.mcp import param_headers
from device.mcp.client import Client
from device.mcp.http import HttpTransport
from device.mcp.messages import McpError, NonsenseError, RefusedError, RpcError, SilentError, StatusError
from device.mcp.offered import Offers, offers
from device.mcp.patience import MOST
from device.mcp.results import output
from device.mcp.stdio import StdioTransport
from device.tools.registry import Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from device.mcp.offered import Offer
    from device.settings.mcp import McpSettings

log = logging.getLogger(__name__)

OPEN_S: Final = 30.0
"""How long a server may take to answer what is no call. A choice: programs that are fetched when they are started need
half of it, and nobody waits for it."""
FIRST_PAUSE_S: Final = 1.0
"""Before a server that is away is asked again; twice as long each time."""
LONGEST_PAUSE_S: Final = 300.0
"""A choice: a server that is back is known within five minutes, or when one of its tools is called."""
LISTEN_PAUSE_S: Final = 5.0
"""Before a server that is there is listened to again."""
REFUSED_PAUSE_S: Final = 1800.0
"""Where the token is refused: some servers shut out whoever tries often."""
STEADY_S: Final = 60.0
"""One that was there for so long is asked again soon."""
POLL_S: Final = (60.0, 300.0, 3600.0)
"""How often a server is asked for its tools: at most, where it does not say for how long they stay, and at least. A
choice: a request in five minutes is nothing, and a new tool is there before somebody asks for it twice."""
SETTLE_S: Final = 1.0
"""After it says that its tools are others: one change often comes with more."""
RETURN_S: Final = 3.0
"""How long a call waits for a server that was away."""


class Server:
    """The server `name`; all for the event loop's thread. `environ` is what a program of its gets some of."""

    def __init__(self, name: str, settings: McpSettings, environ: Mapping[str, str]) -> None:
        self.name = name
        self._settings = settings
        self._environ = environ
        self._client: Client | None = None
        self._offers = Offers()
        self._tools: tuple[Tool, ...] = ()
        self._there = asyncio.Event()
        self._look = asyncio.Event()
        self._why = "it was not reached yet"
        self._refused = False

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that it has, or had when it was last there: a call of one says that it is away."""
        return self._tools

    async def run(self) -> None:
        """Follow it until this is cancelled."""
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._serve()
            except McpError as error:
                self._away(error)
            except Exception as error:
                log.exception("mcp.%s: following it failed.", self.name)
                self._away(McpError(f"to follow it failed ({type(error).__name__})"))
            if loop.time() - began > STEADY_S:
                pause = FIRST_PAUSE_S
            await self._pause(REFUSED_PAUSE_S if self._refused else pause * random.uniform(0.8, 1.2))  # noqa: S311
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def probe(self) -> tuple[str, Offers]:
        """Reach it once; return how it calls itself, with the protocol's revision, and its tools. Raises McpError."""
        client = self._make()
        try:
            await client.open()
            listed = await client.tools()
            return f"{client.called or 'a server'} ({client.revision})", offers(listed.tools, self._settings.tools)
        finally:
            await client.close()

    def _make(self) -> Client:
        settings = self._settings
        seconds = OPEN_S if settings.command else min(OPEN_S, max(settings.timeout_s, 5.0))
        if settings.command:
            return Client(StdioTransport(self.name, settings, self._environ), seconds=seconds)
        return Client(HttpTransport(self.name, settings), seconds=seconds)

    async def _serve(self) -> None:
        client = self._make()
        try:
            await client.open()
            fresh_s = await self._refresh(client)
            self._client, self._refused = client, False
            self._there.set()
            await self._follow(client, fresh_s)
        finally:
            self._there.clear()
            self._client = None
            await client.close()

    async def _follow(self, client: Client, fresh_s: float) -> None:
        """Ask for the tools anew whenever they may be others. Raises McpError once the server is away."""
        pause = LISTEN_PAUSE_S
        listening = asyncio.create_task(client.listen(self._look.set))
        try:
            while True:
                self._look.clear()
                looking = asyncio.create_task(self._look.wait())
                try:
                    waiting = {looking, listening}
                    await asyncio.wait(waiting, timeout=_poll_s(fresh_s), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    looking.cancel()
                if self._look.is_set():
                    await asyncio.sleep(SETTLE_S)
                fresh_s = await self._refresh(client)
                if listening.done():
                    # It is there all the same: what lies between may have cut a stream in which nothing was said.
                    pause = min(2 * pause, LONGEST_PAUSE_S) if listening.exception() else LONGEST_PAUSE_S
                    listening = asyncio.create_task(_later(pause, client.listen(self._look.set)))
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _refresh(self, client: Client) -> float:
        """Take over the tools; return for how long they are to stay. Raises McpError."""
        listed = await client.tools()
        found = offers(listed.tools, self._settings.tools)
        if found != self._offers or not self._there.is_set():
            who = client.called or "a server"
            log.info("mcp.%s: %s has %d tools, %d are offered.", self.name, who, found.there, len(found.offers))
            for why in found.left_out if found != self._offers else ():
                log.warning("mcp.%s: not offered: %s", self.name, why)
        if found != self._offers:
            self._offers = found
            self._tools = tuple(map(self._tool, found.offers))
        return listed.fresh_s

    def _away(self, error: McpError) -> None:
        self._refused = isinstance(error, RefusedError)
        if str(error) != self._why:
            log.warning("mcp.%s: %s", self.name, error)
        self._why = str(error)

    async def _pause(self, seconds: float) -> None:
        """Wait, or until somebody calls a tool."""
        self._look.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
        except TimeoutError:
            pass

    # Calls

    def _tool(self, offer: Offer) -> Tool:
        async def call(arguments: msgspec.Raw) -> Any:
            return await self._call(offer, bytes(arguments))

        return Tool(
            name=offer.name,
            description=offer.description,
            arguments=msgspec.Raw,
            parameters=offer.parameters,
            handler=call,
            slow=self._settings.slow,
            # The client itself gives up, later where the server tells of its progress.
            timeout_s=(MOST + 1) * self._settings.timeout_s + RETURN_S,
        )

    async def _call(self, offer: Offer, text: bytes) -> Any:
        """Call a tool. Raises ToolError."""
        arguments = msgspec.json.decode(text)
        if not isinstance(arguments, dict):
            raise ToolError(f"the arguments of {offer.name} are an object")
        client = await self._reached()
        try:
            result = await client.call(
                offer.raw,
                arguments,
                timeout_s=self._settings.timeout_s,
                headers=param_headers.headers(arguments, offer.headers),
            )
        except RpcError as error:
            self._look.set()  # perhaps its tools are others now
            raise ToolError(f"{self.name} does not do this: {error}") from None
        except (SilentError, StatusError, NonsenseError) as error:
            raise ToolError(f"{self.name} failed: {error}") from None
        except McpError as error:
            self._look.set()
            raise ToolError(f"{self.name} is away: {error}") from None
        return output(result)

    async def _reached(self) -> Client:
        """Return the client of a server that is there, or soon. Raises ToolError."""
        if not self._there.is_set() and not self._refused:
            self._look.set()
            try:
                async with asyncio.timeout(RETURN_S):
                    await self._there.wait()
            except TimeoutError:
                pass
        if self._client is None:
            raise ToolError(f"{self.name} is away: {self._why}")
        return self._client


async def _later(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.sleep(seconds)
        await work
    finally:
        work.close()


def _poll_s(fresh_s: float) -> float:
    least, usual, most = POLL_S
    return min(most, max(least, fresh_s or usual)) * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
