"""Makes Moonshine base for this machine, and hears whether it understands: `python -m … INGREDIENTS RESULT`.

What `models/manifest.toml` calls a module of a recipe; see `model_files/made.py`. In a process of its own, so that the
200 MB that it takes go back to the system.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.clips import ClipError, read_wav
from device.data import DATA
from device.listen.moonshine import FILES, Moonshine
from device.model_files.files import ModelError
from device.model_files.moonshine_base import UnexpectedGraphError, convert
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPOKEN: Final = DATA / "spoken.wav"
"""By pico (SVOX AG, Apache-2.0); also one of the benches' sounds."""
TEXT: Final = "Is it going to rain this afternoon?"


def main(ingredients: Path, result: Path) -> str:
    """Fill `result`; return what is wrong, if anything is."""
    try:
        convert(ingredients, result)
        shutil.copyfile(ingredients / "tokenizer.bin", result / "tokenizer.bin")
        encoder, decoder, tokenizer = (result / name for name in FILES["base"])
        heard = Moonshine(encoder, decoder, tokenizer).transcribe(_spoken())
    except OSError as error:
        return f"cannot write {error.filename or result}: {error.strerror or error}"
    except (UnexpectedGraphError, ModelError, ClipError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - onnxruntime and protobuf raise a dozen classes of their own
        return f"{type(error).__name__}: {error}".splitlines()[0]
    if heard != TEXT:
        return f'it hears "{heard}" where "{TEXT}" is said'
    return ""


def _spoken() -> NDArray[np.int16]:
    pcm: NDArray[np.int16] = np.rint(read_wav(SPOKEN).at(CLOCK_RATE) * 32767).astype(np.int16)
    return pcm


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])) or 0)
