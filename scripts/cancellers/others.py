"""Runs one echo canceller, by name, over recordings: `python others.py NAME IN.npz OUT.npz`.

In an environment of its own, of which only numpy is certain. `IN` has arrays `(n * 160,) int16` at 16 kHz: what was
heard, `heard0`, `heard1` and so on, and what was played, `played0` and so on. `OUT` gets what is left, `left0` and so
on, and `cpu`, the seconds that it took. Exits with 3 if the canceller cannot be had.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Cancel = Callable[[NDArray[np.int16], NDArray[np.int16]], bytes]

RATE, FRAME = 16_000, 160
LACKING = 3
"""The exit status where a canceller cannot be had."""
_SPEEX_ECHO_SET_RATE, _SPEEX_PREPROCESS_SET_ECHO = 24, 24
"""From speex_echo.h and speex_preprocess.h."""


def speexdsp(tail_ms: int) -> Cancel:
    """Return Debian's libspeexdsp with its preprocessor. Raises ImportError."""
    name = ctypes.util.find_library("speexdsp")
    if name is None:
        raise ImportError("libspeexdsp1 is not installed")
    speex = ctypes.CDLL(name)
    for make in (speex.speex_echo_state_init, speex.speex_preprocess_state_init):
        make.restype = ctypes.c_void_p
    echo = ctypes.c_void_p(speex.speex_echo_state_init(FRAME, RATE * tail_ms // 1000))
    rate = ctypes.c_int(RATE)
    speex.speex_echo_ctl(echo, _SPEEX_ECHO_SET_RATE, ctypes.byref(rate))
    after = ctypes.c_void_p(speex.speex_preprocess_state_init(FRAME, RATE))
    speex.speex_preprocess_ctl(after, _SPEEX_PREPROCESS_SET_ECHO, echo)
    out = np.zeros(FRAME, np.int16)

    def cancel(heard: NDArray[np.int16], played: NDArray[np.int16]) -> bytes:
        speex.speex_echo_cancellation(echo, *(ctypes.c_void_p(one.ctypes.data) for one in (heard, played, out)))
        speex.speex_preprocess_run(after, ctypes.c_void_p(out.ctypes.data))
        return out.tobytes()

    return cancel


def aec3() -> Cancel:
    """Return WebRTC's canceller (AEC3), which finds the delay itself, as livekit has it."""
    from livekit import rtc  # noqa: PLC0415 - of this environment only

    processing = rtc.AudioProcessingModule(echo_cancellation=True)

    def cancel(heard: NDArray[np.int16], played: NDArray[np.int16]) -> bytes:
        processing.process_reverse_stream(rtc.AudioFrame(bytearray(played.tobytes()), RATE, 1, FRAME))
        frame = rtc.AudioFrame(bytearray(heard.tobytes()), RATE, 1, FRAME)
        processing.process_stream(frame)
        return bytes(frame.data)

    return cancel


def pyaec(tail_ms: int) -> Cancel:
    """Return pyaec: Speex's canceller, which is not told the rate."""
    from pyaec import Aec  # noqa: PLC0415 - of this environment only

    canceller = Aec(FRAME, RATE * tail_ms // 1000, RATE, enable_preprocess=True)

    def cancel(heard: NDArray[np.int16], played: NDArray[np.int16]) -> bytes:
        return np.array(canceller.cancel_echo(heard.tolist(), played.tolist()), np.int16).tobytes()

    return cancel


def voiceclean() -> Cancel:
    """Return voiceclean: correlation over 800 ms, and a spectral mask."""
    from voiceclean.aec import AEC  # noqa: PLC0415 - of this environment only

    canceller = AEC(sample_rate=RATE)

    def cancel(heard: NDArray[np.int16], played: NDArray[np.int16]) -> bytes:
        canceller.feed_reference(played.tobytes())
        return bytes(canceller.process(heard.tobytes()))

    return cancel


CANCELLERS: dict[str, Callable[[], Cancel]] = {
    "libspeexdsp 1.2, tail of 300 ms": partial(speexdsp, 300),
    "libspeexdsp 1.2, tail of 800 ms": partial(speexdsp, 800),
    "WebRTC AEC3 (livekit 1.2)": aec3,
    "pyaec 1.0, tail of 300 ms": partial(pyaec, 300),
    "voiceclean 0.3": voiceclean,
}


def run(cancel: Cancel, heard: NDArray[np.int16], played: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return what is left of what was heard, as long as it; what comes late is late in it, too."""
    left = bytearray()
    for at in range(0, len(heard), FRAME):
        left += cancel(heard[at : at + FRAME], played[at : at + FRAME])
    samples = np.frombuffer(bytes(left), np.int16)[: len(heard)]
    return np.concatenate((np.zeros(len(heard) - len(samples), np.int16), samples))


def main(name: str, source: str, target: str) -> int:
    """Run a canceller over all recordings in `source`; return the exit status."""
    given = np.load(source)
    out: dict[str, Any] = {}  # arrays; but `savez` has a keyword of its own that is none
    cpu = 0.0
    for number in range(len(given.files) // 2):
        heard, played = (np.ascontiguousarray(given[f"{what}{number}"]) for what in ("heard", "played"))
        try:
            cancel = CANCELLERS[name]()
        except (ImportError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return LACKING
        began = time.process_time()
        out[f"left{number}"] = run(cancel, heard, played)
        cpu += time.process_time() - began
    np.savez(target, cpu=np.array(cpu), **out)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
