"""ALSA's own library: one direction of a sound device, opened, read and written without waiting.

PortAudio plays through the same library, but fills the whole of a buffer, starts both directions anew when one fails,
and does not say how much it lost by that. Here a buffer may be long and hold little, and a direction fails alone.
"""

from __future__ import annotations

import ctypes
import errno
from ctypes import c_int, c_long, c_uint, c_ulong, c_void_p
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from device.audio.card.base import CardError
from device.audio.card.holders import with_holders
from device.audio.card.rates import HOST_RATES, host_rate, is_convertible

if TYPE_CHECKING:
    from numpy.typing import NDArray

Direction = Literal["input", "output"]

# Of asoundlib.h.
_STREAM = {"output": 0, "input": 1}
_NONBLOCK = 1
_INTERLEAVED = 3
_FORMATS = ((2, 2, 0), (10, 4, 2), (6, 4, 1), (32, 3, 1))
"""S16_LE, S32_LE, S24_LE and S24_3LE: ALSA's number, the bytes of a sample, and where in it its upper 16 bits begin."""
_PLUG = "plug:'{}'"
"""What converts, for a device with none of these, or with a rate that `rates.is_convertible` denies."""


class BusyError(CardError):
    """Another program has the device."""


class StreamError(OSError):
    """The device is of no use any more."""


