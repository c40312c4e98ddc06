"""Voice activity by Silero's model, on onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from device.listen.endpointer import FRAME
from device.listen.onnx import load
from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE
from device.system.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONTEXT = 64
"""Samples of the frame before that the model wants in front of each frame (as silero-vad 6's wrapper feeds it)."""
STATE = (2, 1, 128)
"""Shape of the model's recurrent state."""
STALE = 62
"""After so many frames without voice, 2 s, the state is forgotten. The model gets used to a noise that lasts: it then
notices a voice 20 ms later in the median, 40 ms in the slowest twentieth."""
UNLIKELY = 0.1
"""Probability below which a frame is without voice, for the state to go stale; far below any threshold, so that a soft
voice is not forgotten in its midst."""


class SileroVad:
    """The probability of voice, frame by frame, of one stream of audio.

    `model` is the 16 kHz Silero model of version 5 or 6, in onnx. Raises `ModelError` if the file is missing, corrupt
    or another model. `share` makes detectors for more streams at next to no cost.
    """

    def __init__(self, model: Path) -> None:
        session = load(model)
        if {i.name for i in session.get_inputs()} != {"input", "state", "sr"}:
            raise ModelError(
                f"{model} is not a Silero VAD model of version 5 or 6: run `{typed('models fetch', root=True)}`"
            )
        self._open(session)

    def _open(self, session: Any) -> None:
        self._session = session
        self._input = np.zeros((1, CONTEXT + FRAME), np.float32)
        self._unlikely = 0
        self._feed: dict[str, NDArray[Any]] = {
            "input": self._input,
            "state": np.zeros(STATE, np.float32),
            "sr": np.array(CLOCK_RATE, np.int64),
        }

    def share(self) -> SileroVad:
        """Return a detector for another stream, which uses the same loaded model; safe from any thread."""
        other = SileroVad.__new__(SileroVad)
        other._open(self._session)  # noqa: SLF001 - the same class
        return other

    def reset(self) -> None:
        """Forget the stream so far."""
        self._input[:] = 0
        self._forget()

    def _forget(self) -> None:
        self._feed["state"] = np.zeros(STATE, np.float32)
        self._unlikely = 0

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return the probability, 0 to 1, that somebody speaks in `block`, the stream's next (512,) int16 at 16 kHz.

        Raises ValueError for a block of another shape or type.
        """
        if block.shape != (FRAME,) or block.dtype != np.int16:
            raise ValueError(f"the VAD takes blocks of ({FRAME},) int16, not {block.shape} {block.dtype}")
        self._input[0, :CONTEXT] = self._input[0, FRAME:]
        np.multiply(block, np.float32(1 / 32768), out=self._input[0, CONTEXT:])
        if self._unlikely >= STALE:
            self._forget()
        found, self._feed["state"] = self._session.run(None, self._feed)
        probability = float(found[0, 0])
        self._unlikely = self._unlikely + 1 if probability < UNLIKELY else 0
        return probability
