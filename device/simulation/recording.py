"""The recording of a room: visitors, microphone and loudspeaker, three channels of one WAV file.

It is written block by block, past every buffer of this process: what was recorded outlives a crash.
"""

from __future__ import annotations

import os
import struct
import wave
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pathlib import Path

CHANNELS = 3
"""Visitors (clean, before the room), microphone (as the device gets it), loudspeaker (as it sounds)."""
LONGEST_BYTES = 2**32 - 4096
"""What the sizes in a WAV file's header can say."""
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class RecordingError(Exception):
    """A recording cannot be read or cannot be made; the message names the file."""


class Tracks(Struct, frozen=True):
    """A recording in memory: three `(n,) int16` tracks at `rate`; frame 0 is second 0 of the scene."""

    rate: int
    visitors: NDArray[np.int16]
    microphone: NDArray[np.int16]
    loudspeaker: NDArray[np.int16]

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return len(self.loudspeaker) / self.rate


class Recording:
    """Writes `conversation.wav`. A context manager.

    Each block is on its way to the disk when `write` returns; the header is brought up to date once a second, and
    `load` does not need it to be. Raises RecordingError if the file cannot be made.
    """

    def __init__(self, path: Path, rate: int) -> None:
        self.path = path
        self.rate = rate
        self._bytes = 0
        self._said = 0
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise RecordingError(f"{path}: cannot be written: {error.strerror}") from error
        self._write_header()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @staticmethod
    def longest(rate: int) -> float:
        """Return how many seconds fit a recording."""
        return LONGEST_BYTES / (2 * CHANNELS * rate)

    def write(self, block: NDArray[np.int16]) -> None:
        """Append `block`, `(n, 3) int16`. Raises OSError, as when the disk is full."""
        os.pwrite(self._file.fileno(), np.ascontiguousarray(block).data, _HEADER.size + self._bytes)
        self._bytes += block.nbytes
        if self._bytes - self._said >= 2 * CHANNELS * self.rate:
            self._write_header()

    def close(self) -> None:
        """Complete the header and close the file; harmless when repeated."""
        if not self._file.closed:
            self._write_header()
            self._file.close()

    def _write_header(self) -> None:
        frame = 2 * CHANNELS
        header = _HEADER.pack(
            *(b"RIFF", _HEADER.size - 8 + self._bytes, b"WAVE"),
            *(b"fmt ", 16, 1, CHANNELS, self.rate, self.rate * frame, frame, 16),
            *(b"data", self._bytes),
        )
        os.pwrite(self._file.fileno(), header, 0)
        self._said = self._bytes


def load(path: Path) -> Tracks:
    """Read a recording, to the last whole frame that is in the file. Raises RecordingError."""
    try:
        with wave.open(str(path), "rb") as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
        data: NDArray[Any] = np.fromfile(path, "<i2", offset=_HEADER.size)
    except (OSError, EOFError, wave.Error) as error:
        raise RecordingError(f"{path}: cannot be read as a recording: {error or 'it ends early'}") from error
    if (channels, width) != (CHANNELS, 2):
        raise RecordingError(f"{path}: a recording has {CHANNELS} channels of 16 bits, not {channels} of {8 * width}")
    frames = data[: len(data) // CHANNELS * CHANNELS].reshape(-1, CHANNELS)
    visitors, microphone, loudspeaker = (np.ascontiguousarray(frames[:, i]) for i in range(CHANNELS))
    return Tracks(rate, visitors, microphone, loudspeaker)
