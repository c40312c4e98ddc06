"""The real sound card: a microphone and a loudspeaker of ALSA, and what happens while it is unplugged.

The rings have one writer at a time: while the card is there, the thread of the stream that is `_writer`. It rides out
stalls by itself; the watcher thread logs them. When a stream is dead (unplugged, sound server gone or suspended), the
watcher takes its place and writes silence at the card's pace, so that the clock goes on; a third thread tries to open
the card again, as `Retry` says. Once the new stream's blocks come, it writes.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card import devices, libasound
from device.audio.card.base import BLOCK_MS, RING_SECONDS, Card, CardError, ignore
from device.audio.card.buffer_size import BufferSize
from device.audio.card.delay_line import DelayLine
from device.audio.card.monitor import Monitor
from device.audio.card.portaudio import quiet, session
from device.audio.card.rates import common_rate
from device.audio.card.retry import Retry
from device.audio.card.stream import SilenceError, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.card.base import Source
    from device.settings.tree import CardSettings

log = logging.getLogger(__name__)

WATCH_S = 0.1
"""How often the watcher checks the stream: ten blocks should have come in between."""
LOST_AFTER = 20
"""Checks without a new block after which the stream counts as dead: 2 s. They are counted, so that a process that stood
still does not blame the card. Less, and a busy machine opens its card again for nothing; more, and the clock stands
still for longer."""
GRACE_S = 1.5
"""How long a stream that died may take to be opened again before the card counts as gone: a sound server that ends a
stream takes another within 0.3 s. Meanwhile a reply waits; then it goes on unheard, or is ended."""
POLL_S = 0.2
"""How often to ask whether another attempt to open the card is due: reading the kernel's list of cards, which is
cheap."""
STARTS = 3
"""How often to open a stream that stays silent: on a busy machine, ALSA's pulse plugin may miss its start."""
CLOSE_S = 3.0
"""How long `close` waits for ALSA, which may hang on a sound server that is gone. Longer than `FIRST_BLOCK_S`, so that
an opening under way comes to its end."""


