"""Model files that are opened once for all tests of a run: opening them is a fifth of what a scene takes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import onnxruntime

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

_open = onnxruntime.InferenceSession


def kept() -> AbstractContextManager[object]:
    """Have onnxruntime keep what it opens during a block, for the next one; it keeps nothing of what it is run with."""
    return patch.object(onnxruntime, "InferenceSession", _opened)


@cache
def _kept(path: str, _changed_ns: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return _open(path, options, providers=["CPUExecutionProvider"])


def _opened(path: str, sess_options: Any = None, **more: Any) -> Any:
    if path.startswith("/proc/"):  # a file without a name, which is another the next time
        return _open(path, sess_options, **more)
    return _kept(path, Path(path).stat().st_mtime_ns)
