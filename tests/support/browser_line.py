"""What comes by a browser's line to the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse


async def told(ws: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    """Return the next message of a kind."""
    while (message := await ws.receive_json(timeout=20))["type"] != kind:
        pass
    found: dict[str, Any] = message
    return found
