"""The settings in force: files, a profile, keys and the environment, read and checked against the tree.

`read` makes of them a `Loaded`, `load` the `Settings` alone, and `require` checks what matters once the assistant runs.
"""

from __future__ import annotations

import difflib
import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from device.settings import hats, profiles
from device.settings.engines import engine_faults, engines, known_engines, missing_key, secret, with_keys
from device.settings.instructions import sections
from device.settings.local import lacks, unheard
from device.settings.mcp import mcp_faults, with_tokens
from device.settings.toml import (
    Table,
    TableError,
    faults,
    is_secret,
    leaves,
    merge,
    parse_toml,
    read_toml,
    without_secrets,
)
from device.settings.tree import Settings
from device.system import inputs, paths

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


_log = logging.getLogger(__name__)


class SettingsError(TableError):
    """Settings that cannot be used; each line names the file, the key and what would be valid."""


class Loaded(Struct, frozen=True):
    """Settings, and where they come from."""

    settings: Settings
    origins: dict[str, str]
    """For each key that is not at its default, e.g. `card.rate`: the file or environment variable that set it."""
    files: tuple[Path, ...]
    """The files that were read; a later one counts over an earlier one."""
    warnings: tuple[str, ...]
    """What is in force but unwise."""
    table: Table = {}
    """What the files say, without the profile's layer and without secrets."""
    left_out: tuple[str, ...] = ()
    """The keys of `table` that are left out because they are secrets, e.g. `brain.api_key`."""
    profile: profiles.Profile | None = None
    """The profile in force, if there is one."""


_CREDENTIAL = "key_"
"""What the names of credentials begin with that are keys: `LoadCredential=key:FOLDER` makes them so."""
SYSTEM = Path("/etc/parley/parley.toml")
"""The settings of the machine's service."""
KEY_VARIABLES = {
    "PARLEY_BRAIN_API_KEY": ("brain", "api_key"),
    "PARLEY_TRANSCRIPTION_API_KEY": ("transcription", "api_key"),
    "CARTESIA_API_KEY": ("cartesia", "api_key"),
    "PARLEY_MQTT_PASSWORD": ("mqtt", "password"),
    "PARLEY_METRICS_TOKEN": ("metrics", "token"),
    "PARLEY_HOUSE_SECRET": ("house", "secret"),
}
"""The environment variables that hold keys of the local engine's stages, and the section and key that each sets."""


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in force and log what is unwise in them; see `read`."""
    loaded = read(path, environ)
    for warning in loaded.warnings:
        _log.warning("%s", warning)
    return loaded.settings


def read(
    path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    system: Path = SYSTEM,
    *,
    instead: Mapping[Path, str] | None = None,
) -> Loaded:
    """Read the settings; of what is set twice, the later counts.

    In this order: the profile and the HAT that the files name, the fleet's, `system`, ~/.config/parley/parley.toml,
    `path`, and for keys systemd's credentials `key_*` and the environment. The files but for `path` need not exist.
    `instead` is what files would say, to try it.

    Raises:
        SettingsError: A file cannot be read, is not TOML, or has unknown keys or wrong values: all of them named.

    """
    instead = instead or {}
    files = [file for file in candidates(path, environ, system) if file in instead or _exists(file, path)]
    table: Table = {}
    origins: dict[str, str] = {}
    found: list[str] = []
    warnings: list[str] = []
    for file in files:
        try:
            one = parse_toml(file, instead[file]) if file in instead else read_toml(file)
        except TableError as error:
            hidden = inputs.is_there(file, unknown=True) and not inputs.is_there(file)
            found.append(f"{error}{'; is it yours? HOME and XDG_CONFIG_HOME say where it is' if hidden else ''}")
            continue
        wrong = _write_out(one, file.parent) + table_faults(one)
        found += [f"{file}: {fault}" for fault in wrong]
        origins |= dict.fromkeys(leaves(one), str(file))
        with_key = any(map(is_secret, leaves(one)))
        if with_key and file not in instead and file.stat().st_mode & stat.S_IROTH:
            warnings.append(f"{file} holds a key and everybody can read it; this fixes it: chmod o-r {file}")
        table = merge(table, one)
    known = {"local", *known_engines(), *table.get("engine", {})}
    if not found and (strangers := [name for name in table.get("engines", ()) if name not in known]):
        found += [f"{origins['engines']}: {_unknown(name, known)}" for name in strangers]
    if found:
        raise SettingsError(*found)
    return settle(table, environ, origins, tuple(files), tuple(warnings))


def places(path: Path | None, environ: Mapping[str, str], system: Path = SYSTEM) -> list[Path]:
    """Return the files that settings are read from, whatever is in them; a later one counts over an earlier one."""
    return [file for file in candidates(path, environ, system) if _exists(file, path)]


def candidates(path: Path | None, environ: Mapping[str, str], system: Path = SYSTEM) -> list[Path]:
    """Return the files that settings would be read from if they were there.

    Its fleet's, the machine's, the user's, and `path`.

    For the local engine's unit, what the assistant hands over stands for the user's.
    """
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home(), ".config")
    users = paths.HANDED if is_engines_unit(environ) else Path(home, "parley", "parley.toml")
    return [paths.FLEET, system, users, *([path.expanduser()] if path else [])]


def is_engines_unit(environ: Mapping[str, str]) -> bool:
    """Tell whether a process is the local engine's unit, by its environment."""
    return Path(environ.get("STATE_DIRECTORY", "")).name == paths.ENGINE


