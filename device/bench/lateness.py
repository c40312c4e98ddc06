"""How late the audio callback is while other programs have the processor, and Python its lock."""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from device.audio.card.process import ProcessCard
from device.audio.echo.canceller import EchoCanceller
from device.audio.ring import RingBuffer
from device.bench.busy import busy, cores
from device.bench.metronome import Metronome, late, says, undisturbed
from device.sample_clock import CLOCK_RATE
from device.settings.tree import CardSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.card.base import Card
    from device.audio.loudspeaker import Loudspeaker
    from device.bench.metronome import Late
    from device.listen.detectors import Detectors
    from device.settings.tree import WakeSettings

PROGRAMS, COLLECTION, MODEL, MESSAGE = "programs alone", "garbage collected", "a model loaded", "1 MB decoded"
EVERY_S = {MODEL: 2.0, MESSAGE: 0.5, COLLECTION: 1.0, PROGRAMS: 1.0}
"""What burdens the process, in the order in which it comes, and how often each: a choice, so that there are many."""
MESSAGE_BYTES = 1_000_000
"""Of a message: 15 s of speech at 24 kHz in base64."""
REPLY_RATE = 24_000
"""Hz, of most engines."""
TAIL_MS = 300
"""Of the echo: what `listen.echo_tail_ms` is when nothing is set."""
OBJECTS = 300_000
"""That the collector has to look at besides those of the modules: a choice, about as many as those are."""


METRONOME = "device.bench.metronome:Metronome"


class _Delta(msgspec.Struct):
    """What an engine says."""

    delta: bytes


def measure(wake: WakeSettings, models_dir: str, seconds: float, *, apart: bool) -> tuple[dict[str, Late], Late]:
    """Return how late the callback is in a process that does what the daemon does: `seconds` of each burden.

    If it is `apart`, the card is in a process of its own, as the daemon's is. Also returns how late the callback of a
    process was meanwhile that does nothing else.

    To be called in a process of its own: onnxruntime is imported when the first model is loaded, as in the daemon.
    Raises CardError or ModelError.
    """
    card: Card = ProcessCard(CardSettings(), maker=METRONOME) if apart else Metronome()
    playout = card.playout(prebuffer_ms=40, volume=1.0)
    with busy(cores()), undisturbed() as beside:
        card.open(playout)
        try:
            found = asyncio.run(_burden(card, playout, lambda: _load(wake, models_dir), seconds))
        finally:
            card.close()
    return found, beside[0]


def _load(wake: WakeSettings, models_dir: str) -> Detectors:
    from device.listen.detectors import Detectors  # noqa: PLC0415 - imports onnxruntime, which is part of the burden

    return Detectors.load(wake, models_dir)


def _listen(card: Card, playout: Loudspeaker, load: Callable[[], Detectors]) -> Callable[[], None]:
    """Load the models and start a capture thread that listens for voices and the wake word; return what stops it."""
    from device.listen.capture import CLEAN_SECONDS, Capture  # noqa: PLC0415 - the same

    detectors = load()
    capture = Capture(
        card,
        playout,
        RingBuffer(CLOCK_RATE, CLEAN_SECONDS),
        canceller=EchoCanceller(TAIL_MS),
        voice=detectors.voice,
        wake=detectors.wake,
        emit=lambda event: None,  # noqa: ARG005 - nobody listens
    )
    capture.want_voice(wanted=True)
    capture.start()
    return capture.stop


async def _burden(card: Card, playout: Loudspeaker, load: Callable[[], Detectors], seconds: float) -> dict[str, Late]:
    """Burden the process with one thing after the other, while the capture thread works and a reply plays."""
    message = msgspec.json.encode(_Delta(np.random.default_rng(1).bytes(MESSAGE_BYTES * 3 // 4)))
    decoder = msgspec.json.Decoder(_Delta)
    heap = [[str(n)] for n in range(OBJECTS)]
    stop = await asyncio.to_thread(_listen, card, playout, load)
    said = card.mic.cursor(0)
    found = {}
    try:
        for burden, every_s in EVERY_S.items():
            heard: list[NDArray[np.int16]] = []
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                if burden == MESSAGE or playout.playing is None:
                    playout.cut(30)
                    playout.play("reply", decoder.decode(message).delta, REPLY_RATE)
                if burden == MODEL:
                    await asyncio.to_thread(load)
                elif burden == COLLECTION:
                    gc.collect()
                await asyncio.sleep(every_s)
                heard.append(says(said, card.block))
            found[burden] = late(np.concatenate(heard))
    finally:
        stop()
    del heap
    return found
