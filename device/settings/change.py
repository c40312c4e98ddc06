"""One setting changed in the user's file, which stays as a person wrote it: order, comments and all."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from device.settings import handed
from device.settings.keys import diverted, started
from device.settings.loading import SettingsError, candidates, read, require
from device.settings.profiles import FOLDER
from device.settings.toml import hide_password, is_secret
from device.system import inputs, state_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from msgspec import UnsetType

    from device.settings.tree import Settings

SHORT: Final = {"barge_in": "decide", "instructions": ""}
"""Tables for which a file may have a text alone, and which of their keys that is; "" if it is the whole table."""


class ChangeError(Exception):
    """A setting is not changed; says why, and never the value, which may be a secret."""


class StaleError(ChangeError):
    """The file says something else than was believed."""


def file_for(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file that changes are written to: the one that was named, else the user's."""
    return candidates(config, environ)[-1]


def parts_of(key: str) -> tuple[str, ...]:
    """Return the parts of a key as TOML has it: `prices."gpt-5.1".minute` has three. Raises ChangeError."""
    wrong = ChangeError(f"{key[:100]!r} is no key: it is written like wake.threshold")
    if not key.isprintable() or "=" in key or "#" in key:
        raise wrong
    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except (tomllib.TOMLDecodeError, RecursionError):
        raise wrong from None
    parts = []
    while isinstance(table, dict):
        ((part, table),) = table.items()
        parts.append(part)
    return tuple(parts)


def said(key: str, file: Path) -> Any:
    """Return what a file says of a key, without passwords; None for nothing, and for a file that cannot be read."""
    with suppress(OSError, UnicodeError, tomllib.TOMLDecodeError, ChangeError):
        return _hidden(_find(tomllib.loads(inputs.text(file)), parts_of(key)))
    return None


def change(
    key: str,
    value: Any,
    *,
    was: Any | UnsetType = UNSET,
    owner: bool = True,
    config: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Path:
    """Set a key in the user's file, or take it out if `value` is None; return the file.

    Raises ChangeError, and changes nothing then.

    `was` is what the file is believed to say of it, None for nothing. All settings together must be good afterwards,
    and fit to run the assistant. Who is not the `owner` of the keys may set them, but not send them elsewhere, nor have
    a profile of an unknown place read, which could name any file, nor a program run.
    """
    import tomlkit  # noqa: PLC0415 - it takes a while, and only this needs it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - likewise

    parts, file = parts_of(key), file_for(config, environ)
    if handed.hands_over(environ) and (secret := handed.fault(key, value)):
        raise ChangeError(secret)
    if not owner and parts == ("profile",) and not _is_at_home(value):
        raise ChangeError(
            f"profile: it must be bundled, or lie in {file.parent / FOLDER}: set another in {file} by hand"
        )
    try:
        text = inputs.text(file) if inputs.is_there(file) else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeError, TOMLKitError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not TOML"
        raise ChangeError(f"{file} cannot be changed ({why}): correct it by hand") from None
    now = _find(document.unwrap(), parts)
    if was is not UNSET and _hidden(was) != _hidden(now):
        raise StaleError(f"{key} was changed in {file} meanwhile")
    try:
        _put(document, parts, value)
        new = tomlkit.dumps(document)
        loaded = read(config, environ, instead={file: new})
        require(loaded.settings)
        if not owner:
            _check_stranger(key, value, read(config, environ).settings, loaded.settings, file)
    except SettingsError as error:
        raise ChangeError(str(error)) from None
    except (TOMLKitError, TypeError, ValueError, RecursionError, AttributeError):
        raise ChangeError(f"{key}: this cannot be written as TOML") from None
    _write(file, new, private=_is_key(parts[-1], value))
    return file


def _check_stranger(key: str, value: Any, before: Settings, after: Settings, file: Path) -> None:
    """See that a change by who is not the owner sends no key elsewhere and runs no program. Raises ChangeError."""
    if server := diverted(before, after, value):
        raise ChangeError(f"{key}: a key would go to {server}, to which it does not go now: set it in {file} by hand")
    if name := started(before, after):
        raise ChangeError(f"{key}: mcp.{name} would run a program that is not run now: set it in {file} by hand")


def _is_at_home(profile: Any) -> bool:
    """Tell whether a profile is bundled, or one's own, as far as its name goes."""
    path = PurePath(profile) if isinstance(profile, str) else PurePath()
    return path.parent in (PurePath(), PurePath(FOLDER)) and not path.name.startswith("~")


def _find(table: Any, parts: tuple[str, ...]) -> Any:
    for n, part in enumerate(parts):
        if isinstance(table, str) and SHORT.get(".".join(parts[:n])) == part:
            return table
        if not isinstance(table, dict) or part not in table:
            return None
        table = table[part]
    return table


def _hidden(value: Any) -> Any:
    return hide_password(value) if isinstance(value, str) else value


def _put(document: Any, parts: tuple[str, ...], value: Any) -> None:
    """Set a key of a document, or take it out."""
    import tomlkit  # noqa: PLC0415 - as above

    table = document
    for n, part in enumerate(parts[:-1]):
        short = SHORT.get(".".join(parts[: n + 1]))
        if short and isinstance(table.get(part), str):
            written, table[part] = table[part].unwrap(), tomlkit.table()
            table[part][short] = written
        elif part not in table:
            if value is None:
                return
            table[part] = tomlkit.table(is_super_table=n < len(parts) - 2)
        table = table[part]
    if value is not None:
        table[parts[-1]] = value
    elif parts[-1] in table:
        del table[parts[-1]]


def _is_key(name: str, value: Any) -> bool:
    """Return whether a value called `name` is a key for an engine, or a table with one."""
    if isinstance(value, dict):
        return any(_is_key(inner, one) for inner, one in value.items())
    return is_secret(name) and value is not None


def _write(file: Path, text: str, *, private: bool) -> None:
    """Put a text in place of a file's, or of that of the file a link leads to.

    Who may read it stays as it was; but if it is `private`, not everybody may any more.
    """
    file = file.resolve()
    try:
        mode = file.stat().st_mode & (0o770 if private else 0o777) if file.exists() else 0o600
        state_file.write(file, text.encode())
        file.chmod(mode)
    except OSError as error:
        raise ChangeError(f"{file} cannot be written: {error.strerror}") from None
