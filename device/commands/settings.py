"""`parley settings`: what is in force, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from device.commands.terminal import CONFIG, CommandError
from device.model_files.files import ModelError, own_manifest
from device.settings.loading import SettingsError, read
from device.settings.text import in_force
from device.system import inputs
from device.system.printed import document, echo

if TYPE_CHECKING:
    from device.settings.tree import Settings


@click.command("settings")
@CONFIG
def show_settings(config: Path | None) -> None:
    """Show the settings in force, without secrets, and where each comes from."""
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
