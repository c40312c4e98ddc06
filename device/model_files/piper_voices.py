"""Piper's public list of voices: fetching one by its name, such as `en_US-amy-medium`.

The list, voices.json of rhasspy/piper-voices, has for each file its size and its MD5 (and no SHA-256): what comes is
what the list means, and the list is believed because it comes by https from where it is kept.
"""

from __future__ import annotations

import hashlib
import re
import urllib.parse
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from device.model_files.download import Checked, DownloadError, Progress, download, fetch_text
from device.model_files.files import ModelError, places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADDRESS: Final = "https://huggingface.co/rhasspy/piper-voices/resolve/main/"
FOLDER: Final = "voices"
"""Of the models' folder."""
_NAME: Final = re.compile(r"[a-z]{2,3}_[A-Z]{2,3}-[A-Za-z0-9_]+-(x_low|low|medium|high)")
_LARGEST: Final = 10_000_000
"""Bytes of the list, at most; it has some hundred thousand."""


class Listed(Struct, frozen=True):
    """A file of a voice."""

    size_bytes: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    md5_digest: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Voice(Struct, frozen=True):
    """A voice of the list."""

    files: dict[str, Listed]
    """By path below the list's address."""


class Digested(Checked, frozen=True):
    """What a file must be by its MD5."""

    def fault(self, path: Path) -> str:
        """Say what is wrong with the file at `path`; `sha256` holds its MD5."""
        if not path.is_file():
            return "missing"
        if path.stat().st_size != self.size:
            return "wrong size"
        with path.open("rb") as file:
            # Not against an attacker, who would have the list: against a line that garbles.
            found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return "" if found == self.sha256 else "wrong md5"


def is_name(name: str) -> bool:
    """Return whether `name` is what a voice of the list may be called."""
    return _NAME.fullmatch(name) is not None


def fetch_voice(
    name: str,
    directory: str = "",
    *,
    progress: Progress = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
    address: str = ADDRESS,
) -> list[Path]:
    """Fetch the voice `name`, its description and its model card; return the paths of what was not here.

    Raises `ModelError`: no such voice, no way to it, or what comes is not what the list says.
    """
    try:
        voices = msgspec.json.decode(fetch_text(f"{address}voices.json", _LARGEST), type=dict[str, msgspec.Raw])
        if name not in voices:
            raise ModelError(f'the list of voices has no "{name}"; {_like(name, list(voices))}')
        files = msgspec.json.decode(voices[name], type=Voice).files
        wanted = _wanted(name, files)
        folder = places(directory)[0] / FOLDER
        say("A voice's licence is in its model card; see what it says before you use the voice in a product.")
        return [
            folder / kept
            for path, kept in wanted.items()
            if _fetch(address + urllib.parse.quote(path), folder / kept, files[path], progress)
        ]
    except DownloadError as error:
        raise ModelError(f"cannot fetch the voice {name}: {error}") from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ModelError(f"cannot fetch the voice {name}: the list of voices is not what it was ({error})") from error
    except OSError as error:
        raise ModelError(f"cannot write {error.filename or directory}: {error.strerror or error}") from error


def _wanted(name: str, files: dict[str, Listed]) -> dict[str, str]:
    """Return the files that a voice needs, by their paths in the list, and what they are called here."""
    needed = {f"{name}.onnx": f"{name}.onnx", f"{name}.onnx.json": f"{name}.onnx.json"}
    known = {**needed, "MODEL_CARD": f"{name}.MODEL_CARD"}
    found = {path: known[last] for path in files if (last := path.rpartition("/")[2]) in known}
    lacking = needed.keys() - set(found.values())
    if lacking:
        raise ModelError(f"cannot fetch the voice {name}: the list of voices has no {', '.join(sorted(lacking))} of it")
    return found


def _fetch(url: str, target: Path, listed: Listed, progress: Progress) -> bool:
    """Fetch a file unless it is here; return whether it was fetched."""
    want = Digested(sha256=listed.md5_digest, size=listed.size_bytes)
    if not want.fault(target):
        return False
    download(url, target, want, progress)
    return True


def _like(name: str, names: list[str]) -> str:
    language = name.partition("-")[0]
    same = [one for one in names if one.startswith(f"{language}-")]
    return f"there are {', '.join(sorted(same or names)[:40])}"