class Pcm:
    """One direction of the device that ALSA calls `name`, mono.

    Its `rate` is the one asked for, or the next higher one that the device takes, or else its highest. Of a microphone
    `channel` is taken, counted from 1; a loudspeaker gets the sound on its first pair. `block` frames of the rate asked
    for are moved at a time, and the buffer holds about `capacity` of them. Raises CardError. All but `wait`, `prepare`
    and `start` return at once and are for the thread that owns it; they keep the interpreter's lock, which would have
    to be waited for afterwards.
    """

    def __init__(
        self, name: str, direction: Direction, rate: int, block: int, capacity: int, *, channel: int = 1
    ) -> None:
        self._name = name
        self._output = direction == "output"
        self._pcm = c_void_p()
        self._open(name, direction)
        try:
            self._configure(direction, rate, block, capacity, channel)
        except BaseException:
            self.close()
            raise
        self._left, self._delay = c_long(), c_long()
        _, size, upper = self._format
        frame = size * self._channels
        self._host = np.zeros(self.capacity * frame, np.uint8)
        self._host_at = c_void_p(self._host.ctypes.data)
        shape, strides = (self.capacity,), (frame,)
        first = 0 if self._output else (channel - 1) * size
        self._one: NDArray[np.int16] = np.ndarray(shape, "<i2", self._host, first + upper, strides)
        paired = self._output and self._channels % 2 == 0
        self._other: NDArray[np.int16] | None = (
            np.ndarray(shape, "<i2", self._host, size + upper, strides) if paired else None
        )

    def close(self) -> None:
        """Close it; harmless when repeated."""
        pcm, self._pcm = self._pcm, c_void_p()
        if pcm:
            _waiting().snd_pcm_close(pcm)

    def wait(self, ms: int) -> bool:
        """Wait until there is a block to be moved, or for `ms`; return False if nothing came. Raises StreamError."""
        return bool(self._checked(_waiting().snd_pcm_wait(self._pcm, c_int(ms)), xrun=1))

    def prepare(self) -> None:
        """Make it ready to start, empty, whatever state it is in. Raises StreamError."""
        library = _waiting()
        library.snd_pcm_drop(self._pcm)
        self._checked(library.snd_pcm_prepare(self._pcm))

    def start(self) -> None:
        """Start a microphone. A loudspeaker starts when it is written to. Raises StreamError."""
        self._checked(_waiting().snd_pcm_start(self._pcm))

    def state(self) -> tuple[int, int] | None:
        """Return the frames that can be moved now and those between here and the sound, or None after an xrun.

        Raises StreamError.
        """
        result = _quick().snd_pcm_avail_delay(self._pcm, ctypes.byref(self._left), ctypes.byref(self._delay))
        if self._checked(result, xrun=-1) < 0:
            return None
        left = self._left.value
        return None if self._output and left >= self.capacity else (left, self._delay.value)

    def read(self, out: NDArray[np.int16]) -> bool:
        """Fill `out`, `(n,) int16`, with frames that are there; return False after an xrun. Raises StreamError."""
        count = _quick().snd_pcm_readi(self._pcm, self._host_at, c_ulong(len(out)))
        if self._checked(count, xrun=-1) < 0:
            return False
        out[:] = self._one[: len(out)]
        return True

    def write(self, block: NDArray[np.int16]) -> bool:
        """Queue `(n,) int16`, n at most `capacity`; return False after an xrun. Raises StreamError."""
        count = len(block)
        self._one[:count] = block
        if self._other is not None:
            self._other[:count] = block
        return self._checked(_quick().snd_pcm_writei(self._pcm, self._host_at, c_ulong(count)), xrun=-1) >= 0

    def _checked(self, result: int, xrun: int | None = None) -> int:
        if result >= 0 or result == -errno.EAGAIN:
            return max(0, result)
        if xrun is not None and result in {-errno.EPIPE, -errno.ESTRPIPE}:
            return xrun
        raise StreamError(-result, f"{self._name}: {_text(result)}")

    def _open(self, name: str, direction: Direction) -> None:
        result = _waiting().snd_pcm_open(ctypes.byref(self._pcm), name.encode(), c_int(_STREAM[direction]), _NONBLOCK)
        self._settled(result)

    def _settled(self, result: int) -> None:
        if result < 0:
            raise unopened(self._name, result)

    def _configure(self, direction: Direction, rate: int, block: int, capacity: int, channel: int) -> None:
        library, hardware, software = _waiting(), c_void_p(), c_void_p()
        near = c_uint(channel)
        self._settled(library.snd_pcm_hw_params_malloc(ctypes.byref(hardware)))
        try:
            self._settled(library.snd_pcm_hw_params_any(self._pcm, hardware))
            self._settled(library.snd_pcm_hw_params_set_channels_near(self._pcm, hardware, ctypes.byref(near)))
            format_, hertz = self._fitting(hardware), c_uint(host_rate(_rates(self._pcm, hardware), rate) or 0)
            if not format_ or not hertz.value:
                # The channels stay as the device has them, so that none are mixed.
                self.close()
                self._open(_PLUG.format(self._name), direction)
                self._settled(library.snd_pcm_hw_params_any(self._pcm, hardware))
                self._settled(library.snd_pcm_hw_params_set_channels_near(self._pcm, hardware, ctypes.byref(near)))
                format_, hertz = _FORMATS[0], c_uint(rate)
            period, size = (c_ulong(-(-frames * hertz.value // rate)) for frames in (block, capacity))
            for result in (
                library.snd_pcm_hw_params_set_access(self._pcm, hardware, _INTERLEAVED),
                library.snd_pcm_hw_params_set_format(self._pcm, hardware, format_[0]),
                library.snd_pcm_hw_params_set_rate_near(self._pcm, hardware, ctypes.byref(hertz), None),
                library.snd_pcm_hw_params_set_period_size_near(self._pcm, hardware, ctypes.byref(period), None),
                library.snd_pcm_hw_params_set_buffer_size_near(self._pcm, hardware, ctypes.byref(size)),
                library.snd_pcm_hw_params(self._pcm, hardware),
            ):
                self._settled(result)
        finally:
            library.snd_pcm_hw_params_free(hardware)
        moved = c_ulong(block * hertz.value // rate)
        self._settled(library.snd_pcm_sw_params_malloc(ctypes.byref(software)))
        try:
            for result in (
                library.snd_pcm_sw_params_current(self._pcm, software),
                library.snd_pcm_sw_params_set_start_threshold(self._pcm, software, moved),
                library.snd_pcm_sw_params_set_avail_min(self._pcm, software, moved),
                library.snd_pcm_sw_params(self._pcm, software),
            ):
                self._settled(result)
        finally:
            library.snd_pcm_sw_params_free(software)
        if channel > near.value:
            raise CardError(f"card.channel: {self._name} has {near.value} channels, and no channel {channel}")
        self._channels, self._format = near.value, format_
        self.rate, self.capacity = hertz.value, size.value

    def _fitting(self, hardware: c_void_p) -> tuple[int, int, int] | None:
        """Return the first of `_FORMATS` that the device takes, if it takes whole frames."""
        library = _waiting()
        if library.snd_pcm_hw_params_test_access(self._pcm, hardware, _INTERLEAVED) < 0:
            return None
        taken = (f for f in _FORMATS if library.snd_pcm_hw_params_test_format(self._pcm, hardware, f[0]) >= 0)
        return next(taken, None)


def rates(name: str, direction: Direction) -> tuple[int, ...]:
    """Return which of `HOST_RATES` a device takes in one direction, or its own if it has others; none if it is no use.

    Raises CardError if it cannot be opened.
    """
    library, pcm, hardware = _waiting(), c_void_p(), c_void_p()
    result = library.snd_pcm_open(ctypes.byref(pcm), name.encode(), c_int(_STREAM[direction]), _NONBLOCK)
    if result < 0:
        raise unopened(name, result)
    try:
        if library.snd_pcm_hw_params_malloc(ctypes.byref(hardware)) < 0:
            return ()
        try:
            if library.snd_pcm_hw_params_any(pcm, hardware) < 0:
                return ()
            taken = _rates(pcm, hardware)
            # A sound server says only then that it has no such device.
            return taken if library.snd_pcm_hw_params(pcm, hardware) >= 0 else ()
        finally:
            library.snd_pcm_hw_params_free(hardware)
    finally:
        library.snd_pcm_close(pcm)


def _rates(pcm: c_void_p, hardware: c_void_p) -> tuple[int, ...]:
    library = _waiting()
    test = library.snd_pcm_hw_params_test_rate
    usual = tuple(rate for rate in HOST_RATES if test(pcm, hardware, c_uint(rate), c_int(0)) >= 0)
    if usual:
        return usual
    value, unusual = c_uint(), set()
    for bound in (library.snd_pcm_hw_params_get_rate_min, library.snd_pcm_hw_params_get_rate_max):
        if bound(hardware, ctypes.byref(value), None) >= 0 and is_convertible(value.value):
            unusual.add(value.value)
    return tuple(sorted(unusual))


@cache
def _waiting() -> ctypes.CDLL:
    """Return the library, to be called without the interpreter's lock: by what may wait."""
    return ctypes.CDLL("libasound.so.2")


@cache
def _quick() -> ctypes.PyDLL:
    """Return the library, to be called with the interpreter's lock kept: by what never waits."""
    library = ctypes.PyDLL("libasound.so.2")
    library.snd_pcm_readi.restype = library.snd_pcm_writei.restype = c_long
    return library


def unopened(name: str, result: int) -> CardError:
    """Say why a device cannot be opened, and who has it if somebody does."""
    if result == -errno.EBUSY:
        return BusyError(str(with_holders(f"{name} is in use by another program")))
    return with_holders(f"{name} cannot be opened ({_text(result)})")


def _text(result: int) -> str:
    describe = _waiting().snd_strerror
    describe.restype = ctypes.c_char_p
    return (describe(result) or b"").decode(errors="replace")