def _exists(file: Path, path: Path | None) -> bool:
    """Tell whether a file is to be read; the one that was named is, and it is a fault if it is not there."""
    return (path is not None and file == path.expanduser()) or inputs.is_there(file, unknown=True)


def table_faults(table: Table) -> list[str]:
    """Say what is wrong with what a file says, written out in full, one line a key."""
    rest = {key: value for key, value in table.items() if key != "engine"}
    return faults(rest, Settings, secret) + engine_faults(table.get("engine", {})) + mcp_faults(table.get("mcp", {}))


def settle(
    table: Table,
    environ: Mapping[str, str],
    origins: dict[str, str] | None = None,
    files: tuple[Path, ...] = (),
    warnings: tuple[str, ...] = (),
    *,
    profile: profiles.Profile | None = None,
) -> Loaded:
    """Return the settings that `table`, free of `table_faults`, makes with its profile and the keys from elsewhere.

    `profile` is that of the table if it was read already.

    Raises:
        SettingsError: The profile cannot be used.

    """
    origins = origins or {}
    own, left_out = without_secrets(table)
    table, below = _over_hat(table)
    origins = below | origins
    credentials, unreadable = _credentials(environ)
    environ = credentials | dict(environ)
    if table.get("profile"):
        profile = profile or _profile(table["profile"])
        table, below = _over_profile(table, profile)
        origins = below | origins
    for variable, (section, key) in KEY_VARIABLES.items():
        if environ.get(variable, "").strip():
            table = merge(table, {section: {key: environ[variable]}})
            origins[f"{section}.{key}"] = variable
    tables, keys = with_keys(table.pop("engine", {}), environ)
    origins |= keys
    table["mcp"], tokens = with_tokens(table.get("mcp", {}), environ)
    origins |= tokens
    settings = msgspec.convert(table, Settings, dec_hook=secret)
    settings = msgspec.structs.replace(settings, engine=engines(tables))
    warnings = (*warnings, *unreadable, *_unwise(settings, profile))
    return Loaded(settings, origins, files, warnings, own, tuple(left_out), profile)


def key_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with the keys that systemd hands over, as if they were variables of it."""
    return _credentials(environ)[0] | dict(environ)


def lacking(settings: Settings) -> dict[str, str]:
    """Return the engines that cannot be asked, for want of a key or another setting: what is to be done about each."""
    found = {}
    for name in settings.engines:
        if name != "local":
            missing = missing_key(name, settings.engine[name]) if name in settings.engine else ""
        elif settings.local.url:
            missing = ""
        else:
            missing = unheard(settings.local, settings.language) or lacks(
                settings.local, settings.transcription, settings.sherpa, settings.cartesia
            )
        if missing:
            found[name] = missing
    return found


def able(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings with the engines that can be asked, unless that is none, and why others are passed over."""
    without = lacking(settings)
    engines = tuple(name for name in settings.engines if name not in without)
    if not (without and engines):
        return settings, ()
    why = tuple(f"The engine {name} is passed over. {missing}" for name, missing in without.items())
    return msgspec.structs.replace(settings, engines=engines), why


