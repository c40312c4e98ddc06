"""An OpenAI-compatible chat-completions endpoint, streamed by server-sent events."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec
from msgspec import Struct, field

from device.local.remote.endpoint import Endpoint
from device.system import network

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from device.settings.local import BrainSettings

_LONGEST_LINE: Final = 1 << 20
"""Bytes of one event: a thousand times what a piece of a reply takes, and a bound on what a broken server can send."""
_LONGEST_ANSWER: Final = 1 << 20
"""Bytes of an answer that is not a stream."""
_CONNECT_S: Final = 10.0
"""How long a connection may take to be made, at most: a model that is slow to answer is still there at once."""


class CompletionsError(Exception):
    """The endpoint gave no answer; the message says why and what to do, without the key."""


class Function(Struct):
    """A function's name and arguments, or the next piece of each."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(Struct):
    """A call, or the next piece of one: pieces of the same `index` belong together."""

    index: int | None = None
    id: str | None = None
    function: Function = field(default_factory=Function)


class Delta(Struct):
    """What comes next of the message."""

    content: str | None = None
    tool_calls: list[ToolCall] | None = None


class Usage(Struct):
    """What the answer cost, in tokens."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class _ChoiceOf(Struct):
    delta: Delta | None = None
    message: Delta | None = None


class Chunk(Struct):
    """One event of the stream."""

    choices: list[_ChoiceOf] | None = None
    usage: Usage | None = None
    error: Any = None

    @property
    def delta(self) -> Delta:
        """What the event adds to the message."""
        first = self.choices[0] if self.choices else _ChoiceOf()
        return first.delta or first.message or Delta()


class Completions:
    """Asks an endpoint; each question has a connection of its own."""

    def __init__(self, settings: BrainSettings) -> None:
        self._settings = settings
        self._endpoint = Endpoint(settings, section="brain", name="the language model at", path="/chat/completions")
        self._count_tokens = True

    async def ask(self, request: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        """Send a request without its model and stream fields; yield the events. Raises `CompletionsError`.

        Each event must come within `brain.timeout_s` of the one before.
        """
        timeout = aiohttp.ClientTimeout(total=None, connect=min(_CONNECT_S, self._settings.timeout_s))
        try:
            async with (
                network.session(self._endpoint.url, timeout=timeout, headers=self._endpoint.headers) as http,
                aclosing(self._chunks(http, request)) as chunks,
            ):
                while (chunk := await self._next(chunks)) is not None:
                    yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise CompletionsError(self._endpoint.unreached(error)) from None

    async def _next(self, chunks: AsyncGenerator[Chunk, None]) -> Chunk | None:
        """Return the next event that says something, or None at the end; comments that keep alive do not count."""
        async with asyncio.timeout(self._settings.timeout_s):
            return await anext(chunks, None)

    async def _chunks(self, http: aiohttp.ClientSession, request: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        body = {"model": self._settings.model or "default", "stream": True, **request}
        if self._count_tokens:
            body["stream_options"] = {"include_usage": True}
        async with http.post(self._endpoint.url, json=body, allow_redirects=False) as response:
            if response.status in {400, 422} and self._count_tokens:
                said = await self._endpoint.text(response)
                if "stream_options" not in said:
                    raise CompletionsError(self._endpoint.refusal(response.status, said))
                self._count_tokens = False
            elif response.status != 200:
                raise CompletionsError(self._endpoint.refusal(response.status, await self._endpoint.text(response)))
            else:
                if response.content_type == "application/json":
                    yield self._chunk((await self._endpoint.text(response, _LONGEST_ANSWER)).encode())
                    return
                async for data in _events(response.content):
                    yield self._chunk(data)
                return
        # A server that knows no usage in streams: ask again without.
        async with aclosing(self._chunks(http, request)) as chunks:
            async for chunk in chunks:
                yield chunk

    def _chunk(self, data: bytes) -> Chunk:
        try:
            chunk = msgspec.json.decode(data, type=Chunk)
        except msgspec.MsgspecError as error:
            fault = f"sent what is no chat completion ({error}): does brain.url end in /v1?"
            raise CompletionsError(self._endpoint.tell(fault)) from None
        if chunk.error:
            raise CompletionsError(self._endpoint.tell(f"failed: {self._endpoint.quote(json.dumps(chunk.error))}"))
        return chunk


async def _events(stream: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """Yield the data of server-sent events, until `[DONE]` or the end."""
    buffer = bytearray()
    async for piece in stream.iter_any():
        buffer += piece
        *lines, rest = buffer.split(b"\n")
        buffer = bytearray(rest)
        if len(buffer) > _LONGEST_LINE:
            raise aiohttp.ClientPayloadError("an event of more than a megabyte")
        for line in lines:
            name, _, data = line.strip().partition(b":")
            if name != b"data":
                continue
            if data.strip() == b"[DONE]":
                return
            if data.strip():
                yield bytes(data.strip())
