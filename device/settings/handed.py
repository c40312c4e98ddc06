"""What the assistant hands over of its settings to the local engine's unit, which is another user's.

The assistant's own file is for its eyes alone, since it may hold keys. So at each start it writes into another what the
engine goes by and would not know otherwise, and the engine begins anew by itself when that changes. Keys are not in it:
systemd hands them to either unit.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Final

from device.settings.described import LOCAL, leaves
from device.settings.last_good import KEYS
from device.settings.loading import KEY_VARIABLES, SYSTEM, SettingsError, read
from device.settings.text import as_toml
from device.settings.toml import hide_password
from device.settings.tree import Settings
from device.settings.types import Secret
from device.system import inputs, paths, state_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

OTHERS: Final = ("language", "name", "models_dir", "wake.models")
"""Keys of other tables than the engine's own that it goes by."""
_HEAD: Final = """\
# Parley writes this at each start, for its local engine, and nothing that is written here stays: what it says is set on
# the page, or in {file}.
"""


def hands_over(environ: Mapping[str, str]) -> bool:
    """Tell whether this is the machine's service, beside the local engine's unit."""
    return bool(environ.get("STATE_DIRECTORY")) and paths.ENGINE_SOCKET.exists()


def hand_over(settings: Settings, file: Path, environ: Mapping[str, str] = os.environ, system: Path = SYSTEM) -> None:
    """Write what the local engine's unit cannot know of `settings`, if there is one; `file` is where they are set.

    Whatever goes wrong is logged: the engine goes on with what it has.
    """
    if not hands_over(environ):
        return
    path = paths.HANDED
    told = dict(_handed(settings, _engines(system)))
    text = _HEAD.format(file=file) + as_toml(told)
    try:
        if not told and not path.exists():
            return  # a file that says nothing would have the engine load everything twice on a new machine
        if not (inputs.is_file(path) and inputs.read(path) == text.encode()):
            state_file.write(path, text.encode(), 0o644)
    except OSError as error:
        log.error("%s cannot be written (%s): the local engine goes by older settings.", path, error.strerror)  # noqa: TRY400


def fault(key: str, value: Any) -> str:
    """Say why a value cannot be handed over, and what to do instead; empty if it can."""
    if key.partition(".")[0] not in LOCAL or not _is_secret(key, value):
        return ""
    variables = [name for name, (table, _) in KEY_VARIABLES.items() if table == key.partition(".")[0]]
    if key.endswith("api_key") and variables:
        return f"{key}: the local engine's service has its keys from {KEYS} alone: write it to {KEYS}/{variables[0]}"
    return f"{key}: there is a secret in it, which the local engine's service would be told where all can read it"


def _is_secret(key: str, value: Any) -> bool:
    """Tell whether a value is a key or a text with a password, or a table with one."""
    if isinstance(value, dict):
        return any(_is_secret(inner, one) for inner, one in value.items())
    if isinstance(value, str):
        return key.endswith("api_key") or hide_password(value) != value
    return isinstance(value, Secret)


def _engines(system: Path) -> Settings:
    """Return the settings that the engine's unit would have without what is handed over."""
    try:
        return read(None, {"HOME": os.devnull}, system).settings
    except SettingsError:  # of which the engine tells
        return Settings()


def _handed(settings: Settings, engines: Settings) -> Iterator[tuple[str, Any]]:
    """Yield the keys that the engine's unit has otherwise, and their values."""
    has = dict(leaves(engines))
    for key, value in leaves(settings):
        if (key in OTHERS or key.partition(".")[0] in LOCAL) and value != has.get(key):
            if isinstance(value, Secret):
                continue
            if why := fault(key, value):
                log.warning("%s.", why)
            else:
                yield key, value
