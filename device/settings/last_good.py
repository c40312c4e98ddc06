"""The last good settings: what a service goes on with when somebody breaks its settings file by hand.

After each good start the settings' files are kept as one table in the service's state folder. Keys are not: those that
stood in the file itself are lost until it is fixed, those from systemd's credentials and the environment are not.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from device.settings import profiles
from device.settings.loading import (
    Loaded,
    SettingsError,
    able,
    is_engines_unit,
    places,
    read,
    require,
    settle,
    table_faults,
)
from device.settings.toml import Table, is_secret, merge, without_secrets
from device.system import inputs, paths, state_file
from device.system.service_status import UNUSABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.settings.tree import Settings

log = logging.getLogger(__name__)

FILE = "settings.last-good.json"


class InForce(Struct, frozen=True):
    """The settings that a command goes by."""

    loaded: Loaded
    fault: str = ""
    """Why these are not those of the files, and what is lost; empty if they are."""
    looked_in: tuple[Path, ...] = ()
    """The files that there are, broken ones too; of `look` only."""
    passed_over: tuple[str, ...] = ()
    """Which engines of those that were chosen are not among `settings.engines`, and why, a line each."""

    @property
    def settings(self) -> Settings:
        """The settings themselves."""
        return self.loaded.settings


class _Kept(Struct, frozen=True):
    table: Table
    layer: Table
    """What the profile made of the settings, in case that it is broken, too."""
    left_out: tuple[str, ...]


def load(config: Path | None = None, environ: Mapping[str, str] = os.environ, *, need_engine: bool = False) -> InForce:
    """Return the settings of the files; in a service whose files cannot be used, the last good ones.

    `need_engine` wants them fit to run the assistant. Raises SettingsError.
    """
    try:
        loaded = read(config, environ)
        if need_engine:
            _require(loaded)
            return _fit(InForce(loaded))
    except SettingsError as error:
        folder = service_folder(environ)
        recalled = recall(folder, environ, need_engine=need_engine) if folder else None
        if recalled is None and is_engines_unit(environ):
            return InForce(_without_handed(config, environ, error), f"{UNUSABLE} and are passed over. {error}")
        if recalled is None:
            raise
        why = f"{UNUSABLE}; the last good ones stay in force. {error}"
        return InForce(recalled.loaded, "\n".join(filter(None, (why, recalled.fault))))
    return InForce(loaded)


def _without_handed(config: Path | None, environ: Mapping[str, str], wrong: SettingsError) -> Loaded:
    """Return the settings without those that the assistant has handed over. Raises `wrong` if others are wrong, too."""
    try:
        return read(config, {**environ, "STATE_DIRECTORY": ""})
    except SettingsError:
        raise wrong from None


def _require(loaded: Loaded) -> None:
    """See that settings are fit to run the assistant; what was warned of may be why they are not."""
    try:
        require(loaded.settings)
    except SettingsError as error:
        raise SettingsError(*str(error).split("\n"), *loaded.warnings) from None


def keep(found: InForce, environ: Mapping[str, str] = os.environ) -> None:
    """Keep settings that have proved good, if this is a service. A disk that does not allow it is warned of."""
    folder = service_folder(environ)
    if folder is None or found.fault:
        return
    loaded = found.loaded
    layer, _ = without_secrets(loaded.profile.layer) if loaded.profile else ({}, [])
    data = msgspec.json.encode(_Kept(loaded.table, layer, loaded.left_out))
    path = folder / FILE
    try:
        if not path.exists() or path.read_bytes() != data:
            state_file.write(path, data)
    except OSError as error:
        log.warning("%s cannot be written (%s): a broken settings file would stop Parley.", path, error.strerror)


def recall(folder: Path, environ: Mapping[str, str] = os.environ, *, need_engine: bool = False) -> InForce | None:
    """Return the last good settings and, as `fault`, what is lost of them; None if there are none to be used."""
    try:
        kept = msgspec.json.decode(inputs.read(folder / FILE), type=_Kept)
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if inputs.too_deep(kept.table) or inputs.too_deep(kept.layer):
        return None
    table, profile, lost = kept.table, None, []
    if name := table.get("profile"):
        try:
            profile = profiles.load(name)
        except profiles.ProfileError:
            lost.append(f"The profile {name} cannot be used either: its tools are missing.")
            table = {key: value for key, value in merge(kept.layer, table).items() if key != "profile"}
    if table_faults(table):
        return None
    try:
        loaded = settle(table, environ, profile=profile)
        given = {key for key in kept.left_out if _secret(loaded.settings, key)}
        if gone := [key for key in kept.left_out if key not in given]:
            lost.append(f"{', '.join(gone)} stood in the file and is not kept elsewhere: keys belong in {KEYS}.")
        if need_engine:
            require(loaded.settings)
    except SettingsError:
        return None
    fit = _fit(InForce(loaded)) if need_engine else InForce(loaded)
    return InForce(fit.loaded, " ".join([*lost, *fit.passed_over]))


def look(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> InForce:
    """Return the settings for who examines the machine: if the files cannot be used, those that a service goes on with.

    `fault` then says why, and which they are.
    """
    files = tuple(places(config, environ))
    try:
        found = load(config, environ)
        return msgspec.structs.replace(found, looked_in=files)
    except SettingsError as error:
        for folder in (paths.SHARED, paths.state_dir(environ)):
            if recalled := recall(folder, environ):
                why = f"{error}\nThe service goes on with the last good ones. {recalled.fault}"
                return InForce(recalled.loaded, why.strip(), files)
        return InForce(settle({}, environ), f"{error}\nWhat follows goes by the defaults.", files)


KEYS = Path("/etc/parley/keys")
"""Where the machine's keys are, a file each, which systemd hands to the services as credentials."""


def service_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder for the state of the service that this process is; None if it is none."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else None


def _fit(found: InForce) -> InForce:
    """Leave out the engines that cannot be asked."""
    settings, passed_over = able(found.settings)
    loaded = msgspec.structs.replace(found.loaded, settings=settings)
    return msgspec.structs.replace(found, loaded=loaded, passed_over=passed_over)


def _secret(settings: Settings, key: str) -> bool:
    """Return whether a key that was left out is there again, from elsewhere."""
    *sections, name = key.split(".")
    one: object = settings
    for section in sections:
        one = one.get(section) if isinstance(one, dict) else getattr(one, section, None)
    return is_secret(name) and bool(getattr(one, name, None))
