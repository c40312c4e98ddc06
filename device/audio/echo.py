"""Takes the loudspeaker's echo out of the microphone's signal, by libspeexdsp.

The adaptive filter alone leaves enough of a loud or distorted echo for a voice detector to take it for somebody
speaking, so Speex's residual echo suppressor follows it, with its noise suppression set to none. Measured in a
simulated room (RT60 0.3 s, echo 6 dB above the visitor's speech): in 37 s of playback the voice detector heard 1.5 s of
voice without the suppressor and none with it (4 s and none from a distorting loudspeaker); near-end speech in double
talk is kept alike (SDR 12.4 and 13.0 dB). The price is one frame of delay.
"""

from __future__ import annotations

import ctypes
import weakref
from typing import TYPE_CHECKING, Self

import numpy as np

from device.events import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME = 160
"""Samples that are cancelled at a time: 10 ms."""
DELAY = FRAME
"""How many samples the output lies behind the input."""
LIBRARY = "libspeexdsp.so.1"
GOOD_RATIO = 0.15
"""Part of a frame's power that is left over when the echo path is known: 8 dB less."""
GOOD_FRAMES = 15
"""So many more good frames than a quarter of the bad ones, and the path counts as learnt. Single frames are counted,
not their mean power, because somebody who speaks meanwhile is louder than any echo left."""
NO_ECHO_RATIO = 0.001
"""A microphone that hears so little of what was just played, 30 dB less, has no echo to learn: with headphones, or with
a card that cancels it."""
FADING = 0.98
"""What is kept of the loudest reference from frame to frame, while its echo is under way."""
CONVERGED_FRAMES = 300
"""Frames of playback after which the echo path counts as learnt anyhow."""

# Requests of speex/speex_echo.h and speex/speex_preprocess.h.
_ECHO_SET_SAMPLING_RATE = 24
_PREPROCESS_SET_DENOISE = 0
_PREPROCESS_SET_NOISE_SUPPRESS = 18
_PREPROCESS_SET_ECHO_STATE = 24


