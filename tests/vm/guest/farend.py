"""A visitor to the machine under test: talks into its microphone and hears its loudspeaker.

`far_mouth` and `far_ear` are devices of ALSA, in the machine's asound.conf.
"""

from __future__ import annotations

import subprocess
import threading
import time
import wave
from array import array
from typing import TYPE_CHECKING

from checks import until
from machine import SOURCE

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000
BLOCK_S = 0.02
HEARD = 300
"""Peak, of 32768, from which a block is no silence: 20 dB below a quiet reply."""
CLIPS = SOURCE / "device" / "data" / "scenes" / "demo"


class Ear:
    """Hears the loudspeaker: the peak of every block, by the time at which it came."""

    def __init__(self) -> None:
        self.blocks: list[tuple[float, int]] = []
        self._recorder = subprocess.Popen(
            ["arecord", "-q", "-D", "far_ear", "-f", "S16_LE", "-r", str(RATE), "-c", "1", "-t", "raw",
             "--period-time=20000", "--buffer-time=400000"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        size = round(RATE * BLOCK_S) * 2
        assert self._recorder.stdout is not None
        while len(data := self._recorder.stdout.read(size)) == size:
            samples = array("h", data)
            low, high = min(samples), max(samples)
            self.blocks.append((time.monotonic(), max(high, -low)))

    @property
    def hearing(self) -> bool:
        """Whether it still hears, be it silence."""
        return bool(self.blocks) and time.monotonic() - self.blocks[-1][0] < 1

    def loud(self, begin: float, end: float = float("inf")) -> float:
        """Return for how many seconds of a span of time the loudspeaker was not silent."""
        return BLOCK_S * sum(peak > HEARD for at, peak in self.blocks if begin <= at < end)

    def first(self, begin: float) -> float | None:
        """Return when the loudspeaker began after `begin`."""
        return next((at for at, peak in self.blocks if at >= begin and peak > HEARD), None)

    def last(self, begin: float) -> float:
        """Return when the loudspeaker was last heard after `begin`."""
        return max((at for at, peak in self.blocks if at >= begin and peak > HEARD), default=begin)

    def quiet(self, seconds: float = 0.8, within: float = 30) -> None:
        """Wait until nothing has been heard for a while."""
        until(lambda: not self.loud(time.monotonic() - seconds), within, "a silent loudspeaker")

    def close(self) -> None:
        """Hear no more."""
        self._recorder.kill()
        self._recorder.wait()


def seconds(clip: str) -> float:
    """Return how long a clip is."""
    with wave.open(str(CLIPS / clip)) as file:
        return file.getnframes() / file.getframerate()


def say(clip: str | Path) -> tuple[float, float]:
    """Play a clip into the microphone; return when it began and ended."""
    began = time.monotonic()
    subprocess.run(["aplay", "-q", "-D", "far_mouth", str(CLIPS / clip)], check=True, timeout=120)
    return began, time.monotonic()
