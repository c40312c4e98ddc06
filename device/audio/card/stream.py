"""One duplex stream of PortAudio: opened, called back, timed, closed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyaudio

from device.audio.card import portaudio
from device.audio.card.base import BLOCK_MS, CardError
from device.audio.card.portaudio import quiet, zeroed_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from device.audio.card.devices import Device

    Exchange = Callable[["Stream", bytes, int], NDArray[np.int16]]

FIRST_CALLBACK_S = 2.0
"""How long a new stream may take to call back for the first time. A suspended sink never does."""
PRIORITY = 5
"""Of the callback's thread, 1 to 99: among the lowest of the real-time ones."""
LONGEST_DELAY_S = 2.0
"""A delay to the loudspeaker that is reported as longer is nonsense: no buffer of ours holds so much."""
DELAY_SMOOTHING = 1 / 64
"""Weight of each callback's delay in the mean: 0.64 s at 10 ms a block, so that the jitter of single callbacks is gone,
and a new delay is followed within two seconds."""


class SilenceError(CardError):
    """The stream is open, but PortAudio does not call back."""


class Stream:
    """One opening of a microphone and a loudspeaker at `rate`, both mono, in blocks of `block` frames.

    `exchange` is called in PortAudio's thread with this stream, the microphone's block (int16) and PortAudio's flags,
    and returns the loudspeaker's block. It must neither raise nor block. Raises CardError if PortAudio does not start.
    """

    def __init__(self, rate: int, block: int, exchange: Exchange) -> None:
        self.beats = 0
        """Callbacks so far."""
        self.last = 0.0
        """When the last callback came, monotonic seconds."""
        self.writing = False
        """True while `exchange` may be at work."""
        self._thread = 0
        self._rate = rate
        self._block = block
        self._exchange = exchange
        self._delay = self._planned = 0.0
        self._stream: Any = None
        self._once = threading.Lock()
        self.audio = portaudio.start()

    def open(self, microphone: Device, loudspeaker: Device) -> None:
        """Open the stream and wait for its first callback. Raises CardError: SilenceError if none comes."""
        names = " and ".join(dict.fromkeys((microphone.name, loudspeaker.name)))
        with quiet, zeroed_memory():
            try:
                self._stream = self.audio.open(
                    rate=self._rate,
                    channels=1,
                    format=pyaudio.paInt16,
                    input=True,
                    output=True,
                    input_device_index=microphone.index,
                    output_device_index=loudspeaker.index,
                    frames_per_buffer=self._block,
                    stream_callback=self._callback,
                )
                self._planned = self._stream.get_output_latency()
            except (OSError, ValueError) as error:
                raise CardError(
                    f"{names} cannot be opened at {self._rate} Hz ({error.args[-1]}); is another program using it?"
                ) from error
            end = time.monotonic() + FIRST_CALLBACK_S
            while not self.beats:
                if time.monotonic() > end:
                    raise SilenceError(f"{names} opened, but no sound came in {FIRST_CALLBACK_S:g} s; is it suspended?")
                time.sleep(BLOCK_MS / 1000)

    def close(self) -> None:
        """Close the stream and PortAudio, so that the next stream sees new devices; harmless when repeated."""
        if not self._once.acquire(blocking=False):
            return
        with quiet, contextlib.suppress(OSError):
            if self._stream is not None:
                self._stream.close()
        portaudio.stop(self.audio)

    @property
    def active(self) -> bool:
        """False once PortAudio has given the stream up."""
        try:
            return bool(self._stream.is_active())
        except OSError:
            return False

    def latency(self) -> float:
        """Seconds from the callback to the loudspeaker, as callbacks see it; else as PortAudio planned it."""
        return self._delay or self._planned

    def used(self) -> float:
        """Seconds of CPU that the callback's thread has used; 0 where the system does not tell."""
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/self/task/{self._thread}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # utime and stime of proc(5)
        return 0.0

    def _callback(
        self, heard: bytes, _frames: int, times: dict[str, float], flags: int
    ) -> tuple[NDArray[np.int16], int]:
        """Pass one block each way; called by PortAudio's thread."""
        if not self.beats:
            self._thread = threading.get_native_id()
            be_urgent()
        self.writing = True
        block = self._exchange(self, heard, flags)
        self.writing = False
        delay = times["output_buffer_dac_time"] - times["current_time"]
        if 0 < delay < LONGEST_DELAY_S:  # some ALSA plugins say nothing, or nonsense
            self._delay += (delay - self._delay) * (DELAY_SMOOTHING if self._delay else 1)
        self.last = time.monotonic()
        self.beats += 1
        return block, pyaudio.paContinue


def be_urgent() -> None:
    """Have this thread run before all ordinary ones, where the user may (systemd: LimitRTPRIO).

    With both of two cores busy the longest callback of 30 s took 0.4 ms with it and 9 ms without.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
