"""Model files that are made on this machine out of pinned ones, for another version of a library makes other bytes.

What was made is recorded beside it, with what it was made of: it is verified later as other files are, by sha256.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.model_files.download import Checked, put_in_place, sha256_of
from device.system import inputs, memory

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD: Final = "made.json"
_SCRATCH: Final = ".making-"
"""How folders begin in which something is being made."""
_TIMEOUT_S: Final = 900
"""A choice: a Raspberry Pi needs seconds."""


class Ingredient(Checked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file that something is made of, and that is not kept."""

    name: str
    package: str
    """Of the source that holds it."""
    member: str


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How files are made: by a module of Parley's, in a process of its own."""

    name: str
    """Also of the folder that it fills."""
    version: int
    """Counts up when the same ingredients give something else."""
    module: str
    """Is run with the folder of the ingredients and the one to be filled; what it says on stderr tells why it failed,
    and it has verified what it made."""
    needs_mb: int
    """Memory that must be free for it."""
    of: tuple[Ingredient, ...]

    @property
    def digest(self) -> str:
        """Tell this recipe from any other."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Record(Struct, frozen=True):
    """What was made."""

    recipe: str
    """Its digest."""
    by: str
    files: dict[str, Checked]


class MakingError(Exception):
    """Something cannot be made; the message says why."""


NOTHING: Final = Checked(sha256="", size=-1)
"""What no file is."""


def expected(recipe: Recipe, path: Path) -> Checked:
    """Return what the file at `path`, made by `recipe`, must be by the record beside it; what no file is if none is."""
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        record = msgspec.json.decode(inputs.read(path.with_name(RECORD)), type=Record)
        if record.recipe == recipe.digest:
            return record.files.get(path.name, NOTHING)
    return NOTHING


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Give a folder beside `folder` for what is being made, and take away those that were left there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in folder.parent.glob(f"{_SCRATCH}{folder.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{_SCRATCH}{folder.name}-") as place:
        yield Path(place)


def check_memory(recipe: Recipe) -> None:
    """See that there is the memory to make it. Raises MakingError."""
    if (free := memory.available_mb()) < recipe.needs_mb:
        raise MakingError(f"it takes {recipe.needs_mb} MB of memory, and {free:.0f} MB are free")


def make(recipe: Recipe, folder: Path, ingredients: Path) -> None:
    """Make what the recipe says of the `ingredients`, a folder made by `scratch`, and put it in the place of `folder`.

    Raises:
        MakingError: It cannot be made, or is not what it should be; `folder` is as it was.
        OSError: It cannot be put there.

    """
    result = ingredients / "result"
    result.mkdir()
    command = [sys.executable, "-P", "-m", recipe.module, str(ingredients), str(result)]
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, env={**os.environ, **here}, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MakingError(f"it was not done in {_TIMEOUT_S // 60} minutes") from None
    if done.returncode < 0:
        raise MakingError(f"its process was ended by signal {-done.returncode}: is there too little memory?")
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise MakingError(said[-1])
    files = {path.name: Checked(sha256=sha256_of(path), size=path.stat().st_size) for path in result.iterdir()}
    record = Record(recipe.digest, f"onnxruntime {importlib.metadata.version('onnxruntime')}", files)
    part = ingredients / RECORD
    part.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    for path in (*result.iterdir(), part):
        put_in_place(path, result / path.name)
    if folder.exists():
        folder.rename(ingredients / "former")
    result.chmod(0o755)
    result.rename(folder)
