"""Downloads that survive a bad line: resumed where they broke off, checked by sha256, never half there."""

from __future__ import annotations

import hashlib
import http.client
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from device.system.loopback import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

Progress = Callable[[str, int, int], None]
"""Is told what is being fetched, the bytes that are there and the bytes there will be."""

_BLOCK = 1 << 16
"""Bytes between two reports of progress."""
_TIMEOUT_S = 60.0
"""Silence of a server after which it is asked again; a choice."""
_FAILURES = 5
"""Failures in a row, without a byte gained, after which a download is given up. A choice: a line that comes and
goes is ridden out, one that is gone is told of within minutes."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""HTTP statuses of faults that may pass."""


class DownloadError(Exception):
    """A download that cannot be had; the message says why."""


class Checked(Struct, frozen=True):
    """What a file must be."""

    sha256: str
    size: int
    """Bytes."""

    def fault(self, path: Path) -> str:
        """Say what is wrong with the file at `path`, its whole content read; empty if nothing is."""
        if not path.is_file():
            return "missing"
        if path.stat().st_size != self.size:
            return "wrong size"
        return "" if sha256_of(path) == self.sha256 else "wrong sha256"


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_in_place(part: Path, target: Path) -> None:
    """Move a finished file to its name, whole even if the power goes now."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)


def download(
    url: str,
    target: Path,
    want: Checked,
    progress: Progress = lambda *_: None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch `url` (http, https or file) into `target`, which appears only once it is what `want` says.

    What arrived is kept beside it as `.part` and continued by the next try, in this run or a later one. A server
    that hangs up, is busy or silent is asked again after 1, 2, 4, … seconds (`sleep`), for as long as bytes arrive.

    Raises:
        DownloadError: The server refuses, is not there, or sends something else.

    """
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    resumed = _present(part) > 0
    failures = 0
    while True:
        before = _present(part)
        reason = "" if before >= want.size else _attempt(url, part, want.size, progress)
        if _present(part) >= want.size:
            fault = want.fault(part)
            if not fault:
                put_in_place(part, target)
                return
            part.unlink()
            if not resumed:
                raise DownloadError(f"{target.name}: the server sends a file of {fault}, not the one that is pinned")
            resumed = False  # what an earlier try left may have been at fault: once more from the start
            continue
        failures = 1 if _present(part) > before else failures + 1
        if failures > _FAILURES:
            kept = f"{_present(part)} of {want.size} bytes are kept for the next try"
            raise DownloadError(f"{target.name}: {reason}; {kept}")
        sleep(min(2.0 ** (failures - 1), 30.0))


def _attempt(url: str, part: Path, size: int, progress: Progress) -> str:
    """Make one request; return why it brought less than everything, if another may bring more."""
    label = part.stem
    try:
        _continue(url, part, size, lambda done: progress(label, done, size))
    except urllib.error.HTTPError as error:
        error.close()
        reason = f"the server answered {error.code} {error.reason}"
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
        elif error.code not in _PASSING:
            raise DownloadError(f"{label}: {reason}") from None
        return reason
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        if isinstance(cause, ssl.SSLCertVerificationError | FileNotFoundError):
            raise DownloadError(f"{label}: {cause}") from None
        return str(cause) or type(error).__name__
    return "the server hung up in the middle"


def fetch_text(url: str, most: int) -> bytes:
    """Return what is at `url` (http, https or file), at most so many bytes. Raises `DownloadError`."""
    _known_scheme(url)
    try:
        with urllib.request.build_opener(_Proxies).open(url, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read(most + 1)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(f"{url}: {getattr(error, 'reason', None) or error or type(error).__name__}") from None
    if len(content) > most:
        raise DownloadError(f"{url}: more than {most} bytes, which cannot be right")
    return content


def _known_scheme(url: str) -> None:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https", "file"):
        raise DownloadError(f"cannot download from {url}: not an http, https or file address")


class _Proxies(urllib.request.ProxyHandler):
    """The proxies of the environment, none of which leads to this machine itself."""

    def proxy_open(self, req: urllib.request.Request, proxy: str, type: str) -> Any:  # noqa: A002 - the library's name
        """Take the proxy for a request, unless it is for this machine."""
        if is_loopback(urllib.parse.urlsplit(f"//{req.host}").hostname or ""):
            return None
        return super().proxy_open(req, proxy, type)


def _present(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _continue(url: str, part: Path, size: int, progress: Callable[[int], None]) -> None:
    """Append to `part` what one request brings, at most one byte past `size`."""
    _known_scheme(url)
    done = _present(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310 - checked above
    with urllib.request.build_opener(_Proxies).open(request, timeout=_TIMEOUT_S) as response:
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {done}-"):
                raise OSError("the server sent another range than was asked for")
        else:
            done = 0  # a server that knows no ranges begins again
        length = response.headers.get("Content-Length")
        if length and done + int(length) != size:
            raise DownloadError(f"{part.stem}: the server has {done + int(length)} bytes, but {size} are pinned")
        with part.open("ab" if done else "wb") as file:
            while done <= size and (block := response.read(min(_BLOCK, size + 1 - done))):
                file.write(block)
                done += len(block)
                progress(min(done, size))
