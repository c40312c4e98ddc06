"""What the daemon and the card's own process tell each other, and the socket on which they do."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

Message = TypeVar("Message")

_LENGTH = struct.Struct("<I")
_READ = 65_536
_MOST_FILES = 4


class _Tagged(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """A message."""


# From the daemon


class Find(_Tagged, frozen=True):
    """Find the card that `maker` makes, `module:name`, of the fields of its settings."""

    maker: str
    settings: dict[str, Any]


class Open(_Tagged, frozen=True):
    """Open it; the board's files come along."""

    seconds: float
    prebuffer_ms: int
    volume: float


class Write(_Tagged, frozen=True):
    """From now on the card's process writes the rings."""


class Play(_Tagged, frozen=True):
    """Queue s16le at the card's rate for the item with this number."""

    item: int
    pcm: bytes


class Finish(_Tagged, frozen=True):
    """The item is complete."""

    item: int


class Lower(_Tagged, frozen=True):
    """Lower the reply, or hold it as well."""

    db: float
    hold: bool


class Restore(_Tagged, frozen=True):
    """Let it go on."""


class Cut(_Tagged, frozen=True):
    """Fade out and drop what is queued."""

    fade_ms: int


class Volume(_Tagged, frozen=True):
    """Set the volume."""

    volume: float


class Sound(_Tagged, frozen=True):
    """Play an earcon, s16le at the card's rate; of none, end it."""

    pcm: bytes
    repeat: bool


class Close(_Tagged, frozen=True):
    """Close the card and end."""


Order = Find | Open | Write | Play | Finish | Lower | Restore | Cut | Volume | Sound | Close

# From the card's process


class Found(_Tagged, frozen=True):
    """It is there."""

    name: str
    rate: int


class Failed(_Tagged, frozen=True):
    """It cannot be found or opened; the message of a CardError."""

    message: str


class Opened(_Tagged, frozen=True):
    """It is open, and waits for `Write`."""


class Presence(_Tagged, frozen=True):
    """It vanished or came back."""

    present: bool
    name: str


class Said(_Tagged, frozen=True):
    """A line of its log."""

    logger: str
    level: int
    text: str


Report = Found | Failed | Opened | Presence | Said


class Link:
    """One end of the socket. Any thread may send; one receives messages of the type `takes`."""

    def __init__(self, end: socket.socket, takes: Any) -> None:
        self._socket = end
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(takes)
        self._read = bytearray()
        self._ready = select.poll()
        self._ready.register(end, select.POLLIN)
        self.files: list[int] = []
        """File descriptors that came with messages, as yet unclaimed."""
        # What the socket does not take at once waits for a thread to bring it.
        self._sending = threading.Lock()
        self._waiting = bytearray()
        self._bringing = False

    def send(self, message: Any, files: Sequence[int] = ()) -> None:
        """Send a message without waiting; if the other side is gone, to nobody. With `files`, as the first one."""
        data = self._encoder.encode(message)
        with self._sending:
            self._waiting += _LENGTH.pack(len(data)) + data
            self._push(files)
            if self._waiting and not self._bringing:
                self._bringing = True
                threading.Thread(target=self._bring, name="card link", daemon=True).start()

    def receive(self, timeout: float | None = None) -> Any:
        """Return the next message, or None after `timeout` seconds. Raises EOFError once the other side is gone."""
        end = None if timeout is None else time.monotonic() + timeout
        while (message := self._next()) is None:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self._ready.poll(None if left is None else left * 1000):
                return None
            try:
                data, files, _, _ = socket.recv_fds(self._socket, _READ, _MOST_FILES)
            except OSError as error:  # reset, or closed here by another thread
                raise EOFError from error
            if not data:
                raise EOFError
            self.files += files
            self._read += data
        return message

    def close(self) -> None:
        """Close this end; harmless when repeated."""
        with self._sending:
            self._waiting.clear()
            self._socket.close()

    def _next(self) -> Any:
        if len(self._read) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._read)[0]
        if len(self._read) < end:
            return None
        data = bytes(memoryview(self._read)[_LENGTH.size : end])
        del self._read[:end]
        return self._decoder.decode(data)

    def _push(self, files: Sequence[int] = ()) -> None:
        """Hand over as much as the socket takes."""
        while self._waiting:
            try:
                if files:
                    sent = socket.send_fds(self._socket, [self._waiting], list(files), socket.MSG_DONTWAIT)
                else:
                    sent = self._socket.send(self._waiting, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:  # nobody is there any more, or it is closed
                self._waiting.clear()
                return
            del self._waiting[:sent]
            files = ()

    def _bring(self) -> None:
        """Hand over what waits as the other side takes it."""
        room = select.poll()
        while True:
            with self._sending:
                self._push()
                if not self._waiting:
                    self._bringing = False
                    return
                room.register(self._socket, select.POLLOUT)
            room.poll(1000)
