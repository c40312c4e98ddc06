"""`parley transcripts`: what was said, to be read, exported and deleted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click
from rich.table import Table

from device.commands.terminal import AS_JSON, CONFIG, WIDE, CommandError, print_json
from device.records import costs
from device.records.exported import exported, length, told
from device.records.store import StoreError
from device.records.transcripts import delete, purge, stored
from device.settings import last_good
from device.settings.loading import SettingsError
from device.system.harmless import line
from device.system.printed import console, document, echo, in_cells

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from device.records.exported import Kind
    from device.records.transcripts import Transcript

_WHEN: Final = "%Y-%m-%d %H:%M"


@click.group(invoke_without_command=True)
@click.pass_context
def transcripts(context: click.Context) -> None:
    """List, show, export or delete what was said.

    Transcripts are kept on this device for as many days as transcripts.keep_days in the settings says.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_transcripts)


@transcripts.command("list")
@AS_JSON
def list_transcripts(as_json: bool = False) -> None:  # noqa: FBT001, FBT002 - a flag
    """List the conversations that are kept, the last one first."""
    if as_json:
        print_json([_headline(one) for one in reversed(_kept())])
        return
    table = Table("Id", "Began", "Length", "Engines", "Result", box=None)
    table.add_column("Began with", no_wrap=True)
    for one in reversed(_kept()):
        engines = dict.fromkeys(line.text for line in one.lines if line.kind == "engine")
        words = next((line.text for line in one.lines if line.kind == "user"), "")
        lasted = "goes on" if one.length_ms is None else length(one.length_ms)
        result = {None: "", True: "valid", False: "not valid"}[one.valid]
        table.add_row(*in_cells(one.id, one.began.strftime(_WHEN), lasted, ", ".join(engines), result, words))
    if not table.rows:
        echo("No conversation is kept.")
        return
    console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _headline(one: Transcript) -> dict[str, object]:
    """Return what the list says of a conversation, for machines."""
    return {
        "id": one.id,
        "began": one.began,
        "length_ms": one.length_ms,
        "engines": list(dict.fromkeys(line.text for line in one.lines if line.kind == "engine")),
        "valid": one.valid,
        "began_with": next((line.text for line in one.lines if line.kind == "user"), ""),
    }


@transcripts.command("show")
@click.argument("name", metavar="ID|last", default="last")
def show_transcript(name: str) -> None:
    """Print a conversation to be read: the last one, or one by its id or the beginning of it."""
    echo(*told(_one(name)))


@transcripts.command("export")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["json", "csv", "txt"]),
    default="json",
    show_default=True,
    help="What to write.",
)
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", _WHEN]), help="Leave out what is older.")
def export_transcripts(kind: Kind, since: datetime | None) -> None:
    """Write all conversations to standard output.

    JSON: a list of conversations. CSV: a row for each thing said. txt: as `show` prints them.
    """
    document(exported(_kept(since.astimezone() if since else None), kind))


@transcripts.command("delete")
@click.argument("names", metavar="[ID|last]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Delete all of them.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_transcripts(names: tuple[str, ...], every: bool, yes: bool) -> None:  # noqa: FBT001 - flags
    """Delete conversations for good, also one that goes on."""
    if bool(names) == every:
        raise click.UsageError("give the ids of conversations, or --all")
    ids = None if every else [_one(name).id for name in names]
    if not yes:
        click.confirm(line(f"Delete {'all conversations' if every else ', '.join(names)}?"), abort=True)
    try:
        count = delete(ids)
    except StoreError as error:
        raise CommandError(error) from None
    echo(f"{count} deleted.")


@transcripts.command("purge")
@click.option("--trust-clock", is_flag=True, help="Believe this machine's clock, though the network has not told it.")
@CONFIG
def purge_transcripts(trust_clock: bool, config: Path | None) -> None:  # noqa: FBT001 - a flag
    """Delete what was kept for longer than the settings say: transcripts, and the ledger's days.

    A timer of the system does it daily, and the assistant itself does when it starts.
    """
    try:
        settings = last_good.load(config).settings
        gone = purge(settings.transcripts.keep_days, trust=trust_clock)
        days = costs.purge(settings.ledger.keep_days, trust=trust_clock)
    except (SettingsError, StoreError) as error:
        raise CommandError(error) from None
    echo(f"{gone} conversations and {days} rows of the ledger deleted.")


def _kept(since: datetime | None = None) -> list[Transcript]:
    try:
        return stored(since)
    except StoreError as error:
        raise CommandError(error) from None


def _one(name: str) -> Transcript:
    found = _kept()
    matching = found[-1:] if name == "last" else [one for one in found if one.id.startswith(name)]
    if not matching:
        raise CommandError(f"no conversation {name} is kept; there are {', '.join(one.id for one in found) or 'none'}")
    if len(matching) > 1:
        raise CommandError(f"{name} is the beginning of {', '.join(one.id for one in matching)}")
    return matching[0]