class EchoError(Exception):
    """There is no echo canceller; the message says what to install."""


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError as fault:
        raise EchoError(
            f"the echo canceller needs {LIBRARY}: apt install libspeexdsp1, "
            'or set listen.echo_canceller to "card" or "off"'
        ) from fault
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    for name, result, arguments in (
        ("speex_echo_state_init", pointer, [integer, integer]),
        ("speex_echo_state_destroy", None, [pointer]),
        ("speex_echo_ctl", integer, [pointer, integer, pointer]),
        ("speex_echo_cancellation", None, [pointer, pointer, pointer, pointer]),
        ("speex_preprocess_state_init", pointer, [integer, integer]),
        ("speex_preprocess_state_destroy", None, [pointer]),
        ("speex_preprocess_ctl", integer, [pointer, integer, pointer]),
        ("speex_preprocess_run", integer, [pointer, pointer]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _destroy(library: ctypes.CDLL, echo: int, suppressor: int) -> None:
    library.speex_preprocess_state_destroy(suppressor)
    library.speex_echo_state_destroy(echo)


class EchoCanceller:
    """Cancels the echo of one loudspeaker in one microphone, both at 16 kHz, in frames of 160 samples.

    `tail_ms` is the longest echo that can be cancelled, from the card's playing it to the last reverberation that
    matters. While nothing was played for longer than that, frames pass through untouched at hardly any cost; the
    changes between both are cross-faded. Output is always `DELAY` samples behind the input.

    Raises `EchoError` without libspeexdsp and ValueError for a tail that makes no sense.
    """

    delay = DELAY

    def __init__(self, tail_ms: int) -> None:
        if not 10 <= tail_ms <= 2000:
            raise ValueError(f"an echo tail of {tail_ms} ms makes no sense: 50 to 1000 ms do")
        library = _library()
        self._cancel = library.speex_echo_cancellation
        self._suppress = library.speex_preprocess_run
        self._echo = library.speex_echo_state_init(FRAME, tail_ms * CLOCK_RATE // 1000)
        self._suppressor = library.speex_preprocess_state_init(FRAME, CLOCK_RATE)
        self._free = weakref.finalize(self, _destroy, library, self._echo, self._suppressor)
        library.speex_echo_ctl(self._echo, _ECHO_SET_SAMPLING_RATE, ctypes.byref(ctypes.c_int(CLOCK_RATE)))
        library.speex_preprocess_ctl(self._suppressor, _PREPROCESS_SET_ECHO_STATE, self._echo)
        # Without "denoise" the suppressor applies no gain at all; 0 dB of it leaves the noise alone.
        library.speex_preprocess_ctl(self._suppressor, _PREPROCESS_SET_DENOISE, ctypes.byref(ctypes.c_int(1)))
        library.speex_preprocess_ctl(self._suppressor, _PREPROCESS_SET_NOISE_SUPPRESS, ctypes.byref(ctypes.c_int(0)))
        self._mic, self._reference, self._clean = (np.zeros(FRAME, np.int16) for _ in range(3))
        self._addresses = self._mic.ctypes.data, self._reference.ctypes.data, self._clean.ctypes.data
        self._before = np.zeros(FRAME, np.int16)
        self._silence = np.zeros(FRAME, np.int16)
        self._out = np.zeros(FRAME, np.int16)
        self._float = np.zeros(FRAME, np.float32)
        self._rise = np.linspace(0, 1, FRAME, endpoint=False, dtype=np.float32)
        self._tail_frames = tail_ms * CLOCK_RATE // 1000 // FRAME + 3
        self._quiet = self._tail_frames
        self._active = False
        self._frames_played = 0
        self._good = 0.0
        self._loudest = 0.0
        self._converged = False

    @property
    def active(self) -> bool:
        """True while frames are worked on, because something is or was just played."""
        return self._active

    @property
    def converged(self) -> bool:
        """True once the echo path is learnt. Until then, a voice heard during playback may be the device's own."""
        return self._converged

    def close(self) -> None:
        """Free the library's state; harmless when repeated."""
        self._free()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def cancel(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return the microphone's signal of `DELAY` samples ago without the echo of what was played.

        All are `(n * 160,) int16, 16 kHz mono`; `reference` was played while `mic` was recorded. Raises ValueError for
        other shapes or after `close`.
        """
        if mic.ndim != 1 or len(mic) % FRAME or mic.shape != reference.shape:
            raise ValueError(f"the echo canceller takes frames of ({FRAME},), not {mic.shape} and {reference.shape}")
        if not self._free.alive:
            raise ValueError("the echo canceller is closed")
        delayed = np.concatenate((self._before, mic))
        if self._active or self._quiet < self._tail_frames or reference.any():
            for start in range(0, len(mic), FRAME):
                end = start + FRAME
                delayed[start:end] = self._frame(mic[start:end], reference[start:end])
        self._before[:] = delayed[len(mic) :]
        return delayed[: len(mic)]

    def _frame(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return a frame without echo, in an array that is used again."""
        self._quiet = 0 if reference.any() else self._quiet + 1
        wanted = self._quiet < self._tail_frames
        if not (wanted or self._active):
            self._out[:] = self._before
        else:
            if not self._active:
                # What the suppressor keeps of the frame before is from before the rest.
                self._work(self._before, self._silence)
            self._work(mic, reference)
            if wanted == self._active:
                self._out[:] = self._clean
            elif wanted:
                self._fade(self._before, self._clean)
            else:
                self._fade(self._clean, self._before)
            if not self._converged:
                self._judge(mic, reference)
        self._active = wanted
        self._before[:] = mic
        return self._out

    def _work(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> None:
        self._mic[:] = mic
        self._reference[:] = reference
        self._cancel(self._echo, *self._addresses)
        self._suppress(self._suppressor, self._addresses[-1])

    def _fade(self, start: NDArray[np.int16], end: NDArray[np.int16]) -> None:
        np.subtract(end, start, out=self._float, dtype=np.float32)
        np.multiply(self._float, self._rise, out=self._float)
        np.add(self._float, start, out=self._float)
        np.copyto(self._out, self._float, casting="unsafe")

    def _judge(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> None:
        if self._quiet:
            return
        self._frames_played += 1
        self._loudest = max(self._power(reference), FADING * self._loudest)
        heard = self._power(mic)
        good = self._power(self._clean) < GOOD_RATIO * heard or heard < NO_ECHO_RATIO * self._loudest
        self._good = max(0.0, self._good + (1.0 if good else -0.25))
        self._converged = self._good >= GOOD_FRAMES or self._frames_played >= CONVERGED_FRAMES

    def _power(self, frame: NDArray[np.int16]) -> float:
        self._float[:] = frame
        return float(np.dot(self._float, self._float))
