"""Server VAD: what a Realtime server makes of the audio of one client, by Silero's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec
import numpy as np

from device.audio.resample import Resampler
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.sample_clock import CLOCK_RATE
from device.settings.toml import merge
from device.simulation.scripted_reply import RATE
from device.wire.realtime_items import Session, TurnDetection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DEFAULTS: Final = Session(type="realtime", object="realtime.session", output_modalities=["audio"])
"""What a session is before the client says anything; turn detection is added by `session`."""
_DETECTION: Final = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 500,
    "create_response": True,
    "interrupt_response": True,
}
"""OpenAI's defaults (API reference, `session.audio.input.turn_detection`)."""


class Voice(Protocol):
    """Tells the probability of voice in the next frame of 512 samples at 16 kHz."""

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return it, from 0 to 1."""


def session(asked: Session | None = None, before: Session | None = None) -> Session:
    """Return the session in force once a client has asked for changes; what it leaves out stays as it was."""
    table: dict[str, Any] = msgspec.to_builtins(before or DEFAULTS)
    if before is None:
        table = merge(table, {"audio": {"input": {"turn_detection": _DETECTION}}})
    if asked is not None:
        table = merge(table, msgspec.to_builtins(asked))
    detection = table["audio"]["input"].get("turn_detection")
    if detection:
        for key in ("create_response", "interrupt_response"):
            detection.setdefault(key, True)
    return msgspec.convert(table, Session)


def detection_of(session: Session) -> TurnDetection | None:
    """Return how turns are to be found in a session; None if the client finds them itself."""
    found = session.audio.input.turn_detection if session.audio and session.audio.input else None
    return found if isinstance(found, TurnDetection) else None


class Turns:
    """Finds the user's turns in what a client sends; `voice` is the client's own detector.

    A `semantic_vad` is taken for a `server_vad` with OpenAI's defaults: both report speech when it begins, and only
    the end of a turn, which is not measured here, is another.
    """

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._resampler = Resampler(RATE, CLOCK_RATE)
        self._rest = np.zeros(0, np.int16)
        self._endpointer = Endpointer()

    def configure(self, detection: TurnDetection) -> None:
        """Find turns as the client wishes, from now on."""
        told = {
            "threshold": detection.threshold,
            "silence_ms": detection.silence_duration_ms,
            "prefix_padding_ms": detection.prefix_padding_ms,
        }
        self._endpointer.settings = EndpointSettings(**{key: value for key, value in told.items() if value is not None})

    def push(self, pcm: bytes) -> Iterator[Onset | Offset]:
        """Take the next audio, s16le mono at 24 kHz; yield what was found in it."""
        heard = self._resampler.push(np.frombuffer(pcm, np.int16))
        self._rest = np.concatenate((self._rest, heard))
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            if (found := self._endpointer.push(self._voice.probability(frame))) is not None:
                yield found
