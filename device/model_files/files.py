"""The model files: which there are, where they lie, and how they come here.

`models/manifest.toml` pins each file and the wheel (or URL) that it comes out of. Nothing is fetched at import or
while the assistant runs: `find` names what is missing and the command that fixes it, and `fetch` is that command's.
"""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from device.data import DATA
from device.model_files.download import Checked, DownloadError, Progress, download, put_in_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CHECKOUT = DATA.parents[1] / "models"
SYSTEM = Path("/var/lib/parley-models")
_FORMER = Path("/var/lib/parley/models")
"""Where scripts/install once put them."""
_PIP_TIMEOUT_S = 900
"""A choice: a wheel of some tens of megabytes over a slow line."""


class ModelError(Exception):
    """A model file cannot be used or had; the message names it, what is wrong, and the fix."""


class ModelFile(Checked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file, as Parley names it."""

    name: str
    purpose: str
    member: str = ""
    """Path inside the source, if that is an archive."""
    default: bool = False
    """Whether it is fetched when no names are given."""
    needs: tuple[str, ...] = ()
    """Names of the files without which this one is of no use."""


class Source(Checked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wheel on the user's package index, or a `url`, and the files that it holds."""

    package: str = ""
    version: str = ""
    platform: str = "any"
    """The wheel's platform tag, so that a machine of any other kind can ask for it."""
    url: str = ""
    licence: str
    notice: str = ""
    """What the user is told about the licence when fetching."""
    file: tuple[ModelFile, ...]

    @property
    def title(self) -> str:
        """What the user is told is being fetched."""
        return f"{self.package} {self.version}" if self.package else self.url.rsplit("/", 1)[-1]

    @property
    def cache_name(self) -> str:
        """Name of the download in the cache."""
        return f"{self.package}-{self.version}.whl" if self.package else f"{self.sha256[:16]}-{self.title}"


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """`models/manifest.toml`."""

    source: tuple[Source, ...]

    @property
    def files(self) -> dict[str, ModelFile]:
        """Every file by its name."""
        return {file.name: file for source in self.source for file in source.file}

    def select(self, names: Iterable[str] | None = None) -> set[str]:
        """Return the names of the files that are meant, with those they need.

        A name may be a file's, or its beginning: `hey_mycroft` means the files of both frameworks. None means the
        default set.

        Raises:
            ModelError: A name means no file.

        """
        files = self.files
        if names is None:
            wanted = {name for name, file in files.items() if file.default}
        else:
            wanted = set()
            for asked in names:
                meant = {name for name in files if name == asked or name.startswith((asked + ".", asked + "/"))}
                if not meant:
                    raise ModelError(f'no model is called "{asked}"; there are: {", ".join(sorted(files))}')
                wanted |= meant
        return wanted | {need for name in wanted for need in files[name].needs}


class Status(Struct, frozen=True):
    """What was found of one file."""

    file: ModelFile
    source: Source
    path: Path
    """Where it lies, or where `fetch` would put it."""
    state: Literal["ok", "missing", "wrong size", "wrong sha256"]


def read_manifest(path: Path | None = None) -> Manifest:
    """Read a manifest; without `path`, the one that belongs to this Parley."""
    if path is None:
        path = CHECKOUT / "manifest.toml"
        if not path.exists():
            path = DATA / "manifest.toml"
    return msgspec.toml.decode(path.read_bytes(), type=Manifest)


@functools.cache
def own_manifest() -> Manifest:
    """Return the manifest that belongs to this Parley, read once."""
    return read_manifest()


def places(directory: str = "") -> list[Path]:
    """Return the directories that are searched for models, the first of which `fetch` fills.

    `directory` is the setting `models_dir`; if it is set, no other place counts.
    """
    if directory:
        return [Path(directory).expanduser()]
    data_home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    checkout = [CHECKOUT] if (CHECKOUT / "manifest.toml").exists() else []
    return [*checkout, data_home / "parley" / "models", SYSTEM, _FORMER]


def find(name: str, directory: str = "", manifest: Manifest | None = None) -> Path:
    """Return the path of the model file `name`, e.g. `hey_jarvis.onnx`; see `places` for `directory`.

    Its size is checked; its content only by `verify`, since that takes a while.

    Raises:
        ModelError: There is no such model, or its file is missing or truncated.

    """
    file = (manifest or own_manifest()).files.get(name)
    if file is None:
        raise ModelError(f'no model is called "{name}"; `parley models list` shows those there are')
    searched = places(directory)
    fault = f"is missing (looked in {', '.join(map(str, searched))})"
    for place in searched:
        path = place / name
        if path.is_file():
            if path.stat().st_size == file.size:
                return path
            fault = f"is truncated or not the right file: {path} has {path.stat().st_size} bytes, not {file.size}"
            break
    raise ModelError(f"model file {name} {fault}; this mends it: {fix(file)}")


def fix(file: ModelFile) -> str:
    """Return the command that fetches `file`."""
    return "parley models fetch" + ("" if file.default else f" {file.name}")


def status(directory: str = "", manifest: Manifest | None = None) -> list[Status]:
    """Say of every file of the manifest whether it is there and as large as it must be."""
    return [_status(file, source, directory, read=False) for file, source in _pairs(manifest or own_manifest())]


def verify(directory: str = "", manifest: Manifest | None = None) -> list[Status]:
    """Say of every file of the manifest whether it is there and has the right content."""
    return [_status(file, source, directory, read=True) for file, source in _pairs(manifest or own_manifest())]


def _pairs(manifest: Manifest) -> Iterator[tuple[ModelFile, Source]]:
    return ((file, source) for source in manifest.source for file in source.file)


def _status(file: ModelFile, source: Source, directory: str, *, read: bool) -> Status:
    searched = places(directory)
    path = next((place / file.name for place in searched if (place / file.name).is_file()), searched[0] / file.name)
    if not path.is_file():
        return Status(file, source, path, "missing")
    if path.stat().st_size != file.size:
        return Status(file, source, path, "wrong size")
    return Status(file, source, path, "wrong sha256" if read and file.fault(path) else "ok")


def fetch(
    names: Iterable[str] | None = None,
    directory: str = "",
    *,
    progress: Progress = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
    manifest: Manifest | None = None,
    cache: Path | None = None,
    locate: Callable[[Source], str] | None = None,
) -> list[Path]:
    """Fetch what is missing or wrong of the files that `names` mean, and return the paths of what was fetched.

    Safe to repeat and to interrupt. Downloads stay in `cache` (default ~/.cache/parley/wheels), whence another
    checkout takes them.

    Args:
        names: As for `Manifest.select`; None for the default set.
        directory: The setting `models_dir`; empty for the first of `places`.
        progress: Is told of the bytes as they come.
        say: Is told in words what is being done, and of licences.
        manifest: Default: Parley's own.
        cache: Directory for downloads.
        locate: Finds a wheel's address; default: asks pip.

    Raises:
        ModelError: A name means nothing, a source is out of reach, or what comes is not what is pinned.

    """
    manifest = manifest or own_manifest()
    cache = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley" / "wheels"
    wanted = manifest.select(names)
    target = places(directory)[0]
    fetched: list[Path] = []
    for source in manifest.source:
        lacking = [file for file in source.file if file.name in wanted and file.fault(target / file.name)]
        if not lacking:
            continue
        if source.notice:
            say(source.notice)
        try:
            target.mkdir(parents=True, exist_ok=True)
            with _alone(cache / f"{source.cache_name}.lock"):
                archive = _obtain(source, cache / source.cache_name, progress, say, locate or _ask_pip)
                fetched += [_extract(file, source, archive, target / file.name) for file in lacking]
        except OSError as error:
            raise ModelError(f"cannot write {error.filename or target}: {error.strerror or error}") from error
    return fetched


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep a second fetch, of another checkout perhaps, waiting until this one is done."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _obtain(
    source: Source, archive: Path, progress: Progress, say: Callable[[str], None], locate: Callable[[Source], str]
) -> Path:
    """Return the source's download, which is in the cache once this is done."""
    if not source.fault(archive):
        return archive
    archive.unlink(missing_ok=True)
    try:
        url = source.url or locate(source)
        download(url, archive, source, lambda _, done, size: progress(source.title, done, size))
    except DownloadError as error:
        if source.url:
            raise ModelError(f"cannot fetch {source.title}: {error}") from error
        # An index that wants the user's password, certificate or proxy opens to pip, which knows them.
        say(f"{error}; trying pip instead")
        _let_pip_download(source, archive)
    return archive


