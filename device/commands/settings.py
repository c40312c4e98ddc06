"""`parley settings`: what is in force, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from device.commands.terminal import CONFIG, CommandError
from device.settings.loading import SettingsError, read
from device.settings.text import in_force

if TYPE_CHECKING:
    from pathlib import Path


@click.command("settings")
@CONFIG
def show_settings(config: Path | None) -> None:
    """Show the settings in force, without secrets, and where each comes from."""
    try:
        loaded = read(config)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    for warning in loaded.warnings:
        click.echo(f"# {warning}", err=True)
    click.echo(in_force(loaded.settings, loaded.origins), nl=False)
