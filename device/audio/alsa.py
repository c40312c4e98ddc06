"""The real sound card: PortAudio's duplex stream on ALSA, and what happens while it is unplugged.

The rings have one writer at a time: whoever holds the pen. While the card is there, that is the stream's callback.
When callbacks stay away (unplugged, sound server gone or suspended), the watcher thread takes the pen and writes
silence at the card's pace, so that the clock goes on and playout advances unheard; a third thread tries to open the
card again once a second. Once the new stream's callbacks come, the pen goes to it.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pyaudio

from device.audio import devices
from device.audio.card import BLOCK_MS, RING_SECONDS, Card, CardError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from device.audio.card import Source
    from device.audio.devices import Device
    from device.settings import CardSettings

log = logging.getLogger(__name__)

WATCH_S = 0.1
"""How often the watcher looks after the stream."""
LOST_AFTER = 3
"""Looks without a new callback after which the card counts as gone."""
RETRY_S = 1.0
"""Between attempts to open a card that is gone."""
FIRST_CALLBACK_S = 2.0
"""How long a new stream may take to call back for the first time."""
OVERRUN = pyaudio.paInputOverflow | pyaudio.paInputUnderflow
"""Microphone samples were lost, or had not come and were replaced by silence."""
UNDERRUN = pyaudio.paOutputUnderflow | pyaudio.paOutputOverflow
"""The loudspeaker ran dry, or a block for it was thrown away."""
M_PERTURB = -6
"""Of malloc.h."""
LONGEST_DELAY_S = 2.0
DELAY_SMOOTHING = 1 / 64
CLOSE_S = 3.0
"""How long `close` waits for PortAudio, which may hang on a sound server that is gone."""


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
        with devices.session() as audio:
            found = devices.scan(audio)
            self.microphone = devices.choose(found, settings.input, "input")
            self.loudspeaker = devices.choose(found, settings.output, "output")
            rates = devices.shared_rates(audio, self.microphone, self.loudspeaker)
        super().__init__(self._rate(rates, settings.rate), ring_seconds=ring_seconds)
        self._silence = np.zeros(self.block, np.int16)
        self._pen: _Stream | None = None
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
        return self._pen is not None

    def open(self, source: Source) -> None:
        """Start the stream, taking sound from `source`. Raises CardError."""
        self._source = source
        self._closing.clear()
        self._pen = self._start()
        self.output_latency = round(self._pen.latency() * self.rate)
        self._watcher = threading.Thread(target=self._watch, args=(self._pen,), name="card watcher", daemon=True)
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
        self._pen = None

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

    def _start(self) -> _Stream:
        """Open a stream and wait for its first callback. Raises CardError."""
        stream = _Stream(self)
        try:
            found = devices.scan(stream.audio)
            self.microphone = devices.again(found, self.microphone, "input")
            self.loudspeaker = devices.again(found, self.loudspeaker, "output")
            for device in (self.microphone, self.loudspeaker):
                devices.ask_latency(device, self._latency)
            stream.open(self.microphone, self.loudspeaker)
        except BaseException:
            stream.close()
            raise
        return stream

    def _watch(self, stream: _Stream) -> None:
        """Look after the stream until the card is closed; stand in for it while it is gone."""
        while not self._closing.is_set():
            self._look_after(stream)
            if self._closing.is_set():
                break
            log.warning("%s vanished; the clock goes on, on silence", self.name)
            if (fresh := self._stand_in(stream)) is None:
                break
            stream = fresh
            log.info("%s is back", self.name)
        self._pen = None
        stream.close()

    def _look_after(self, stream: _Stream) -> None:
        """Return once the stream has died or the card is closed."""
        seen, missed = -1, 0
        while missed < LOST_AFTER and stream.active and not self._closing.wait(WATCH_S):
            missed = missed + 1 if stream.beats == seen else 0
            seen = stream.beats
            latency = round(stream.latency() * self.rate)
            if abs(latency - self.output_latency) > self.block // 2:  # less is but a tremor
                self.output_latency = latency
            self._report()

    def _stand_in(self, gone: _Stream) -> _Stream | None:
        """Write silence in place of a stream that is gone until there is a new one, and hand over to it.

        If the card is closed meanwhile, returns what was opened by then: to be closed.
        """
        # The order matters: once the pen is taken and no callback is inside, none will write again.
        self._pen = None
        while gone.writing:
            time.sleep(0.001)
        opened: list[_Stream] = []
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
        self._pen = opened[0]
        self._tell(present=True)
        return opened[0]

    def _reopen(self, gone: _Stream, opened: list[_Stream]) -> None:
        """Close what is left of a stream and try until a new one is `opened` or the card is closed."""
        gone.close()
        said = ""
        while not self._closing.is_set():
            try:
                opened.append(self._start())
            except (CardError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    log.info("Waiting for the card: %s", said)
                self._closing.wait(RETRY_S)
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

    def _pass(self, heard: bytes) -> NDArray[np.int16]:
        """Exchange one block in the callback; silence goes out if that fails, and the clock goes on all the same."""
        at = self.mic.position
        try:
            return self.exchange(heard)
        except Exception as error:  # noqa: BLE001 - PortAudio would end the stream; the watcher reports it
            self._fault = error
            if self.reference.position == at:
                self.reference.write(self._silence)
            if self.mic.position == at:
                self.mic.write(heard)
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


class _Stream:
    """One opening of the card; its callback passes blocks only while it holds the card's pen."""

    def __init__(self, card: AlsaCard) -> None:
        self.beats = 0
        """Callbacks so far."""
        self.last = 0.0
        """When the last callback came, monotonic seconds."""
        self.writing = False
        """True while a callback may be writing."""
        self._card = card
        self._delay = self._planned = 0.0
        self._stream: Any = None
        self._once = threading.Lock()
        self.audio = devices.start()

    def open(self, microphone: Device, loudspeaker: Device) -> None:
        """Open the stream and wait for its first callback. Raises CardError."""
        names = " and ".join(dict.fromkeys((microphone.name, loudspeaker.name)))
        with _zeroed_memory():
            try:
                self._stream = self.audio.open(
                    rate=self._card.rate,
                    channels=1,
                    format=pyaudio.paInt16,
                    input=True,
                    output=True,
                    input_device_index=microphone.index,
                    output_device_index=loudspeaker.index,
                    frames_per_buffer=self._card.block,
                    stream_callback=self._callback,
                )
                self._planned = self._stream.get_output_latency()
            except (OSError, ValueError) as error:
                raise CardError(
                    f"{names} cannot be opened at {self._card.rate} Hz ({error.args[-1]}); is another program using it?"
                ) from error
            end = time.monotonic() + FIRST_CALLBACK_S
            while not self.beats:
                if time.monotonic() > end:
                    raise CardError(f"{names} opened, but no sound came in {FIRST_CALLBACK_S:g} s; is it suspended?")
                time.sleep(BLOCK_MS / 1000)

    def close(self) -> None:
        """Close the stream and PortAudio, so that the next stream sees new devices; harmless when repeated."""
        if not self._once.acquire(blocking=False):
            return
        with contextlib.suppress(OSError):
            if self._stream is not None:
                self._stream.close()
        devices.stop(self.audio)

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

    def _callback(
        self, heard: bytes, _frames: int, times: dict[str, float], flags: int
    ) -> tuple[NDArray[np.int16], int]:
        """Pass one block each way; called by PortAudio's thread."""
        card = self._card
        self.writing = True
        if card._pen is self:  # noqa: SLF001 - two halves of one thing
            if flags & OVERRUN:
                card.xruns.overruns += 1
            if flags & UNDERRUN:
                card.xruns.underruns += 1
            block = card._pass(heard)  # noqa: SLF001
        else:
            block = card._silence  # noqa: SLF001
        self.writing = False
        delay = times["output_buffer_dac_time"] - times["current_time"]
        if 0 < delay < LONGEST_DELAY_S:  # some ALSA plugins say nothing, or nonsense
            self._delay += (delay - self._delay) * (DELAY_SMOOTHING if self._delay else 1)
        self.last = time.monotonic()
        self.beats += 1
        return block, pyaudio.paContinue


@contextlib.contextmanager
def _zeroed_memory() -> Iterator[None]:
    """Let malloc hand out zeros during the block.

    PortAudio 19.6 plays its output buffer before the microphone's first block has come, and has not written to it
    by then (PaUtil_SetNoInput leaves a frame count of 0; seen with ALSA's pulse plugin). What is heard is whatever
    the process kept in that memory, at full volume. glibc fills new memory with the complement of M_PERTURB.
    """
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", lambda *_: None)  # another C library may have none
    mallopt(M_PERTURB, 0xFF)
    try:
        yield
    finally:
        mallopt(M_PERTURB, 0)
