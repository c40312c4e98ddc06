"""`parley doctor`: what is wrong with this machine, and the bundle for whoever helps."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec
from msgspec.structs import replace
from rich.text import Text

from device.commands.terminal import AS_JSON, CONFIG, FAILED, CommandError, print_json, set_up_log
from device.doctor.bundle import CONTENTS, default_name, gather, pack, packed
from device.doctor.checks import examine
from device.doctor.engine import examine_engine
from device.doctor.proxy import take_proxies
from device.doctor.service import machine_keys
from device.doctor.units import show_units
from device.settings import last_good
from device.settings.loading import SettingsError, require
from device.system.printed import binary, console, echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from device.doctor.finding import Finding

STDOUT: Final = "-"


@click.command()
@CONFIG
@click.option("--engine", metavar="NAME", help="Hold a short conversation with this engine instead: half a minute.")
@click.option(
    "--bundle",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Write all that helps somebody to help you to a file, without keys or words spoken; - is standard output.",
)
@AS_JSON
@click.option("--within", is_flag=True, hidden=True)
def doctor(
    config: Path | None,
    engine: str | None,
    bundle: str | None,
    as_json: bool,  # noqa: FBT001 - a flag
    within: bool,  # noqa: FBT001 - a flag
) -> None:
    """Check card, levels, echo, models, engine, panel and service, and say what to do about each."""
    found = last_good.look(config, machine_keys(os.environ))
    take_proxies(os.environ, show_units())
    set_up_log(last_good.InForce(found.loaded))  # its fault is what a check finds
    settings = found.settings
    if engine is not None:
        settings = replace(settings, engines=(engine,))
        try:
            require(settings)
        except SettingsError as error:
            raise CommandError(error) from None
    # The daemon gets findings as they come or, for a bundle, gives its log as journalctl would print it.
    lines, log = within and bundle is None, sys.stdin.buffer if within and bundle is not None else io.BytesIO()
    silent = as_json or within or bundle == STDOUT
    show = _as_lines if lines else (lambda _: None) if silent else _shown
    findings: list[Finding] = []

    async def run_all() -> None:
        examined = (
            examine(settings, config, found.fault, _ask_on(console(), silent=silent))
            if engine is None
            else examine_engine(settings, engine, config)
        )
        async for finding in examined:
            findings.append(finding)
            show(finding)

    asyncio.run(run_all())
    if as_json:
        print_json(findings)
    if bundle is not None:
        parts = gather(found, findings, log=log.read())
        _write_bundle(parts, Path(bundle) if bundle else default_name())
    if any(finding.status == "fail" for finding in findings):
        raise SystemExit(FAILED)


def _shown(finding: Finding) -> None:
    """Print what was found, for people."""
    styles = {"ok": "green", "warn": "yellow", "fail": "red"}
    mark = (f"{finding.status:<4}", styles[finding.status])
    shown = console()
    shown.print(Text.assemble(mark, f"  {finding.name}: {finding.message}"), soft_wrap=True)
    if finding.status != "ok" and finding.fix:
        shown.print(f"      → {finding.fix}", soft_wrap=True)


def _as_lines(finding: Finding) -> None:
    """Print what was found as a line of JSON, at once."""
    binary(msgspec.json.encode(finding) + b"\n")


def _ask_on(shown: Console, *, silent: bool) -> Callable[[str], None]:
    """Return what asks whoever is there for something, unless a machine reads along."""
    if silent:
        return lambda _: None
    return lambda text: shown.print(text, style="bold", soft_wrap=True)


def _write_bundle(parts: dict[str, str], path: Path) -> None:
    if str(path) == STDOUT:
        binary(packed(parts))
        return
    try:
        pack(parts, path)
    except OSError as error:
        raise CommandError(f"--bundle {path}: {error.strerror}") from None
    echo("", f"{path} holds, without keys or words spoken:")
    for name, text in parts.items():
        echo(f"  {name:<14} {len(text.encode()) / 1000:7.1f} kB  {CONTENTS[name]}")
    echo("Read it before you hand it on: tar -xzOf FILE | less")
