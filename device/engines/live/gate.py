"""Speech in a stream of audio that never stops, found by its level.

An engine that talks in real time sends its silence too, as zeros or nearly so, and does not say when it speaks.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME_MS: Final = 20
NOISE_FLOOR: Final = 0.0006
"""RMS of what GPT-Live sends as silence, at the most, full scale being 1; it and the factors are those that
livekit-plugins-openai 1.8.9 uses."""
OPEN: Final = 3.0 * NOISE_FLOOR
CLOSE: Final = 1.8 * NOISE_FLOOR
"""Speech begins above the one and pauses below the other."""
HANGOVER_MS: Final = 800
"""A longer pause ends what was said."""
OPENING: Final = 2
"""So many frames must be loud before it is speech: one is a click."""
LEAD: Final = 4
"""Frames that belong to it when it begins, these among them: first sounds are soft."""


class Piece(Struct, frozen=True):
    """What happened in the stream next."""

    kind: Literal["began", "sound", "pause", "ended"]
    """Speech began; a part of it that sounds; one that does not; speech ended where the pause after it began."""
    pcm: bytes = b""


class Gate:
    """Cuts a stream, s16le mono at `rate`, into speech and what is between."""

    def __init__(self, rate: int) -> None:
        self.speaking = False
        self.quiet_ms = 0.0
        """How long nothing has been loud, within speech or after it."""
        self._size = 2 * rate * FRAME_MS // 1000
        self._rest = b""
        self._loud = 0
        self._lead: deque[bytes] = deque(maxlen=LEAD)

    def push(self, pcm: bytes) -> Iterator[Piece]:
        """Take what comes next; yield what it is, in whole frames. `reset` may be called in between."""
        data = self._rest + pcm if self._rest else pcm
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], np.int16).reshape(-1, self._size // 2).astype(np.float32)
        levels = np.sqrt(np.einsum("ij,ij->i", frames, frames) * (2 / self._size)) / 32768
        for n, level in enumerate(levels.tolist()):
            yield from self._frame(data[n * self._size : (n + 1) * self._size], level)

    def lapse(self, ms: float) -> bool:
        """Let silence pass that nobody sent; return whether that has ended what was being said."""
        self.quiet_ms += ms
        self._loud = 0
        if not self.speaking or self.quiet_ms < HANGOVER_MS:
            return False
        self.reset()
        return True

    def reset(self) -> None:
        """End what is being said: what follows is to begin anew."""
        self.speaking = False
        self._loud = 0
        self._lead.clear()

    def _frame(self, frame: bytes, level: float) -> list[Piece]:
        loud = level > (CLOSE if self._loud else OPEN)
        self._loud = self._loud + 1 if loud else 0
        self.quiet_ms = 0 if loud else self.quiet_ms + FRAME_MS
        if self.speaking and self.quiet_ms < HANGOVER_MS:
            return [Piece("sound" if loud else "pause", frame)]
        if self.speaking:
            self.reset()
            return [Piece("ended")]
        self._lead.append(frame)
        if self._loud < OPENING:
            return []
        self.speaking = True
        lead = b"".join(self._lead)
        self._lead.clear()
        return [Piece("began"), Piece("sound", lead)]
