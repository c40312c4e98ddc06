"""`parley models`: the model files; those that are fetched show how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from device.commands.terminal import AS_JSON, CONFIG, FAILED, CommandError, load_settings, print_json
from device.model_files import files
from device.model_files.named import fetch_named
from device.system.printed import console, echo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch or verify the model files."""
    if context.invoked_subcommand is None:
        context.invoke(list_models)


@models.command("list")
@CONFIG
@AS_JSON
def list_models(config: Path | None = None, as_json: bool = False) -> None:  # noqa: FBT001, FBT002 - a flag
    """Show every model file that Parley knows, and whether it is here."""
    there = files.status(load_settings(config).models_dir)
    if as_json:
        print_json([{"state": one.state, "licence": one.source.licence, **to_builtins(one.file)} for one in there])
        return
    for found in there:
        state = {"ok": "here", "missing": "needed" if found.file.default else "not here"}.get(found.state, found.state)
        file = found.file
        echo(f"{file.name:<39} {state:<11} {file.size / 1e6:5.1f} MB  {found.source.licence:<16} {file.purpose}")


@models.command("fetch")
@click.argument("names", nargs=-1)
@CONFIG
def fetch_models(names: tuple[str, ...], config: Path | None) -> None:
    """Fetch the files that Parley needs, or those NAMES (a wake word, a voice or a file); continues where it stopped.

    A voice may be any of Piper's public list, such as en_US-amy-medium.
    """
    try:
        _with_progress(names, load_settings(config).models_dir)
    except files.ModelError as error:
        raise CommandError(error) from None


@models.command("verify")
@CONFIG
def verify_models(config: Path | None) -> None:
    """Read every model file that is here and compare it with its checksum."""
    bad = 0
    for found in files.verify(load_settings(config).models_dir):
        if found.state == "ok":
            echo(f"ok       {found.file.name}")
        elif found.state != "missing" or (found.file.default and not found.file.made):  # some machines can make none
            bad += 1
            echo(f"{found.state}  {found.file.name}: {files.fix(found.file)}")
    if bad:
        raise SystemExit(FAILED)


def _with_progress(names: Sequence[str], directory: str) -> None:
    """Fetch as `fetch` does, and show how far it is. Raises ModelError."""
    told = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=told, disable=not told.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        said: list[str] = []

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total or None)

        def say(text: str) -> None:
            said.append(text)
            told.print(text)

        fetched = fetch_named(names, directory, progress=progress, say=say)
    for path in fetched:
        told.print(f"fetched {path.name}")
    if not fetched and not said:
        told.print("Everything is there already.")
