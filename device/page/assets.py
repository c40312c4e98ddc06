"""What browsers load: the files of `static/`, read and compressed once, and the headers that shut a page in."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web
from msgspec import Struct

from device.data import DATA

STATIC: Final = Path(__file__).with_name("static")
KINDS: Final = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""The kinds of files there are, by their endings."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer. Nothing comes from elsewhere, no script or style stands in a page, and no text becomes markup."""


class Asset(Struct, frozen=True):
    """A file as browsers get it."""

    kind: str
    """Its media type."""
    data: bytes
    packed: bytes
    """The same, gzipped."""
    etag: str


def all_assets() -> dict[str, Asset]:
    """Return the page's own files, and in `picture/` those that draw a conversation."""
    drawing = {f"picture/{name}": one for name, one in read_assets(DATA / "picture").items()}
    return {**read_assets(), **drawing}


def read_assets(folder: Path = STATIC) -> dict[str, Asset]:
    """Return all files in and below a folder, by their path from there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): asset(path.read_bytes(), KINDS[path.suffix]) for path in files}


def asset(data: bytes, kind: str) -> Asset:
    """Return data as browsers get it."""
    digest = hashlib.sha256(data).hexdigest()[:16]
    return Asset(kind, data, gzip.compress(data, 9, mtime=0), f'"{digest}"')


def edition(assets: dict[str, Asset]) -> str:
    """Return what tells files from those of another version."""
    return hashlib.sha256("".join(sorted(one.etag for one in assets.values())).encode()).hexdigest()[:16]


def answer(request: web.Request, asset: Asset, status: int = 200) -> web.Response:
    """Return a file as the answer to a request; short, if the browser has it."""
    # Asked for anew each time, so that an update holds at once; mostly, that it is the same is all of the answer.
    headers = {hdrs.ETAG: asset.etag, hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: hdrs.ACCEPT_ENCODING}
    if status == 200 and request.headers.get(hdrs.IF_NONE_MATCH) == asset.etag:
        return web.Response(status=304, headers=headers)
    packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    if packed:
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    body = asset.packed if packed else asset.data
    return web.Response(
        body=body, status=status, headers={**headers, hdrs.CONTENT_TYPE: f"{asset.kind}; charset=utf-8"}
    )
