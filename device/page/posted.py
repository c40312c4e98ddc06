"""What a script of the page sends, beside its line to the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import hdrs, web

if TYPE_CHECKING:
    from aiohttp.web import Request

T = TypeVar("T")


async def posted(request: Request, kind: type[T]) -> T:
    """Return what a script of the page has sent. Raises web.HTTPException for what is none of that."""
    if hdrs.ORIGIN not in request.headers:
        raise web.HTTPForbidden
    if request.content_type != "application/json":  # no form of another page can have it
        raise web.HTTPUnsupportedMediaType
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise web.HTTPBadRequest from None