def require(settings: Settings) -> None:
    """Check what only matters once the assistant runs.

    Raises:
        SettingsError: Something does not go together, or no engine that is chosen can be asked.

    """
    for name in settings.engines:
        if name != "local" and name not in settings.engine:
            raise SettingsError(_unknown(name, {"local", *settings.engine}))
    without = lacking(settings)
    if len(without) == len(settings.engines):
        hint = "" if "local" in without else ', or engines = "local" to do without'
        *others, last = without.values()
        raise SettingsError(*others, last + hint)
    if settings.barge_in.decide == "engine" and settings.listen.end_of_turn == "device":
        raise SettingsError(
            "barge_in.decide: an engine that does not find the ends of turns cannot tell interruptions; set "
            'listen.end_of_turn to "server" or "semantic", or let the device decide'
        )
    if settings.brain.model and not settings.brain.url:
        raise SettingsError(f"brain.url: brain.model is {settings.brain.model!r}, but not where it is to be found")


def _unknown(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    mean = f"; did you mean {near[0]}?" if near else "."
    others = ", ".join(sorted(known))
    return f"engines: {name!r} is not known{mean} There are {others}, and those that you add as [engine.NAME]"


def _write_out(table: Table, folder: Path) -> list[str]:
    """Write out in full what a file in `folder` may say in short; return what is wrong with it."""
    if isinstance(table.get("barge_in"), str):
        table["barge_in"] = {"decide": table["barge_in"]}
    if isinstance(table.get("engines"), str):
        table["engines"] = [table["engines"]]
    if isinstance(table.get("instructions"), str):
        table["instructions"] = sections(table["instructions"])
    if isinstance(table.get("profile"), str) and table["profile"]:
        try:
            table["profile"] = profiles.named(table["profile"], folder)
        except profiles.ProfileError as error:
            return [f"profile: {error}"]
    return []


def _unwise(settings: Settings, profile: profiles.Profile | None) -> list[str]:
    """Say what an engine cannot do that the profile wants."""
    if profile is None or settings.engines[0] != "local" or settings.brain.url or settings.local.url:
        return []
    return profiles.too_much_for_sentences(profile)


def _profile(name: str) -> profiles.Profile:
    """Read a profile. Raises SettingsError."""
    try:
        return profiles.load(name)
    except profiles.ProfileError as error:
        raise SettingsError(*str(error).split("\n")) from None


def _over_hat(table: Table) -> tuple[Table, dict[str, str]]:
    """Return the user's settings over those of their board, and what the board set."""
    name = table.get("hat", "none")
    return hats.under(table), dict.fromkeys(leaves(hats.LAYERS.get(name, {})), f"hat {name}")


def _over_profile(table: Table, profile: profiles.Profile) -> tuple[Table, dict[str, str]]:
    """Return the user's settings over those of their profile, and what the profile set. Raises SettingsError."""
    if unknown := profiles.unknown_engines(profile, {*known_engines(), *table.get("engine", {})}):
        raise SettingsError(*unknown)
    return merge(profile.layer, table), dict.fromkeys(leaves(profile.layer), f"profile {profile.path}")


def _credentials(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the keys that systemd hands over, a file each, as if they were environment variables; and what is wrong.

    A key that cannot be read is one that is not there: only the engine that needs it is concerned.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    keys, unreadable = {}, []
    for file in sorted(Path(folder).glob(f"{_CREDENTIAL}*")) if folder else ():
        name = file.name.removeprefix(_CREDENTIAL)
        try:
            keys[name] = inputs.text(file).strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            unreadable.append(f"the key in /etc/parley/keys/{name} cannot be read ({why}): write it anew")
    return keys, unreadable
