"""What a loudspeaker really plays, of other programs, too, as a sound server's monitor tells: the echo's reference.

It goes by the clock of the loudspeaker, and is read by that of the microphone. So it is read a little late, and when
too little or too much is left to be read it is begun anew; whoever reads is told, since the echo moves by that.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.card.base import CardError
from device.audio.card.converted import open_pcm
from device.audio.card.libasound import StreamError
from device.audio.card.stream import be_urgent
from device.audio.ring import RingBuffer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.converted import Converted
    from device.audio.card.libasound import Pcm

log = logging.getLogger(__name__)

MONITOR: Final = "pulse:DEVICE=@DEFAULT_MONITOR@"
"""What ALSA calls the monitor of the server's usual loudspeaker, where it has a plugin for such servers."""
KEPT_MS: Final = 2000
"""Length of its buffer, as the microphone's: the longest stall that moves nothing."""
BEHIND_MS: Final = 20
"""How much is left to be read: two of the pieces in which a server hands it over. Less, and a piece that is late leaves
a hole; more, and an echo that comes soon comes before what is played."""
MOST_MS: Final = 60
"""How much is too much: the echo of a server comes later than that after what it plays, or hardly sooner."""
WINDOW: Final = 100
"""Blocks in a row that must have too little or too much left: 1 s. A machine that is busy is late for tenths."""
AGAIN_S: Final = 1.0
"""Between two attempts to open it: a choice."""
PAUSE_S: Final = 0.002
"""Before looking again, when ALSA says that there is a block and there is none, as `stream.PAUSE_S`."""
CLOSE_S: Final = 1.0
"""How long `close` waits for the thread, which may hang in a sound server that is gone."""
WAIT_MS: Final = 100
"""How often the thread looks whether it is to end, while nothing comes."""


class Played:
    """What was played at `rate`, written by one thread and taken by another, that of the card's callback."""

    def __init__(self, rate: int) -> None:
        self.moved = False
        """Whether the last that was taken does not follow what was before."""
        self._usual, self._most = (ms * rate // 1000 for ms in (BEHIND_MS, MOST_MS))
        self._ring = RingBuffer(rate, KEPT_MS / 1000)
        self._begun: int | None = None  # from where on it came without a break; None while it does not come
        self._from: int | None = None  # that of what is being taken
        self._at = self._odd = 0

    def begin(self) -> None:
        """Know that what is written next does not follow what was before."""
        self._begun = self._ring.position

    def end(self) -> None:
        """Know that nothing is written for now."""
        self._begun = None

    def write(self, block: NDArray[np.int16]) -> None:
        """Write what was played next, `(n,) int16`."""
        self._ring.write(block)

    def take(self, out: NDArray[np.int16]) -> bool:
        """Fill `out`, `(n,) int16`, with what was played next, or with silence while that is late.

        Returns False while there is nothing to go by; `out` is of no use then.
        """
        begun, position, frames = self._begun, self._ring.position, len(out)
        left = position - self._at
        self._odd = self._odd + 1 if left < frames or left > self._most else 0
        self.moved = False
        if begun is None or begun != self._from or self._odd >= WINDOW:
            self.moved, self._from, self._odd = self._from is not None, None, 0
            if begun is None or position - begun < self._usual + frames:
                return False
            self.moved, self._from = True, begun
            left = self._usual + frames
            self._at = position - left
        if left < frames:
            out[:] = 0
        else:
            self._ring.copy(self._at, out)
        self._at += frames
        return True


class Monitor(Played):
    """The monitor that ALSA calls `name`, at `rate`, mono, read in blocks of `block` frames; until `close`."""

    def __init__(self, rate: int, block: int, name: str = MONITOR) -> None:
        super().__init__(rate)
        self._name, self._rate, self._block = name, rate, block
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; harmless when repeated."""
        self._closing.set()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        be_urgent()
        said = ""
        while not self._closing.is_set():
            try:
                pcm = open_pcm(self._name, "input", self._rate, self._block, KEPT_MS * self._rate // 1000, channel=1)
            except CardError as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("What other programs play is not taken out of what is heard: %s", said)
                self._closing.wait(AGAIN_S)
                continue
            try:
                self._follow(pcm)
            except StreamError as error:
                log.info("The monitor of the loudspeaker is gone: %s", error)
                self._closing.wait(AGAIN_S)
            finally:
                self.end()
                pcm.close()

    def _follow(self, pcm: Pcm | Converted) -> None:
        """Write what comes to the ring. Raises StreamError when nothing will come any more."""
        block = np.zeros(self._block, np.int16)
        pcm.start()
        self.begin()
        while not self._closing.is_set():
            if not pcm.wait(WAIT_MS):
                continue
            state = pcm.state()
            if state is None or (state[0] >= self._block and not pcm.read(block)):
                pcm.prepare()
                pcm.start()
                self.begin()
            elif state[0] >= self._block:
                self.write(block)
            else:
                self._closing.wait(PAUSE_S)
