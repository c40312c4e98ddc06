"""The last reply's sound, kept in memory to be heard again."""

from __future__ import annotations

LONGEST_S = 60
"""3 MB at 24 kHz. Of a longer reply only the beginning can be heard again."""


class LastReply:
    """What there is so far of the reply item that came last, at most `LONGEST_S` of it: s16le mono at `rate` Hz."""

    def __init__(self) -> None:
        self.rate = 0
        self._item = ""
        self._pcm = bytearray()

    def add(self, item: str, pcm: bytes, rate: int) -> None:
        """Take another piece of `item`; another item's takes its place."""
        if item != self._item:
            self._item, self.rate, self._pcm = item, rate, bytearray()
        self._pcm += pcm[: 2 * LONGEST_S * rate - len(self._pcm)]

    @property
    def pcm(self) -> bytes:
        """All of it that is there; empty if there was no reply yet."""
        return bytes(self._pcm)
