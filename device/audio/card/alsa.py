"""The real sound card: PortAudio's duplex stream on ALSA, and what happens while it is unplugged.

The rings have one writer at a time: while the card is there, the callback of the stream that is
`_writer`. When callbacks stay away (unplugged, sound server gone or suspended), the watcher thread takes its place and
writes silence at the card's pace, so that the clock goes on and playout advances unheard; a third thread tries to open
the card again, as `Retry` says. Once the new stream's callbacks come, they write.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pyaudio

from device.audio.card import devices
from device.audio.card.base import BLOCK_MS, RING_SECONDS, Card, CardError, ignore
from device.audio.card.portaudio import ask_latency, session
from device.audio.card.retry import Retry
from device.audio.card.stream import SilenceError, Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.card.base import Source
    from device.settings.tree import CardSettings

log = logging.getLogger(__name__)

WATCH_S = 0.1
"""How often the watcher checks the stream: ten callbacks should have come in between."""
LOST_AFTER = 3
"""Checks without a new callback after which the card counts as gone: 0.3 s, and 30 callbacks that should have come.
Less, and a busy machine loses its card; more, and the clock stands still for longer."""
SPINNING = 0.5
"""Part of a core that the stream's thread uses, over `SPIN_S`, when it goes round without ever waiting for the card.

After a stall PortAudio 19.6 may do so for good on ALSA's pulse plugin, whose descriptors stay readable with no sound
to be read; the sound goes on, at the cost of a core. A callback of ours uses a fiftieth of it.
"""
SPIN_S = 1.0
LONGEST_LATENCY_S = 0.32
"""What a stream that stalled is opened again with at most, its buffer doubled each time: a choice, below the 400 ms one
way that ITU-T G.114 sets as the limit of a conversation."""
OVERRUN = pyaudio.paInputOverflow | pyaudio.paInputUnderflow
"""Microphone samples were lost, or had not come and were replaced by silence."""
UNDERRUN = pyaudio.paOutputUnderflow | pyaudio.paOutputOverflow
"""The loudspeaker ran dry, or a block for it was thrown away."""
POLL_S = 0.2
"""How often to ask whether another attempt to open the card is due: reading the kernel's list of cards, which is
cheap."""
STARTS = 3
"""How often to open a stream that stays silent: on a busy machine, ALSA's pulse plugin may miss its start."""
CLOSE_S = 3.0
"""How long `close` waits for PortAudio, which may hang on a sound server that is gone. Longer than `FIRST_CALLBACK_S`,
so that an opening under way comes to its end."""


