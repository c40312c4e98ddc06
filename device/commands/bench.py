"""`parley bench`: Parley measured."""

from __future__ import annotations

from pathlib import Path

import click

from device.bench.result import BenchError
from device.bench.run import run_benches
from device.commands.terminal import CONFIG, FAILED, JSON, CommandError, load_settings, make_folder


@click.command()
@click.argument("name", required=False)
@click.option("--quick", is_flag=True, help="Measure for a short time only, to see that a bench works.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="A folder for recordings: of what went wrong (bargein), of each case (stalls).",
)
@click.option(
    "--part",
    default="",
    help="Only a part of alone, bargein, earshot, echo, requests or stalls; a wrong one is told with those there are.",
)
@click.option(
    "--sounds",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder of sounds instead of the bundled ones (bargein, echo, requests, stalls, wake).",
)
@click.option(
    "--requests",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file of requests instead of the bundled ones (requests).",
)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Draw the results into this file.")
@JSON
@CONFIG
def bench(  # noqa: PLR0917 - click's parameters have no order
    name: str | None,
    quick: bool,  # noqa: FBT001 - a flag
    part: str,
    out: Path | None,
    sounds: Path | None,
    requests: Path | None,
    html: Path | None,
    json_file: Path | None,
    config: Path | None,
) -> None:
    """Measure what NAME says; without it all of it, in an hour and a half.

    NAME is one of latency, overhead, callback, idle, memory, heard, door, start, bargein, echo, alone, earshot, stalls,
    earcons, wake, button, engine, requests, voices and ears.
    """
    try:
        settings = load_settings(config)
        folder = make_folder(out) if out else None
        reached = run_benches(
            name,
            settings,
            json_file,
            config=config,
            quick=quick,
            part=part,
            out=folder,
            sounds=sounds,
            requests=requests,
            html=html,
        )
    except BenchError as error:
        raise CommandError(error) from None
    if not reached:
        raise SystemExit(FAILED)