def _extract(file: ModelFile, source: Source, archive: Path, target: Path) -> Path:
    """Put one file of the source in its place, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if file.member:
            with zipfile.ZipFile(archive) as zipped, zipped.open(file.member) as member, part.open("wb") as out:
                shutil.copyfileobj(member, out)
        else:
            shutil.copyfile(archive, part)
        fault = file.fault(part)
        if fault:
            raise ModelError(f"{file.name} in {source.title} is of {fault}, not the one that the manifest pins")
        put_in_place(part, target)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"cannot take {file.name} out of {source.title}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _pip(source: Source, *arguments: str) -> str:
    """Run pip, with the user's own index, mirrors, certificates and proxies, on the source's wheel."""
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments),
        *("--no-deps", "--only-binary=:all:", "--platform", source.platform, f"{source.package}=={source.version}"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S, check=False)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        raise ModelError(f"cannot fetch {source.title}: pip got no answer in {_PIP_TIMEOUT_S // 60} minutes") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        raise ModelError(f"cannot fetch {source.title}: pip says: {errors[-1] if errors else done.returncode}")
    return done.stdout


def _ask_pip(source: Source) -> str:
    """Return the address of the source's wheel on the user's package index; nothing is installed."""
    with tempfile.TemporaryDirectory() as nowhere:
        report = _pip(
            source,
            *("install", "--dry-run", "--ignore-installed", "--no-user", "--quiet", "--report", "-"),
            *("--target", nowhere),
        )
    url: str = json.loads(report)["install"][0]["download_info"]["url"]
    return url


def _let_pip_download(source: Source, archive: Path) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        _pip(source, "download", "--quiet", "--dest", scratch)
        for wheel in Path(scratch).glob("*.whl"):
            fault = source.fault(wheel)
            if fault:
                raise ModelError(f"the package index has a {source.title} of {fault}, not the one that is pinned")
            put_in_place(wheel, archive)
