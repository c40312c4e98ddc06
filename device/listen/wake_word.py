"""The wake word, by openWakeWord's models, at rest while the room is quiet."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import types
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from msgspec import Struct

from device.listen.energy_gate import EnergyGate
from device.listen.onnx import load, require, unusable
from device.model_files.files import ModelError
from device.sample_clock import samples
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from device.conversation.events import EchoKind

FRAME = 1280
"""Samples that the models take at a time: 80 ms."""
OVERLAP = 480
"""Samples before a frame that its spectrum needs as well."""
CONTEXT_FRAMES = 27
"""Frames that the models look back on: 16 embeddings, of which the first saw 0.76 s."""
PREROLL_FRAMES = 13
"""Frames before the gate's opening that the models hear after all: 1.04 s, longer than a wake word's soft start."""
REFRACTORY = samples(1500)
"""After a detection, the same utterance is not detected again."""
MASKED = 0.6
"""What the threshold is multiplied by while the device speaks: the canceller leaves of a visitor 10 dB below the echo
what scores a little less. Of what is detected without playback, about 98 % are detected then, instead of 92 %. The
price: phrases like "hey Travis" wake it three times as often over a reply. So would its own voice now and then, were
nothing louder than what may be left of it."""
MASKED_FRAMES = 2
"""For how many frames in a row at least a score must be that high which is below the threshold. Of 22 wake words that
are detected all are, and no longer a single "yeah" or "hold on" of 345 interruptions and backchannels."""
UNSURE = 0.4
"""What is left of the distance from the threshold to 1 while it is not known what the echo is like: a threshold of 0.5
becomes 0.8. Through 750 rooms (echo -14 to +7 dB after 20 to 500 ms), the device's own sounds scored 0.45 at the most;
wake words that are spoken over them score 0.8, if they score 0.5 at all."""
UNSURE_SAMPLES = samples(2000)
"""For how long after that: what the models look back on."""
SILENCE = np.zeros(FRAME, np.int16)

Framework = Literal["onnx", "tflite"]


class Detection(Struct, frozen=True):
    """A wake word was heard."""

    word: str
    """The model's name, e.g. hey_jarvis."""
    score: float
    """0 to 1."""
    position: int
    """End of the frame in which it was detected: samples since the first block."""


