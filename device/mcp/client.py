"""A client of one server: which revision both speak, which tools it has, and the calls."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
from msgspec import Raw, Struct

from device.mcp.messages import (
    HANDSHAKE,
    MODERN,
    UNSUPPORTED_VERSION,
    ExpiredError,
    McpError,
    NonsenseError,
    RpcError,
    SilentError,
    StatusError,
    us,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from device.mcp.messages import Message

PROBE_S: Final = 5.0
"""How long the newest revision's first request is waited for. A choice: programs that do not know it mostly say so at
once, and some keep silent; one that only starts slowly answers it later, and is asked again."""
LISTEN_S: Final = 600.0
"""After so long the server is asked anew to tell of changes: the other end may be gone without a word."""
PAGES: Final = 100
"""Pages of a list of tools that are read; a choice beyond any list that is meant."""
MOST_LISTED: Final = 10_000
"""Tools of a list that are read, likewise."""
CHANGED: Final = "notifications/tools/list_changed"


class Transport(Protocol):
    """A way to a server; all for the event loop's thread."""

    revision: str
    """The revision of the protocol that is spoken."""
    told: Callable[[Message], None]
    """Gets the notifications that come of their own accord."""

    async def ask(
        self,
        method: str,
        params: dict[str, Any],
        *,
        timeout_s: float,
        headers: Mapping[str, str] = {},
        progress: Callable[[Message], None] | None = None,
    ) -> Raw:
        """Return the result of a request, an object in JSON; `progress` gets what is told of it meanwhile.

        That starts the time anew. `headers` go along where there are any. When it is cancelled, so is the request.
        Raises McpError.
        """

    async def notify(self, method: str) -> None:
        """Send a notification. Raises McpError."""

    def begin(self) -> None:
        """Begin anew, with a revision that has `initialize`."""

    def agree(self, revision: str) -> None:
        """Note the revision that the server has agreed on in `initialize`."""

    async def listen(self, *, stream: bool) -> None:
        """Hear what the server says beside its answers, until it ends that or is gone; by a stream if it has one.

        Raises McpError.
        """

    async def close(self) -> None:
        """End it; harmless when repeated."""


class Listed(Struct, frozen=True):
    """The tools of a server, as it lists them."""

    tools: list[Raw]
    """Each in JSON: most are never looked at."""
    fresh_s: float = 0.0
    """For how long the server says that they stay so."""


class _Page(Struct):
    """A page of the list of tools."""

    tools: list[Raw]
    nextCursor: str | None = None  # noqa: N815 - the protocol's name
    ttlMs: float | None = None  # noqa: N815 - likewise


