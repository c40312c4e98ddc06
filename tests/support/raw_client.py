"""A client of the local engine that sends whatever a test wants, and the events and items that it sends."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from support.scripted import ORACLE, PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.scripted import Scripted


class Raw:
    """A WebSocket client without manners."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def next(self) -> Any:
        frame = await self.ws.receive(PATIENCE)
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        return ORACLE.validate_json(frame.data)

    async def until(self, kind: str) -> Any:
        while (event := await self.next()).type != kind:
            pass
        return event

    async def send(self, **event: Any) -> None:
        await self.ws.send_str(json.dumps(event))

    async def error(self) -> Any:
        return (await self.until("error")).error

    async def lives(self) -> None:
        """Check that the session still answers."""
        await self.send(type="input_audio_buffer.clear")
        await self.until("input_audio_buffer.cleared")


@asynccontextmanager
async def raw(server: Scripted, **options: Any) -> AsyncIterator[Raw]:
    """Open a session without the official client; its `session.created` has been read."""
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{server.url}/realtime", **options) as ws:
        client = Raw(ws)
        await client.until("session.created")
        yield client


def says(role: str, **content: Any) -> dict[str, Any]:
    """Return a message item with one part."""
    return {"type": "message", "role": role, "content": [content]}


def text_item(text: str) -> dict[str, Any]:
    """Return what the user typed."""
    return says("user", type="input_text", text=text)


def append(pcm: bytes) -> dict[str, Any]:
    """Return the event that appends audio."""
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()}
