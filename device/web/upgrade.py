"""Whether a request is one for a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.web_request import BaseRequest


def can_upgrade(ws: web.WebSocketResponse, request: BaseRequest) -> bool:
    """Tell whether a request can be answered by a WebSocket; an odd one cannot, and is no fault of ours."""
    try:
        return bool(ws.can_prepare(request))
    except ValueError:  # a Sec-WebSocket-Key that is not ASCII: aiohttp 3.14
        return False