class Client:
    """Speaks to a server by `transport`; `seconds` is how long it may take to answer what is no call of a tool."""

    def __init__(self, transport: Transport, *, seconds: float) -> None:
        self._transport = transport
        self._seconds = seconds
        self.called = ""
        """How the server calls itself."""
        self.tells_changes = False
        """Whether it says when its tools are others."""

    @property
    def revision(self) -> str:
        """The revision of the protocol that both speak."""
        return self._transport.revision

    async def open(self) -> None:
        """Agree on a revision, the newest that both speak. Raises McpError."""
        if not await self._discover(min(PROBE_S, self._seconds)):
            await self._initialize()

    async def tools(self) -> Listed:
        """Return the tools that the server has, all pages of them. Raises McpError."""
        found: list[Raw] = []
        cursor, fresh_s = None, 0.0
        for _ in range(PAGES):
            said = await self._ask("tools/list", {"cursor": cursor} if cursor else {})
            try:
                page = msgspec.json.decode(said, type=_Page)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise NonsenseError("it lists no tools where it should") from None
            found += [one.copy() for one in page.tools[: MOST_LISTED - len(found)]]
            cursor, fresh_s = page.nextCursor, max(0.0, (page.ttlMs or 0) / 1000)
            if not cursor or len(found) >= MOST_LISTED:
                break
        return Listed(found, fresh_s)

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        *,
        timeout_s: float,
        headers: Mapping[str, str] = {},
        progress: Callable[[Message], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Return the result of a tool, as the server has it. Raises McpError."""
        asked = {"name": name, "arguments": arguments}
        return _read(await self._ask("tools/call", asked, timeout_s=timeout_s, headers=headers, progress=progress))

    async def listen(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever the server says that its tools are others; ends if it says nothing of the kind.

        Raises McpError once it is gone.
        """

        def told(message: Message) -> None:
            if message.method == CHANGED:
                changed()

        self._transport.told = told
        if self.revision == MODERN and self.tells_changes:
            with suppress(RpcError, StatusError):  # it only says that it does
                await self._subscribe()
        await self._transport.listen(stream=self.revision != MODERN and self.tells_changes)

    async def _subscribe(self) -> None:
        """Have the server tell of changes, until it ends that."""
        wanted = {"notifications": {"toolsListChanged": True}}
        while True:
            try:
                await self._transport.ask("subscriptions/listen", wanted, timeout_s=LISTEN_S)
            except SilentError:
                continue
            return

    async def close(self) -> None:
        """End it; harmless when repeated."""
        await self._transport.close()

    async def _ask(self, method: str, params: dict[str, Any], *, timeout_s: float | None = None, **more: Any) -> Raw:
        """Ask, and once more in a new session if the server has forgotten ours."""
        seconds = timeout_s or self._seconds
        try:
            return await self._transport.ask(method, params, timeout_s=seconds, **more)
        except ExpiredError:
            await self._initialize()
            return await self._transport.ask(method, params, timeout_s=seconds, **more)

    async def _discover(self, seconds: float) -> bool:
        """Tell whether the server speaks the newest revision. Raises McpError if it speaks none of ours, or is away."""
        try:
            found = _read(await self._transport.ask("server/discover", {}, timeout_s=seconds))
        except RpcError as error:
            if error.code == UNSUPPORTED_VERSION and not _older(error.data):
                raise McpError(f"it speaks none of the revisions that we do: {_listed(error.data)}") from None
            return False
        except StatusError as error:
            if error.status >= 500:
                raise
            return False
        except (NonsenseError, SilentError):
            return False
        versions = found.get("supportedVersions")
        if not isinstance(versions, list) or MODERN not in versions:
            return False
        match found.get("_meta"):
            case {"io.modelcontextprotocol/serverInfo": info}:
                self._know(found, info)
            case _:
                self._know(found, None)
        return True

    async def _initialize(self) -> None:
        """Begin a session in an older revision. Raises McpError."""
        transport = self._transport
        modern = transport.revision
        transport.begin()
        asked = {"protocolVersion": HANDSHAKE[0], "capabilities": {}, "clientInfo": us()}
        try:
            found = _read(await transport.ask("initialize", asked, timeout_s=self._seconds))
        except RpcError as error:
            # It only started slowly, and has meanwhile understood the request before.
            if error.code != UNSUPPORTED_VERSION or modern != MODERN:
                raise
            transport.agree(MODERN)
            if await self._discover(self._seconds):
                return
            raise
        revision = found.get("protocolVersion")
        if revision not in HANDSHAKE:
            raise McpError(f"it speaks the revision {str(revision)[:20]!r} of the protocol, which we do not")
        transport.agree(revision)
        self._know(found, found.get("serverInfo"))
        await transport.notify("notifications/initialized")

    def _know(self, found: dict[str, Any], info: Any) -> None:
        match found:
            case {"capabilities": {"tools": {"listChanged": True}}}:
                self.tells_changes = True
            case _:
                self.tells_changes = False
        match info:
            case {"name": str(name)}:
                self.called = name[:100]
            case _:
                self.called = ""


def _read(result: Raw) -> dict[str, Any]:
    """Return what a result says. Raises NonsenseError."""
    try:
        return msgspec.json.decode(result, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise NonsenseError from None


def _older(data: Any) -> bool:
    """Tell whether an error's data names a revision with `initialize`, or none at all."""
    listed = _listed(data)
    return not listed or any(one in HANDSHAKE for one in listed)


def _listed(data: Any) -> list[str]:
    match data:
        case {"supported": [*versions]}:
            return [str(one)[:20] for one in versions[:10]]
        case _:
            return []
