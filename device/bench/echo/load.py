"""What the front end costs: CPU of the capture thread while the device speaks, the wake word left out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.base import Card
from device.audio.echo.canceller import EchoCanceller
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.bench.echo.judge import TAIL_MS
from device.bench.echo.rooms import BLOCK
from device.listen.capture import CLEAN_SECONDS, Capture
from device.listen.high_voices import HighVoices
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.conversation.events import DeviceEvent
    from device.settings.tree import Settings

CARD_RATE = 48_000


def cpu(
    settings: Settings, played: NDArray[np.int16], heard: NDArray[np.int16], missing: NDArray[np.bool_] | None = None
) -> list[float]:
    """Return the CPU seconds that the capture thread takes for each whole second of what was played and heard.

    Both are at 16 kHz, and of the same length; of blocks that are missing the card says so.
    """
    card = Card(CARD_RATE)
    voice = HighVoices(SileroVad(files.find("silero_vad.onnx", settings.models_dir)))
    events: list[DeviceEvent] = []
    clean = RingBuffer(CLOCK_RATE, CLEAN_SECONDS)
    capture = Capture(
        card, Playout(card.rate), clean, canceller=EchoCanceller(TAIL_MS), voice=voice, wake=None, emit=events.append
    )
    capture.want_voice(wanted=True, alert=True)
    spent, factor = [], CARD_RATE // CLOCK_RATE
    for second in range(len(played) // CLOCK_RATE):
        used = 0
        for block in range(100):
            number = 100 * second + block
            part = slice(number * BLOCK, (number + 1) * BLOCK)
            if missing is not None and missing[number]:
                card.skip(BLOCK * factor)
            else:
                card.reference.write(np.repeat(played[part], factor))
                card.mic.write(np.repeat(heard[part], factor))
            began = time.thread_time_ns()
            capture.process()
            used += time.thread_time_ns() - began
        spent.append(used / 1e9)
    return spent
