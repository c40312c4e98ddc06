"""Server-sent events, read from the bytes as they come (html.spec.whatwg.org, "Server-sent events"). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.mcp.limits import LONGEST
from device.mcp.messages import McpError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Event(Struct, frozen=True):
    """One event."""

    data: str
    kind: str = "message"
    id: str = ""
    """The last id so far, by which the stream can be taken up again; empty for none."""


class Events:
    """The events of one stream."""

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms: int | None = None
        """How long the server asks to wait before the stream is taken up again."""
        self._rest = b""
        self._data: list[str] = []
        self._kind = ""
        self._size = 0
        self._fresh = True

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that are complete with `data`. Raises McpError for one that is too long."""
        if self._fresh and data:
            data, self._fresh = data.removeprefix(b"\xef\xbb\xbf"), False
        data = self._rest + data
        # A CR at the end may be the first half of a CRLF.
        held = b"\r" if data.endswith(b"\r") else b""
        lines = data.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + held
        if len(self._rest) + self._size > LONGEST:
            raise McpError(f"it sends an event of more than {LONGEST} bytes")
        for line in lines:
            if not line:
                yield from self._dispatch()
            else:
                self._take(line.decode("utf-8", "replace"))

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "data":
                self._size += len(value)
                if self._size > LONGEST:
                    raise McpError(f"it sends an event of more than {LONGEST} bytes")
                self._data.append(value)
            case "event":
                self._kind = value
            case "id" if value.isprintable() and len(value) <= 1024:
                self.last_id = value
            case "retry" if value.isascii() and value.isdigit() and len(value) < 8:
                self.retry_ms = int(value)
            case _:
                pass

    def _dispatch(self) -> Iterator[Event]:
        data, kind = "\n".join(self._data), self._kind
        self._data, self._kind, self._size = [], "", 0
        if data:
            yield Event(data, kind or "message", self.last_id)
