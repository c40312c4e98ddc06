"""Whether what was said sounds as if it were over: smart-turn on onnxruntime.

Smart-turn 3 (Daily's pipecat project, BSD-2-Clause) is Whisper tiny's encoder with a classifier on top, trained in 23
languages on speech that is cut off or hesitates, and on speech that is complete. It goes by melody, tempo and, some,
by words. It hears the last 8 s of a turn, at the end of its window, silence before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.listen.onnx import load
from device.local.end_of_turn.mel import BANDS, HOP, log_mel
from device.model_files.files import ModelError, find
from device.sample_clock import CLOCK_RATE
from device.system.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LONGEST = 8 * CLOCK_RATE
"""Samples that the model hears."""
_TINY = np.float32(1e-7)
"""What keeps silence from being divided by nothing."""


class SmartTurn:
    """The probability that a turn is over. May be used by several threads at once.

    Raises `ModelError` if the file is missing, corrupt or another model.
    """

    def __init__(self, model: Path) -> None:
        self._session = load(model)
        inputs = {i.name: i.shape[1:] for i in self._session.get_inputs()}
        if inputs != {"input_features": [BANDS, LONGEST // HOP]}:
            raise ModelError(
                f"{model} is not a smart-turn model of version 3: run `{typed('models fetch', root=True)}`"
            )

    def warm_up(self) -> None:
        """Run once, so that the first turn is judged as fast as the next."""
        self.probability(np.zeros(CLOCK_RATE, np.int16))

    def probability(self, pcm: NDArray[np.int16]) -> float:
        """Return how likely, 0 to 1, the turn in `pcm` is over: (n,) int16, 16 kHz mono, with 200 ms of its silence.

        Raises `ValueError` for another shape or type.
        """
        if pcm.ndim != 1 or pcm.dtype != np.int16:
            raise ValueError(f"smart-turn wants (n,) int16, not {pcm.shape} {pcm.dtype}")
        audio = np.zeros(LONGEST, np.float32)
        if heard := len(pcm[-LONGEST:]):
            audio[-heard:] = pcm[-LONGEST:] * np.float32(1 / 32768)
        audio -= audio.mean()
        audio /= np.sqrt(audio.var() + _TINY)
        return float(self._session.run(None, {"input_features": log_mel(audio)[None]})[0][0, 0])


def load_smart_turn(models_dir: str = "") -> SmartTurn:
    """Load the model from where the models lie (`models.find`); raise `ModelError`."""
    return SmartTurn(find("smart_turn.onnx", models_dir))