class AlsaCard(Card):
    """A microphone and a loudspeaker by ALSA, opened as one duplex stream of `BLOCK_MS` blocks.

    Everything is mono here: of a microphone with more channels one is taken (`card.channel`), and a loudspeaker
    without a mono mode gets the sound on all of a pair. Each device is used at a rate that it takes itself, and
    converted where that is not the card's. While the card is away `mic` and `reference` hold silence
    and the source is rendered to nowhere. The card comes back at the rate it left with or not at all: the rings
    have one rate for life.
    """

    def __init__(self, settings: CardSettings, *, ring_seconds: float = RING_SECONDS) -> None:
        """Find the devices and their rate. Raises CardError that says what there is."""
        self._size = BufferSize(settings.latency_ms)
        with session() as audio:
            found = devices.scan(audio)
            self.microphone = devices.choose(found, settings.input, "input")
            self.loudspeaker = devices.choose(found, settings.output, "output")
        with quiet:
            heard = libasound.rates(self.microphone.pcm, "input")
            played = libasound.rates(self.loudspeaker.pcm, "output")
        super().__init__(settings.rate or common_rate(heard, played), ring_seconds=ring_seconds)
        self._channel = settings.channel
        self._silence = np.zeros(self.block, np.int16)
        self._past = np.zeros(self.block, np.int16)
        # By what the buffer is longer than at first the reference is later: so the echo stays where it is.
        self._held = DelayLine(self._size.most_extra_ms * self.rate // 1000 + self.block)
        self._listens = settings.music == "lower"
        self._others: Monitor | None = None
        self._played = np.zeros(self.block, np.int16)
        self._writer: Stream | None = None
        self._fault: Exception | None = None
        self._reported = ""
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self._opener: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The names of its devices."""
        if self.microphone.name == self.loudspeaker.name:
            return self.microphone.name
        return f"{self.microphone.name} and {self.loudspeaker.name}"

    @property
    def present(self) -> bool:
        """True while sound comes from the card and goes to it."""
        return self._writer is not None

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        """Start the stream, taking sound from `source`. Raises CardError."""
        self._source = source
        self.on_presence = on_presence
        self._closing.clear()
        self._writer = self._start()
        if self._listens:
            self._others = Monitor(self.rate, self.block)
        self._watcher = threading.Thread(target=self._watch, args=(self._writer,), name="card watcher", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop the stream; harmless when repeated."""
        self._closing.set()
        for thread in (self._watcher, self._opener):
            if thread is not None:
                thread.join(CLOSE_S)
                if thread.is_alive():
                    log.warning("%s: the sound system does not let go of the card", self.name)
        if self._others is not None:
            self._others.close()
        self._watcher = self._opener = self._others = None
        self._writer = None

    def _start(self) -> Stream:
        """Open a stream and wait for its first callback; again, if none comes. Raises CardError."""
        for _ in range(STARTS - 1):
            try:
                return self._start_once()
            except SilenceError as error:
                log.info("%s Trying again", error)
        return self._start_once()

    def _start_once(self) -> Stream:
        with session() as audio:
            found = devices.scan(audio)
        self.microphone = devices.again(found, self.microphone, "input")
        self.loudspeaker = devices.again(found, self.loudspeaker, "output")
        stream = Stream(self.rate, self.block, self._size, self, channel=self._channel)
        try:
            stream.open(self.microphone, self.loudspeaker)
        except BaseException:
            stream.close()
            raise
        return stream

    def _watch(self, stream: Stream) -> None:
        """Watch the stream until the card is closed; stand in for it while it is gone."""
        while not self._closing.is_set():
            self._monitor(stream)
            if self._closing.is_set() or (fresh := self._stand_in(stream)) is None:
                break
            stream = fresh
        self._writer = None
        stream.close()

    def _monitor(self, stream: Stream) -> None:
        """Return once the stream has died, or the card is closed."""
        seen, missed = -1, 0
        while missed < LOST_AFTER and stream.active and not self._closing.wait(WATCH_S):
            missed = missed + 1 if stream.beats == seen else 0
            seen = stream.beats
            self._report(stream)

    def _stand_in(self, gone: Stream) -> Stream | None:
        """Write silence in place of a stream that is gone until there is a new one, and hand over to it.

        If the card is closed meanwhile, returns what was opened by then: to be closed.
        """
        # The order matters: once there is no writer and no block is on its way, none will write again.
        self._writer = None
        while gone.writing:
            time.sleep(0.001)
        opened: list[Stream] = []
        self._opener = threading.Thread(target=self._reopen, args=(gone, opened), name="card opener", daemon=True)
        self._opener.start()
        began, due, told = time.monotonic(), gone.last, False
        while not opened:
            if not told and time.monotonic() - began > GRACE_S:
                told = True
                log.warning("%s vanished; the clock goes on, on silence", self.name)
                self._tell(present=False)
            if told:
                self._exchange_silence()
            else:
                self.skip(self.block)
            self._report(gone)
            due += BLOCK_MS / 1000
            if self._closing.wait(max(0.0, due - time.monotonic())):
                break
        if self._closing.is_set():
            return next(iter(opened), None)
        self._writer = opened[0]
        if told:
            log.info("%s is back", self.name)
            self._tell(present=True)
        else:
            log.info("%s was opened again, and is missing %.1f s", self.name, time.monotonic() - gone.last)
        return opened[0]

    def _reopen(self, gone: Stream, opened: list[Stream]) -> None:
        """Close what is left of a stream and try until a new one is `opened` or the card is closed."""
        gone.close()
        said, retry = "", Retry(time.monotonic())
        while not self._closing.is_set():
            if not retry.due(time.monotonic()):
                self._closing.wait(POLL_S)
                continue
            try:
                opened.append(self._start())
            except (CardError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    log.info("Waiting for the card: %s", said)
            else:
                if self._closing.is_set():
                    opened[0].close()
                return

    def _exchange_silence(self) -> None:
        """Do what `exchange` does, with a microphone that hears nothing and a loudspeaker that plays nothing."""
        try:
            if self._source is not None:
                self._source.render(self._out, self.mic.position)
        except Exception as error:  # noqa: BLE001 - whatever it is, the clock must go on
            self._fault = error
        self._play_nothing(self._silence)
        self.mic.write(self._silence)

    def exchange_block(self, stream: Stream, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        """Exchange one block in the stream's thread; if that fails silence goes out, and the clock goes on anyway."""
        if self._writer is not stream:
            return self._silence
        self.output_latency = round(stream.latency.frames)
        at = self.mic.position
        try:
            return self.exchange(heard)
        except Exception as error:  # noqa: BLE001 - the stream would end; the watcher reports it
            self._fault = error
            if self.reference.position == at:
                self._play(self._silence)
            if self.mic.position == at:
                self.mic.write(self._silence if self.deaf else heard)
            return self._silence

    def hear_block(self, stream: Stream, heard: NDArray[np.int16]) -> None:
        """Take a block in the stream's thread for which nothing is played."""
        if self._writer is stream:
            self.hear(heard)

    def miss_frames(self, stream: Stream, frames: int) -> None:
        """Skip, in the stream's thread, what the microphone lost."""
        if self._writer is stream:
            self.xruns.overruns += 1
            self.skip(frames)

    def _play(self, block: NDArray[np.int16]) -> None:
        """Write to the reference what the source gave, as much later as the buffer has grown."""
        extra = self._extra()
        while self._held.length < extra:
            self._held.put(self._silence[: extra - self._held.length])
        if self._held.length:
            self._held.put(block)
            self._held.take(self._past)
            block = self._past
        self._write_reference(block)

    def _play_nothing(self, silence: NDArray[np.int16]) -> None:
        """Write to the reference, of what is held back first: nothing goes in, if the buffer is to shrink."""
        if self._held.length:
            if self._held.length - len(silence) < self._extra():
                self._held.put(silence)
            self._held.take(self._past[: len(silence)])
            silence = self._past[: len(silence)]
        self._write_reference(silence)

    def _write_reference(self, own: NDArray[np.int16]) -> None:
        """Write to the reference what the loudspeaker plays: as the monitor tells, or else what the source gave."""
        monitor = self._others
        if monitor is not None:
            played = self._played[: len(own)]
            known = monitor.take(played)
            if monitor.moved:
                self.gaps.add(self.mic.position, self.mic.position)
            own = played if known else own
        self.reference.write(own)

    def _extra(self) -> int:
        return self._size.extra_ms * self.rate // 1000

    def _report(self, stream: Stream) -> None:
        """Log what went wrong where nothing may be logged; the same fault only once."""
        while stream.stalls:
            stall = stream.stalls.popleft()
            self.xruns.underruns += stall.dry
            log.warning(
                "%s stood still for %.0f ms%s",
                self.name,
                1000 * stall.seconds,
                f"; {1000 * stall.missing:.0f} ms of what it heard are missing" if stall.missing else "",
            )
        fault, self._fault = self._fault, None
        if fault is not None and repr(fault) != self._reported:
            self._reported = repr(fault)
            log.error("The sound for %s failed; silence was played instead", self.name, exc_info=fault)

    def _tell(self, *, present: bool) -> None:
        try:
            self.on_presence(present)
        except Exception:
            log.exception("What was told that the card is %s failed", "back" if present else "gone")
