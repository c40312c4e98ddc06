"""What all commands share on the terminal: options, settings and the log, and how one ends that cannot do its work."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from device.settings import last_good
from device.settings.loading import SettingsError
from device.settings.toml import TableError
from device.system import logs
from device.system.harmless import line
from device.system.printed import document, echo

if TYPE_CHECKING:
    from device.settings.last_good import InForce
    from device.settings.tree import Settings

log = logging.getLogger(__name__)

FAILED: Final = 1
"""Exit code: something is wrong with the machine, the network or a file."""
WIDE: Final = 200
"""Columns of a table that goes into a file or a pipe."""

CONFIG = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="A settings file; counts over all others."
)
JSON = click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the results to this file."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for conversation.html, conversation.wav and ledger.jsonl.",
)


class CommandError(click.ClickException):
    """Something that the user can fix; shown without a traceback."""

    exit_code = FAILED

    def __init__(self, why: TableError | Exception | str) -> None:
        lines = str(why).split("\n") if isinstance(why, TableError) else (why,)
        super().__init__("\n".join(map(line, lines)))

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's signature
        """Print the message to stderr."""
        echo(*f"parley: {self.format_message()}".split("\n"), err=True)


def load_settings(config: Path | None, *, need_engine: bool = False) -> Settings:
    """Load the settings and set up the log. Raises CommandError."""
    return load_in_force(config, need_engine=need_engine).settings


def load_in_force(config: Path | None, *, need_engine: bool = False) -> InForce:
    """Load the settings, in a service the last good ones if need be, and set up the log. Raises CommandError."""
    try:
        found = last_good.load(config, need_engine=need_engine)
    except SettingsError as error:
        raise CommandError(error) from None
    set_up_log(found)
    return found


def set_up_log(found: InForce) -> None:
    """Log to stderr as the settings say, and first what is wrong with them."""
    logs.set_up(found.settings.log_level.upper())
    for warning in found.loaded.warnings:
        log.warning("%s", warning)
    for passed_over in found.passed_over:
        log.warning("%s", passed_over)
    for fault in found.fault.splitlines():
        log.error("%s", fault)


def print_json(data: Any) -> None:
    """Print data for machines: structs, or lists and tables of what JSON knows."""
    document(msgspec.json.format(msgspec.json.encode(data)).decode())


def make_folder(path: Path, *, asked: bool = True) -> Path:
    """Return the folder that `--out` names, made if need be; not `asked`: the usual one. Raises CommandError."""
    name, fix = (f"--out {path}", "") if asked else (f"{path.absolute()}", "; name another folder by --out")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}{fix}") from None
    if not os.access(path, os.W_OK):
        raise CommandError(f"{name}: nothing can be written there{fix}")
    return path
