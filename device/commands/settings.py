"""`parley settings`: what is in force, and where it comes from; and the settings of a fleet, fetched and checked."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from device.commands.terminal import CONFIG, CommandError, load_in_force
from device.door import messages as door
from device.door.client import DoorError, NoDaemon, connect
from device.model_files.files import ModelError, own_manifest
from device.settings import central
from device.settings.central import AwayError, CentralError
from device.settings.loading import SettingsError, read
from device.settings.text import in_force
from device.system import inputs, paths, state_file
from device.system.printed import document, echo

if TYPE_CHECKING:
    from device.settings.tree import Settings

LATER: Final = 75
"""The status of what is to be tried again later, as of scripts/update."""
OWED: Final = "restart-owed"
"""A file beside the settings: the assistant has not been started anew since they came."""
AT_REST: Final = ("asleep", "muted", "fault")


@click.group("settings", invoke_without_command=True)
@CONFIG
@click.pass_context
def show_settings(ctx: click.Context, config: Path | None) -> None:
    """Show the settings in force, without secrets, and where each comes from."""
    if ctx.invoked_subcommand is not None:
        return
    try:
        loaded = read(config)
    except SettingsError as error:
        raise CommandError(error) from None
    if wrong := _impossible(loaded.settings):
        raise CommandError(SettingsError(*(f"{loaded.origins.get(key, key)}: {fault}" for key, fault in wrong.items())))
    for warning in loaded.warnings:
        echo(f"# {warning}", err=True)
    document(in_force(loaded.settings, loaded.origins))


def _impossible(settings: Settings) -> dict[str, str]:
    """Say which keys name what there is not, and what there is."""
    wrong = {}
    local, wake = settings.local, settings.wake
    files = [("wake.models", name) for name in wake.models if Path(name).suffix]
    files += [("sherpa.model", settings.sherpa.model)] if local.stt == "sherpa-onnx" else []
    files += [("piper.voice", settings.piper.voice)] if settings.piper.voice.endswith(".onnx") else []
    for key, path in files:
        if path and not inputs.is_there(inputs.expanded(Path(path)), unknown=True):
            wrong[key] = f"{key}: there is no {path}"
    try:
        own_manifest().select(f"{name}.{wake.framework}" for name in wake.models if not Path(name).suffix)
    except ModelError as error:
        wrong["wake.models"] = f"wake.models: {error}"
    return wrong


@show_settings.command()
@click.option("--check", type=click.Path(path_type=Path, dir_okay=False), help="Only see whether FILE would be taken.")
@CONFIG
def fetch(check: Path | None, config: Path | None) -> None:
    """Fetch the signed settings of a fleet, and put them in force once nobody talks.

    What is wrong with them is told, and those from before stay in force.
    """
    try:
        if check is not None:
            fresh = central.check(check.read_bytes(), config)
            echo("They would be taken." if fresh else "These are in force already.")
            return
        _take(config)
        if (paths.FLEET.parent / OWED).exists():
            asyncio.run(_start_anew())
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    except CentralError as error:
        raise CommandError(f"Refused: {error}") from None
    except (AwayError, DoorError) as error:
        echo(f"Not now: {error}", err=True)
        sys.exit(LATER)


def _take(config: Path | None) -> None:
    """Fetch the settings, and keep them if they are others and can be used. Raises AwayError, CentralError, OSError."""
    url = load_in_force(config).settings.fleet.url
    if not url:
        raise CommandError("no settings of a fleet are set: fleet.url says where they are")
    data, signature = central.fetch(url)
    central.verify(data, signature, central.KEYS)
    if central.check(data, config):
        (paths.FLEET.parent / OWED).touch()
        state_file.write(paths.FLEET, data, 0o644)
        echo("The settings of the fleet are others now.")


async def _start_anew() -> None:
    """Have the assistant start anew, if nobody talks to it and nothing rings. Raises DoorError."""
    try:
        async with await connect("fleet") as client:
            now = (await client.request(door.GetStatus(), door.Status)).now.state
            if now.state not in AT_REST or now.ringing or now.updating:
                raise DoorError("impossible", "somebody talks, or something rings", "it is looked again later")
            await client.request(door.Restart(), door.Done)
    except NoDaemon as error:
        if error.code == "refused":
            raise
    (paths.FLEET.parent / OWED).unlink(missing_ok=True)
