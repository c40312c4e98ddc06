"""Opening model files on onnxruntime, the way a real-time program needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

from device.model_files.files import ModelError
from device.system import inputs
from device.system.typed import typed

if TYPE_CHECKING:
    from pathlib import Path


def options() -> onnxruntime.SessionOptions:
    """Return session options for one thread that sleeps when it has nothing to do.

    By default onnxruntime's threads spin for a while after each run, which starves the audio on two or four cores.
    """
    chosen = onnxruntime.SessionOptions()
    chosen.intra_op_num_threads = 1
    chosen.inter_op_num_threads = 1
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chosen.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return chosen


def require(path: Path) -> Path:
    """Return `path` if it is a file with something in it; else raise ModelError."""
    if not inputs.is_file(path):
        raise ModelError(f"the model file {path} is missing: run `{typed('models fetch', root=True)}`")
    if path.stat().st_size == 0:
        raise ModelError(f"the model file {path} is empty: delete it and run `{typed('models fetch', root=True)}`")
    return path


def load(path: Path) -> onnxruntime.InferenceSession:
    """Open an onnx or ort model file. Raises ModelError."""
    try:
        return onnxruntime.InferenceSession(str(require(path)), options(), providers=["CPUExecutionProvider"])
    except ModelError:
        raise
    except Exception as fault:  # onnxruntime raises a dozen classes of its own
        raise unusable(path, fault) from fault


def unusable(path: Path, fault: object) -> ModelError:
    """Return the error for a model file that a runtime refused with `fault`."""
    return ModelError(
        f"the model file {path} cannot be loaded; it may be corrupt: delete it and run "
        f"`{typed('models fetch', root=True)}` ({fault})"
    )
