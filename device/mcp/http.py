"""A server that is reached by HTTP: each request a POST, answered by JSON or by a stream of events.

Older revisions also have sessions, streams that are taken up again, and one for what the server says of its own accord
(2025-11-25, "Streamable HTTP"); 2026-07-28 has none of them, and a request is cancelled by closing its answer.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from device.mcp.faults import refused, unreached
from device.mcp.limits import LONGEST, Flow
from device.mcp.messages import (
    HANDSHAKE,
    MODERN,
    McpError,
    Message,
    NonsenseError,
    SilentError,
    StatusError,
    answer,
    header,
    notification,
    parse,
    request,
    result_of,
)
from device.mcp.patience import patience
from device.mcp.sse import Event, Events
from device.system import network
from device.system.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from msgspec import Raw

    from device.settings.mcp import McpSettings

log = logging.getLogger(__name__)

CONNECT_S: Final = 5.0
"""A choice: a machine of the house answers in milliseconds; longer holds a conversation up."""
PIECE: Final = 64 * 1024
"""Bytes that are read at once."""
REDIRECTS: Final = 3
"""How often a server may send us on within itself, as some do for want of a slash at the end."""
RESUMES: Final = 5
"""How often an answer that broke off is taken up again."""
RETRY_S: Final = (1.0, 10.0)
"""Before that: how long where the server does not say, and at most; a choice, for nobody waits longer."""
GOODBYE_S: Final = 1.0
"""How long to try to say that a request, or the session, is over."""
_FAILURES: Final = (aiohttp.ClientError, OSError, ValueError)
"""What asking raises; aiohttp says some of it by ValueError."""


class HttpTransport:
    """The way to the server `name` at `settings.url`. The token goes there, and follows to no other server."""

    def __init__(self, name: str, settings: McpSettings) -> None:
        self.revision = MODERN
        self.told: Callable[[Message], None] = lambda _: None
        self._name = name
        self._token = settings.token
        url = URL(settings.url)
        self._url = url.with_user(None) if self._token else url  # one authorization only
        self._session = ""
        self._agreed = False
        self._numbers = itertools.count(1)
        self._flow = Flow()
        self._http: aiohttp.ClientSession | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()
        host = self._url.host or ""
        if self._token and self._url.scheme == "http" and not is_loopback(host):
            log.info("The token of mcp.%s travels unencrypted to %s; https:// would hide it.", name, host)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def begin(self) -> None:
        """Forget the session; `initialize` begins another."""
        self.revision, self._agreed, self._session = HANDSHAKE[0], False, ""

    def agree(self, revision: str) -> None:
        """Note the revision that the server has agreed on in `initialize`."""
        self.revision, self._agreed = revision, True

    async def ask(
        self,
        method: str,
        params: dict[str, Any],
        *,
        timeout_s: float,
        headers: Mapping[str, str] = {},
        progress: Callable[[Message], None] | None = None,
    ) -> Raw:
        """As `Transport` has it."""
        number = next(self._numbers)
        body = request(number, method, params, self.revision, progress=progress is not None)
        own: dict[str, str] = {}
        if self.revision == MODERN:
            name = params.get("name")
            own = {**headers, "Mcp-Method": method, **({"Mcp-Name": header(name)} if isinstance(name, str) else {})}
        try:
            async with patience(timeout_s) as again:

                def heard(message: Message) -> None:
                    if message.method == "notifications/progress" and progress is not None:
                        again()
                        progress(message)
                    else:
                        self.told(message)

                return result_of(await self._exchange(number, body, own, heard))
        except TimeoutError:
            self._cancel(number)
            raise SilentError(timeout_s) from None
        except asyncio.CancelledError:
            self._cancel(number)
            raise
        except _FAILURES as error:
            raise unreached(self._name, error) from None

    async def notify(self, method: str) -> None:
        """As `Transport` has it."""
        await self._post(notification(method))

    async def listen(self, *, stream: bool) -> None:
        """As `Transport` has it; ends at once where the server has nothing to say beside its answers."""
        if not stream:
            return
        events, failed = Events(), 0
        try:
            while failed <= RESUMES:
                try:
                    async with self._open("GET", None, _resuming(events)) as response:
                        failed += 1
                        async for event in self._events(response, events):
                            failed = 0
                            self.told(parse(event.data))
                except StatusError as error:
                    if error.status in (400, 404, 405, 406, 501):
                        return
                    raise
                await asyncio.sleep(_retry_s(events) + failed)
        except _FAILURES as error:
            raise unreached(self._name, error) from None

    async def close(self) -> None:
        """As `Transport` has it."""
        http, self._http = self._http, None
        if http is None:
            return
        if self._goodbyes:
            await asyncio.wait(self._goodbyes, timeout=GOODBYE_S)
        if self._session:
            with suppress(*_FAILURES):
                async with asyncio.timeout(GOODBYE_S):
                    (await http.delete(self._url, headers=self._headers(), allow_redirects=False)).release()
        await http.close()

    # One request

    async def _exchange(
        self, number: int, body: bytes, own: Mapping[str, str], heard: Callable[[Message], None]
    ) -> Message:
        """Send a request and return its answer; `heard` gets what comes before it."""
        events = Events()
        async with self._open("POST", body, own) as response:
            if self.revision != MODERN and not self._agreed:
                session = response.headers.get("Mcp-Session-Id", "")
                self._session = session if session.isascii() and session.isprintable() else ""
            if not _is_stream(response):
                return await self._whole(response)
            found = await self._answer(self._events(response, events), number, heard)
        for _ in range(RESUMES if self.revision != MODERN else 0):
            if found is not None or not events.last_id:
                break
            await asyncio.sleep(_retry_s(events))
            async with self._open("GET", None, _resuming(events)) as response:
                found = await self._answer(self._events(response, events), number, heard)
        if found is None:
            raise McpError("its answer broke off")
        return found

    async def _answer(
        self, events: AsyncIterator[Event], number: int, heard: Callable[[Message], None]
    ) -> Message | None:
        """Return the answer to a request out of a stream; None if the stream ends before."""
        with suppress(aiohttp.ClientPayloadError, ConnectionError):
            async for event in events:
                message = parse(event.data)
                if message.method and message.id is not None:
                    await self._post(answer(message))
                elif message.method:
                    heard(message)
                elif message.id == number:
                    return message
        return None

    async def _events(self, response: aiohttp.ClientResponse, events: Events) -> AsyncIterator[Event]:
        async for piece in response.content.iter_chunked(PIECE):
            for event in events.feed(piece):
                self._flow.take()
                yield event

    async def _whole(self, response: aiohttp.ClientResponse) -> Message:
        """Return the answer that a response is, as a whole."""
        self._flow.take()
        data = await _read(response, LONGEST)
        if response.content_type != "application/json":
            kind = response.content_type if data else "nothing"
            raise StatusError(
                response.status, f"it answers with {kind}: is it a server of tools? Check mcp.{self._name}.url"
            )
        return parse(data)

    async def _post(self, body: bytes) -> None:
        """Send what needs no answer. Raises McpError."""
        try:
            async with asyncio.timeout(CONNECT_S), self._open("POST", body, {}):
                pass
        except TimeoutError:
            raise SilentError(CONNECT_S) from None
        except _FAILURES as error:
            raise unreached(self._name, error) from None

    @asynccontextmanager
    async def _open(
        self, method: str, body: bytes | None, own: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request; yields an answer that is none of HTTP's refusals. Raises McpError and what aiohttp does."""
        if self._http is None:
            self._http = network.session(
                self._url,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "parley", "Accept-Encoding": "identity"},
            )
        headers = {**self._headers(stream_only=method == "GET"), **own}
        for _ in range(REDIRECTS + 1):
            async with self._http.request(
                method, self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status < 300:
                    yield response
                    return
                if response.status >= 400:
                    await self._refuse(response)
                self._follow(response)
        raise McpError(f"it sends us round in circles: check mcp.{self._name}.url")

    async def _refuse(self, response: aiohttp.ClientResponse) -> None:
        """Raise what a refusal means: the protocol's own error where there is one in it."""
        data = await _read(response, LONGEST)
        gone = response.status == 404 and bool(self._session)
        if response.content_type == "application/json" and not gone and response.status not in (401, 403):
            with suppress(NonsenseError):
                result_of(parse(data))
        raise refused(self._name, response.status, data, self._token, session=bool(self._session))

    def _follow(self, response: aiohttp.ClientResponse) -> None:
        """Go where a server sends us, if it is within itself. Raises McpError."""
        target = self._url.join(URL(response.headers.get("Location", "")))
        if target.origin() != self._url.origin():
            where = target.origin() if target.host else "an address that is none"
            raise McpError(f"it sends us on to {where}, where no token follows: check mcp.{self._name}.url")
        self._url = target

    def _headers(self, *, stream_only: bool = False) -> dict[str, str]:
        """Return what each request is sent with."""
        both = "application/json, text/event-stream"
        headers = {"Accept": "text/event-stream" if stream_only else both, "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        if self.revision == MODERN or self._agreed:
            headers["MCP-Protocol-Version"] = self.revision
        if self._session:
            headers["Mcp-Session-Id"] = self._session
        return headers

    def _cancel(self, number: int) -> None:
        """Say that an answer is no longer waited for, where to close the connection does not say it."""
        if self.revision == MODERN or not self._agreed or self._http is None:
            return
        body = notification("notifications/cancelled", {"requestId": number})
        task = asyncio.create_task(self._try_to_post(body))
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

    async def _try_to_post(self, body: bytes) -> None:
        with suppress(McpError):
            await self._post(body)


def _is_stream(response: aiohttp.ClientResponse) -> bool:
    return response.content_type == "text/event-stream"


def _resuming(events: Events) -> dict[str, str]:
    return {"Last-Event-ID": events.last_id} if events.last_id else {}


def _retry_s(events: Events) -> float:
    usual, most = RETRY_S
    return usual if events.retry_ms is None else min(most, events.retry_ms / 1000)


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """Return what an answer holds. Raises McpError if it is more than so many bytes."""
    data = bytearray()
    async for piece in response.content.iter_chunked(PIECE):
        data += piece
        if len(data) > most:
            raise McpError(f"it sends a message of more than {most} bytes")
    return bytes(data)
