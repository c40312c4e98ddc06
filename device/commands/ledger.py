"""`parley ledger`: what left the device and what it cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
from rich.table import Table

from device.commands.terminal import AS_JSON, CONFIG, WIDE, CommandError, print_json
from device.records.costs import spent
from device.records.store import StoreError
from device.settings.loading import SettingsError, load
from device.settings.prices import prices
from device.settings.text import quoted
from device.system.printed import console, echo, in_cells

if TYPE_CHECKING:
    from pathlib import Path

    from device.records.costs import Spent


@click.command("ledger")
@click.option("--days", type=click.IntRange(1, 36_500), default=7, show_default=True, help="How many days to show.")
@AS_JSON
@CONFIG
def show_ledger(days: int, config: Path | None, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """Show what was sent to each engine and what it cost, by day.

    Costs are in US dollars and at the most: tokens without a price of their own are charged as audio. Prices are those
    that Parley knows, and [prices."MODEL"] in the settings.
    """
    try:
        settings = load(config)
        found = spent(prices(settings.prices), days)
    except (SettingsError, StoreError) as error:
        raise CommandError(error) from None
    if as_json:
        print_json(found)
        return
    if not found:
        echo("Nothing was sent to any engine.")
        return
    # In a file or a pipe, a row is a line.
    width = None if sys.stdout.isatty() else WIDE
    console(width=width).print(_table(found))
    unknown = sorted({one.model or one.engine for one in found if one.cost is None})
    echo(f"At the most ${sum(one.cost or 0 for one in found):.2f}{', without what has no price' if unknown else ''}.")
    if unknown:
        table = f"[prices.{quoted(unknown[0])}]"
        echo(f"No price is known of {', '.join(unknown)}: add {table} to the settings.")
    if budget := settings.ledger.budget_per_day:
        echo(f"The day's budget is ${budget:.2f}.")


def _table(found: list[Spent]) -> Table:
    table = Table("Day", "Engine", "Model", box=None)
    for name in ("Sent", "Open", "Replies", "Tokens in", "Tokens out", "Cost"):
        table.add_column(name, justify="right")
    for one in found:
        used = one.amounts
        table.add_row(
            *in_cells(one.day, one.engine, one.model),
            f"{used.sent_s:.1f} s",
            f"{used.session_s:.0f} s",
            str(used.replies),
            str(used.input_tokens),
            str(used.output_tokens),
            "unknown" if one.cost is None else f"${one.cost:.4f}",
        )
    return table
