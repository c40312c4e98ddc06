"""Factory reset: away with what the user has set and what was kept of what they said."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from device.system import asks
from device.system.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_log = logging.getLogger(__name__)


def factory_reset(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Delete the user's settings, profiles, transcripts, ledger and other state; return the files that are gone.

    The machine's settings (/etc/parley) and models stay, and what root is asked for (`asks`), whose units see to the
    former. Nobody on the network is asked. Files that cannot be deleted are warned of. Call it when nothing uses them
    any more.
    """
    gone = []
    for file in _files(environ):
        try:
            file.unlink()
        except OSError as error:
            _log.warning("%s stays: %s", file, error.strerror)
        else:
            gone.append(file)
    return gone


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    home = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home(), ".config")
    settings = Path(home, "parley", "parley.toml")
    if settings.exists():
        yield settings
    yield from sorted(Path(home, "parley", "profiles").glob("*.toml"))
    state = state_dir(environ)
    if state.is_dir():  # models may be in a folder of it
        files = (path for path in state.iterdir() if path.is_file() and not path.is_symlink())
        yield from sorted(path for path in files if path.name != asks.RESET)