class WakeWord:
    """Looks for wake words in a stream of audio.

    `models` are openWakeWord models for `framework`, and `melspectrogram` and `embedding` its feature models. A word
    counts once `patience` frames of 80 ms in a row score at least `threshold`, or two at a lower one where something is
    `near` over an echo that is `known`. As long as the models may have heard one that is not, it takes a higher score.
    While the room is quieter than `gate_dbfs` or its noise is steady, the models rest (see `EnergyGate`); then they
    hear the last second first.

    Takes about a second, most of it openWakeWord's import. Raises `ModelError` for a file that is missing, corrupt, for
    another framework or no such model.
    """

    def __init__(
        self,
        models: Sequence[Path],
        melspectrogram: Path,
        embedding: Path,
        *,
        framework: Framework = "onnx",
        threshold: float = 0.5,
        patience: int = 1,
        gate_dbfs: float = -65.0,
    ) -> None:
        self.echo: EchoKind = "none"
        """Set to what of what was played may be heard in what is pushed next."""
        self.near = True
        """Set to whether anything of late was louder than what may be left of the echo."""
        self._threshold = threshold
        self._patience = patience
        self._model = _open(models, melspectrogram, embedding, framework)
        self._words = {label: _Word(re.sub(r"_v\d+(\.\d+)*$", "", label)) for label in self._model.predict(SILENCE)}
        self._gate = EnergyGate(gate_dbfs)
        self._frame = np.zeros(FRAME, np.int16)
        self._filled = 0
        self._position = 0
        self._missed: deque[NDArray[np.int16]] = deque(maxlen=PREROLL_FRAMES)
        self._resting = False
        self._unsure_to = 0

    @property
    def words(self) -> tuple[str, ...]:
        """The words that are listened for."""
        return tuple(word.name for word in self._words.values())

    @property
    def resting(self) -> bool:
        """True while the gate is closed and the models do not run."""
        return self._resting

    def push(self, block: NDArray[np.int16]) -> list[Detection]:
        """Take the next `(n,) int16, 16 kHz mono`; return the wake words detected in it."""
        found: list[Detection] = []
        while len(block):
            room = FRAME - self._filled
            part, block = block[:room], block[room:]
            self._frame[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            if self._filled == FRAME:
                self._filled = 0
                self._position += FRAME
                found += self._hear()
        return found

    def _hear(self) -> list[Detection]:
        """Run the models on the frame, and on those before that they missed, if the gate is open."""
        self._resting = not self._gate.push(self._frame)
        if self._resting:
            self._missed.append(self._frame.copy())
            return []
        found = []
        at = self._position - FRAME * len(self._missed)
        while self._missed:
            found += self._score(self._missed.popleft(), at)
            at += FRAME
        return found + self._score(self._frame, at)

    def _score(self, frame: NDArray[np.int16], at: int) -> list[Detection]:
        if self.echo == "unknown":
            self._unsure_to = at + UNSURE_SAMPLES
        high = low = self._threshold
        if at < self._unsure_to:
            high = low = 1 - UNSURE * (1 - self._threshold)
        elif self.echo == "known" and self.near:
            low = MASKED * self._threshold
        return [
            Detection(word.name, float(score), at)
            for label, score in self._model.predict(frame).items()
            if (word := self._words[label]).decide(score >= high, score >= low, self._patience, at)
        ]


class _Word:
    """Makes one detection of the frames of one utterance of one word."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._high_row = self._low_row = 0
        self._armed = True
        self._ready_at = 0

    def decide(self, high: bool, low: bool, patience: int, at: int) -> bool:  # noqa: FBT001 - what the score reaches
        self._high_row = self._high_row + 1 if high else 0
        self._low_row = self._low_row + 1 if low else 0
        self._armed = self._armed or (not low and at >= self._ready_at)
        heard = self._high_row >= patience or self._low_row >= max(patience, MASKED_FRAMES)
        if not heard or not self._armed:
            return False
        self._armed = False
        self._ready_at = at + REFRACTORY
        return True


def _open(models: Sequence[Path], melspectrogram: Path, embedding: Path, framework: Framework) -> Any:
    """Load openWakeWord's models and let them hear silence, so that the same audio always gives the same scores."""
    files = (*models, melspectrogram, embedding)
    for path in files:
        if require(path).suffix != f".{framework}":
            raise ModelError(f"{path} is not a model for wake.framework = {framework!r}: that takes .{framework} files")
    if len({path.stem for path in models}) < len(models):
        raise ModelError(f"two wake word models have the same name: {', '.join(map(str, models))}")
    if framework == "tflite":
        _probe_tflite(files)
    try:
        model = library(framework)(
            [str(path) for path in models],
            inference_framework=framework,
            melspec_model_path=str(melspectrogram),
            embedding_model_path=str(embedding),
        )
        # Of the ten seconds that it keeps, and copies at every frame, it only ever uses the end: a third of its time.
        model.preprocessor.raw_data_buffer = deque(maxlen=FRAME + OVERLAP)
        for _ in range(CONTEXT_FRAMES):
            model.predict(SILENCE)
    except Exception as fault:  # each runtime raises what it likes
        if framework == "onnx":
            for path in files:
                load(path)
        raise ModelError(
            f"not an openWakeWord model: one of {', '.join(map(str, models))} ({fault}); "
            f"`{typed('models list')}` names those that there are"
        ) from fault
    return model


def library(framework: Framework) -> Any:
    """Import openWakeWord's model class and return it: late, since it takes a while."""
    if framework == "tflite":
        tflite_interpreter()
    # Training of verifiers, which nobody does here, would import scikit-learn: seconds, and 150 MB.
    unused = types.ModuleType("openwakeword.custom_verifier_model")
    unused.train_custom_verifier = None  # type: ignore[attr-defined]
    sys.modules.setdefault(unused.__name__, unused)
    return importlib.import_module("openwakeword.model").Model


def tflite_interpreter() -> Any:
    """Import the tflite interpreter; after Python 3.11, LiteRT's under the name by which openWakeWord asks for it."""
    try:
        return importlib.import_module("tflite_runtime.interpreter")
    except ModuleNotFoundError:
        interpreter = importlib.import_module("ai_edge_litert.interpreter")
        sys.modules["tflite_runtime"] = sys.modules["ai_edge_litert"]
        sys.modules["tflite_runtime.interpreter"] = interpreter
        return interpreter


_PROBE = """
import importlib, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
interpreter = importlib.import_module(sys.argv[1]).Interpreter
for path in sys.argv[2:]:
    interpreter(model_path=path, num_threads=1)
    print("fine", flush=True)
"""


def _probe_tflite(paths: Sequence[Path]) -> None:
    """Raise ModelError for the first file that cannot be loaded; in another process, which a truncated one may kill."""
    module = tflite_interpreter().__name__
    command = [sys.executable, "-P", "-c", _PROBE, module, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode:
        fault = done.stderr.strip().rpartition("\n")[2] if done.returncode > 0 else "the runtime crashes on it"
        raise unusable(paths[done.stdout.count("fine")], fault)
