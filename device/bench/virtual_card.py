"""A virtual sound card that is recorded whole: one sink of PulseAudio, all tracks its channels; by ctypes.

Four channels of one null sink: the loudspeaker (as the default sink), the visitor, the microphone (as the default
source) and a counter. What the sink's monitor yields is a recording of all of them that is aligned to the sample.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from device.bench.result import BenchError

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 48_000
CHANNELS: Final = 4
LOUDSPEAKER, VISITOR, MICROPHONE, COUNTER = range(CHANNELS)

_SINK: Final = f"sink_name=card rate={RATE} format=s16le channels=4 channel_map=aux0,aux1,aux2,aux3 norewinds=1"
_MONO: Final = "channels=1 channel_map=mono remix=no"
MODULES: Final = f"""
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink {_SINK}
load-module module-remap-sink sink_name=loudspeaker master=card master_channel_map=aux0 {_MONO}
load-module module-remap-source source_name=microphone master=card.monitor master_channel_map=aux2 {_MONO}
set-default-sink loudspeaker
set-default-source microphone
"""
"""For the sound server. Without norewinds a null sink rewinds and underflows."""

_S16LE, _PLAYBACK, _RECORD = 3, 1, 2
_ANY = 2**32 - 1
"""Of a buffer's attribute: as the sound server likes it (`pa_buffer_attr`)."""
_FRAME = 2 * CHANNELS
"""Bytes."""


class _SampleSpec(ctypes.Structure):
    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _ChannelMap(ctypes.Structure):
    _fields_ = (("channels", ctypes.c_uint8), ("map", ctypes.c_int * 32))


class _Buffer(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


class Card:
    """The virtual card's own side, as a context manager: all channels to be read, and those to be filled but one.

    `server` is PULSE_SERVER's value. Raises BenchError if PulseAudio's library is not there or the server refuses.
    """

    def __init__(self, server: str, *, fragment_ms: float, lead_ms: float) -> None:
        try:
            self._library = ctypes.CDLL("libpulse-simple.so.0")
            maps = ctypes.CDLL("libpulse.so.0")
        except OSError as error:
            raise BenchError(f"PulseAudio's client library is not there ({error}): apt install libpulse0") from None
        self._library.pa_simple_new.restype = ctypes.c_void_p
        self._map = _ChannelMap()
        maps.pa_channel_map_parse.restype = ctypes.c_void_p
        maps.pa_channel_map_parse(ctypes.byref(self._map), b"aux0,aux1,aux2,aux3")
        self._streams: list[Any] = []
        self._record = self._open(
            server, _RECORD, b"card.monitor", _Buffer(_ANY, _ANY, _ANY, _ANY, _bytes(fragment_ms))
        )
        # Without pre-buffering the stream's time goes on when it runs dry: frames keep their places, late ones go lost.
        attributes = _Buffer(_ANY, _bytes(lead_ms), 0, _bytes(fragment_ms), _ANY)
        self._play = self._open(server, _PLAYBACK, b"card", attributes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            self._library.pa_simple_free(stream)

    def read(self, frames: int) -> NDArray[np.int16]:
        """Wait for the next frames of the sink; return `(frames, 4) int16`. Raises BenchError."""
        block = np.empty((frames, CHANNELS), np.int16)
        self._call("pa_simple_read", self._record, block)
        return block

    def write(self, block: NDArray[np.int16]) -> None:
        """Append `(n, 4) int16` to what is played; it is mixed to what clients play. Raises BenchError."""
        self._call("pa_simple_write", self._play, np.ascontiguousarray(block))

    def _open(self, server: str, direction: int, device: bytes, attributes: _Buffer) -> Any:
        error = ctypes.c_int()
        spec = _SampleSpec(_S16LE, RATE, CHANNELS)
        stream = self._library.pa_simple_new(
            server.encode(),
            b"room",
            direction,
            device,
            b"room",
            ctypes.byref(spec),
            ctypes.byref(self._map),
            ctypes.byref(attributes),
            ctypes.byref(error),
        )
        if not stream:
            raise BenchError(f"PulseAudio does not open {device.decode()}: error {error.value}")
        self._streams.append(ctypes.c_void_p(stream))
        return self._streams[-1]

    def _call(self, name: str, stream: Any, block: NDArray[np.int16]) -> None:
        error = ctypes.c_int()
        data = block.ctypes.data_as(ctypes.c_void_p)
        if getattr(self._library, name)(stream, data, ctypes.c_size_t(block.nbytes), ctypes.byref(error)) < 0:
            raise BenchError(f"the virtual sound card failed: {name}, error {error.value}")


def _bytes(ms: float) -> int:
    return round(ms * RATE / 1000) * _FRAME
