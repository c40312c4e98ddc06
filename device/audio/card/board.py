"""What the card's own process and the daemon both see: rings, and the few numbers that change with every block.

It is memory of the kernel's (memfd) that both have mapped. Each word has one writer. The card's process writes the
rings, where they have gaps, what is played and what the playout notes; the daemon whether the card is to be deaf, and
that it is alive.
"""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING

from device.audio.gaps import KEPT, Gaps
from device.audio.shared_ring import NEW, WORDS, Fence, SharedRing

if TYPE_CHECKING:
    from collections.abc import Sequence

REFERENCE_SECONDS = 5
"""Of the ring of what was played, as `Card` has it."""
PLAYING, GAPS, NOTE = 4, 2 * KEPT, 6
"""Numbers in what is said at once: of what is playing, of the gaps, of a line of notes."""
LINES = 1024
"""Of notes that are kept: a choice; a reply leaves a few, and the daemon reads them with every block."""
TRIES = 100
"""How often to look for numbers that belong together before one goes on with the last ones: their writer takes a
microsecond, unless it was killed over it."""
_MIC, _REFERENCE, _DEAF, _LATENCY, _OVERRUNS, _UNDERRUNS, _BEAT, _WRITTEN = 0, 8, 16, 17, 18, 19, 20, 21
_PLAYING = 32
_GAPS = _PLAYING + 1 + PLAYING
_NOTES = _GAPS + 1 + GAPS
_HEAD = (_NOTES + LINES * NOTE + 511) // 512 * 4096


class Slot:
    """A few whole numbers that belong together, `words` but for the first of them; one writes, any thread reads.

    Nobody waits: who comes upon a writer that does not get done gets what he got before.
    """

    def __init__(self, words: memoryview) -> None:
        self._words = words
        self._last: tuple[int, tuple[int, ...]] = 0, (0,) * (len(words) - 1)
        self._write_fence, self._read_fence = Fence(), Fence()

    def put(self, values: Sequence[int]) -> None:
        """Say `values`; what is left of the numbers becomes 0."""
        words = self._words
        words[0] |= 1
        self._write_fence()
        for n in range(len(words) - 1):
            words[1 + n] = values[n] if n < len(values) else 0
        self._write_fence()
        words[0] += 1

    def get(self) -> tuple[int, ...]:
        """Return what was said last."""
        words = self._words
        for _ in range(TRIES):
            version = words[0]
            if version == self._last[0]:
                break
            self._read_fence()
            values = tuple(words[1:].tolist())
            self._read_fence()
            if version % 2 == 0 and words[0] == version:
                self._last = version, values
                break
        return self._last[1]


class SharedGaps(Gaps):
    """The last gaps, in a `slot` of 2 · `KEPT` numbers."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    @property
    def _gaps(self) -> tuple[tuple[int, int], ...]:
        said = self._slot.get()
        return tuple((said[n], said[n + 1]) for n in range(0, len(said), 2) if said[n + 1])

    @_gaps.setter
    def _gaps(self, gaps: tuple[tuple[int, int], ...]) -> None:
        self._slot.put([position for gap in gaps for position in gap])


class Board:
    """The memory behind `memory`, a file of at least `Board.size` bytes, for a card of `rate`; for both sides.

    The bells are rung when as much was heard, or played, as the daemon waits for.
    """

    def __init__(self, memory: int, mic_bell: int, reference_bell: int, rate: int, seconds: float) -> None:
        self.rate = rate
        self._map = mmap.mmap(memory, self.size(rate, seconds))
        view = memoryview(self._map)
        head = view[:_HEAD].cast("q")
        self._words = head
        mic_end = _HEAD + 2 * round(rate * seconds)
        reference_end = mic_end + 2 * rate * REFERENCE_SECONDS
        self.mic = SharedRing(rate, head[_MIC : _MIC + WORDS], view[_HEAD:mic_end], mic_bell)
        self.reference = SharedRing(
            rate, head[_REFERENCE : _REFERENCE + WORDS], view[mic_end:reference_end], reference_bell
        )
        self.gaps = SharedGaps(Slot(head[_GAPS : _GAPS + 1 + GAPS]))
        self.playing = Slot(head[_PLAYING : _PLAYING + 1 + PLAYING])
        """What the playout is at: its item's number or 0, the number of the last one that has come, how many ms of it
        were heard, and whether that was all."""
        self._lines = [head[_NOTES + NOTE * n : _NOTES + NOTE * (n + 1)] for n in range(LINES)]
        self._fence = Fence()

    @staticmethod
    def size(rate: int, seconds: float) -> int:
        """Return the bytes that it takes."""
        return _HEAD + 2 * round(rate * seconds) + 2 * rate * REFERENCE_SECONDS

    @classmethod
    def make(cls, rate: int, seconds: float) -> tuple[int, int, int]:
        """Return new memory and new bells, as files; they are closed with the process."""
        memory = os.memfd_create("parley-card", os.MFD_CLOEXEC)
        os.ftruncate(memory, cls.size(rate, seconds))
        new = struct.pack(f"{WORDS}q", *NEW)
        for ring in (_MIC, _REFERENCE):
            os.pwrite(memory, new, 8 * ring)
        mic_bell, reference_bell = (os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK) for _ in range(2))
        return memory, mic_bell, reference_bell

    def forget(self) -> None:
        """Give up this process's hold of the tapes, up to where they are used next; what is on them stays there.

        Else the 6 MB of the microphone's would be counted as memory of both processes.
        """
        self._map.madvise(mmap.MADV_DONTNEED, _HEAD)

    @property
    def writes(self) -> bool:
        """Whether this process writes the rings; one of the two may."""
        return self.mic.writes

    @writes.setter
    def writes(self, writes: bool) -> None:
        self.mic.writes = self.reference.writes = writes

    @property
    def deaf(self) -> bool:
        """Whether silence is to be taken from the microphone; the daemon says so."""
        return bool(self._words[_DEAF])

    @deaf.setter
    def deaf(self, deaf: bool) -> None:
        self._words[_DEAF] = deaf

    @property
    def output_latency(self) -> int:
        """Frames between the callback and the loudspeaker."""
        return int(self._words[_LATENCY])

    @output_latency.setter
    def output_latency(self, frames: int) -> None:
        self._words[_LATENCY] = frames

    @property
    def xruns(self) -> tuple[int, int]:
        """Overruns and underruns."""
        return int(self._words[_OVERRUNS]), int(self._words[_UNDERRUNS])

    @xruns.setter
    def xruns(self, counts: tuple[int, int]) -> None:
        self._words[_OVERRUNS], self._words[_UNDERRUNS] = counts

    @property
    def beat(self) -> int:
        """A number that grows while the daemon is alive."""
        return int(self._words[_BEAT])

    @beat.setter
    def beat(self, beat: int) -> None:
        self._words[_BEAT] = beat

    def note(self, lines: Sequence[Sequence[int]]) -> None:
        """Leave lines of `NOTE` numbers, all at once; one thread of one process does."""
        written = self._words[_WRITTEN]
        for n, line in enumerate(lines):
            to = self._lines[(written + n) % LINES]
            for column, number in enumerate(line):
                to[column] = number
        self._fence()
        self._words[_WRITTEN] = written + len(lines)

    def notes(self, read: int) -> tuple[list[list[int]], int]:
        """Return the lines left after the first `read` ones, and how many were left in all.

        The oldest are gone if there are more than `LINES`.
        """
        written = int(self._words[_WRITTEN])
        self._fence()
        return [self._lines[n % LINES].tolist() for n in range(max(read, written - LINES), written)], written
