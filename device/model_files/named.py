"""Model files fetched by what a person calls them: a wake word, a recogniser, or any voice of Piper's public list.

`python -m device.model_files.named NAME FOLDER` does that for the first steps, in a process of its own. It prints how
far it is, a `Fetching` as JSON a line; what is wrong is said at standard error, with the status 1.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.model_files.fetch import fetch
from device.model_files.files import ModelError, own_manifest
from device.model_files.piper_voices import fetch_voice, is_name
from device.system.printed import echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.model_files.download import Progress

APART_S: Final = 0.25
"""How long after a line the next one comes: a choice, as often as one sees a bar move."""
SCRATCH: Final = ".fetching"
"""Of the models' folder, where packages are until their files are taken out."""


class Fetching(Struct, frozen=True):
    """How far something is."""

    what: str
    """The package that is fetched."""
    done: int
    """Bytes."""
    size: int


def fetch_named(
    names: Iterable[str],
    directory: str = "",
    *,
    progress: Progress = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
    cache: Path | None = None,
) -> list[Path]:
    """Fetch what is missing of what `names` mean, the default set if there are none; as `fetch`. Raises ModelError."""
    names = tuple(names)
    voices = [name for name in names if is_listed(name)]
    others = tuple(name for name in names if name not in voices)
    fetched = []
    if others or not names:
        fetched = fetch(others or None, directory, progress=progress, say=say, cache=cache)
    for name in voices:
        fetched += fetch_voice(name, directory, progress=progress, say=say)
    return fetched


def is_listed(name: str) -> bool:
    """Tell whether a name is that of a voice that only Piper's public list may have."""
    return is_name(name) and f"voices/{name}.onnx" not in own_manifest().files


def main(name: str, folder: Path) -> None:
    """Fetch what `name` means into a folder, for everybody to read, and keep no package. Raises ModelError."""
    os.umask(0o022)
    told_at = -APART_S

    def progress(what: str, done: int, size: int) -> None:
        nonlocal told_at
        if done < size and time.monotonic() - told_at < APART_S:
            return
        told_at = time.monotonic()
        sys.stdout.buffer.write(msgspec.json.encode(Fetching(what, done, size)) + b"\n")
        sys.stdout.flush()

    scratch = folder / SCRATCH
    try:
        fetch_named([name], str(folder), progress=progress, cache=scratch)
    except OSError as error:
        raise ModelError(f"cannot write {error.filename or folder}: {error.strerror or error}") from error
    # What was begun and broke off is gone on with the next time.
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]))
    except ModelError as wrong:
        echo(str(wrong), err=True)
        sys.exit(1)