class AlsaCard(Card):
    """A microphone and a loudspeaker by ALSA, opened as one duplex stream of `BLOCK_MS` blocks.

    Everything is mono here: of a microphone with more channels PortAudio takes the first, and a loudspeaker
    without a mono mode gets the sound on all of a pair. While the card is away `mic` and `reference` hold silence
    and the source is rendered to nowhere. The card comes back at the rate it left with or not at all: the rings
    have one rate for life.
    """

    def __init__(self, settings: CardSettings, *, ring_seconds: float = RING_SECONDS) -> None:
        """Find the devices and their rate. Raises CardError that says what there is."""
        self._latency = settings.latency_ms / 1000
        with session() as audio:
            found = devices.scan(audio)
            self.microphone = devices.choose(found, settings.input, "input")
            self.loudspeaker = devices.choose(found, settings.output, "output")
            rates = devices.shared_rates(audio, self.microphone, self.loudspeaker)
        super().__init__(self._rate(rates, settings.rate), ring_seconds=ring_seconds)
        self._silence = np.zeros(self.block, np.int16)
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
        self.output_latency = round(self._writer.latency() * self.rate)
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
        self._watcher = self._opener = None
        self._writer = None

    def _rate(self, liked: tuple[int, ...], wanted: int) -> int:
        if wanted and wanted not in liked:
            raise CardError(
                f"card.rate: {self.name} does not take {wanted} Hz; it takes: {', '.join(map(str, liked)) or 'none'}"
            )
        if not liked:
            raise CardError(
                f"{self.name}: no rate of {', '.join(map(str, devices.RATES))} Hz that both directions take, or it is "
                "in use by another program; `parley devices` shows the rates of each"
            )
        return wanted or liked[0]

    def _start(self) -> Stream:
        """Open a stream and wait for its first callback; again, if none comes. Raises CardError."""
        for _ in range(STARTS - 1):
            try:
                return self._start_once()
            except SilenceError as error:
                log.info("%s Trying again", error)
        return self._start_once()

    def _start_once(self) -> Stream:
        stream = Stream(self.rate, self.block, self._exchange_block)
        try:
            found = devices.scan(stream.audio)
            self.microphone = devices.again(found, self.microphone, "input")
            self.loudspeaker = devices.again(found, self.loudspeaker, "output")
            for device in (self.microphone, self.loudspeaker):
                ask_latency(device.index, self._latency)
            stream.open(self.microphone, self.loudspeaker)
        except BaseException:
            stream.close()
            raise
        return stream

    def _watch(self, stream: Stream) -> None:
        """Watch the stream until the card is closed; stand in for it while it is gone."""
        while not self._closing.is_set():
            fault = self._monitor(stream)
            if self._closing.is_set():
                break
            log.warning("%s %s", self.name, fault)
            if (fresh := self._stand_in(stream)) is None:
                break
            stream = fresh
            log.info("%s is back", self.name)
        self._writer = None
        stream.close()

    def _monitor(self, stream: Stream) -> str:
        """Return what is wrong once the stream has died or spins, or once the card is closed."""
        seen, missed = -1, 0
        since, used = time.monotonic(), stream.used()
        while missed < LOST_AFTER and stream.active and not self._closing.wait(WATCH_S):
            if (elapsed := time.monotonic() - since) >= SPIN_S:
                if stream.used() - used > SPINNING * elapsed:
                    self._latency = min(2 * self._latency, max(self._latency, LONGEST_LATENCY_S))
                    return f"stalled; it is opened again, with a buffer of {1000 * self._latency:.0f} ms"
                since, used = time.monotonic(), stream.used()
            missed = missed + 1 if stream.beats == seen else 0
            seen = stream.beats
            latency = round(stream.latency() * self.rate)
            if abs(latency - self.output_latency) > self.block // 2:  # less is but a tremor
                self.output_latency = latency
            self._report()
        return "vanished; the clock goes on, on silence"

    def _stand_in(self, gone: Stream) -> Stream | None:
        """Write silence in place of a stream that is gone until there is a new one, and hand over to it.

        If the card is closed meanwhile, returns what was opened by then: to be closed.
        """
        # The order matters: once there is no writer and no callback is inside, none will write again.
        self._writer = None
        while gone.writing:
            time.sleep(0.001)
        opened: list[Stream] = []
        self._opener = threading.Thread(target=self._reopen, args=(gone, opened), name="card opener", daemon=True)
        self._opener.start()
        self._tell(present=False)
        due = gone.last
        while not opened:
            self._exchange_silence()
            self._report()
            due += BLOCK_MS / 1000
            if self._closing.wait(max(0.0, due - time.monotonic())):
                break
        if self._closing.is_set():
            return next(iter(opened), None)
        self._writer = opened[0]
        self._tell(present=True)
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
        self.reference.write(self._silence)
        self.mic.write(self._silence)

    def _exchange_block(self, stream: Stream, heard: bytes, flags: int) -> NDArray[np.int16]:
        """Exchange one block in the callback; if that fails silence goes out, and the clock goes on all the same."""
        if self._writer is not stream:
            return self._silence
        if flags & OVERRUN:
            self.xruns.overruns += 1
        if flags & UNDERRUN:
            self.xruns.underruns += 1
        at = self.mic.position
        try:
            return self.exchange(heard)
        except Exception as error:  # noqa: BLE001 - PortAudio would end the stream; the watcher reports it
            self._fault = error
            if self.reference.position == at:
                self.reference.write(self._silence)
            if self.mic.position == at:
                self.mic.write(self._silence if self.deaf else heard)
            return self._silence

    def _report(self) -> None:
        """Log what went wrong where nothing may be logged; the same thing only once."""
        fault, self._fault = self._fault, None
        if fault is not None and repr(fault) != self._reported:
            self._reported = repr(fault)
            log.error("The sound for %s failed; silence was played instead", self.name, exc_info=fault)

    def _tell(self, *, present: bool) -> None:
        try:
            self.on_presence(present)
        except Exception:
            log.exception("What was told that the card is %s failed", "back" if present else "gone")
