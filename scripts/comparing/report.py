"""The table: one line a figure, one column a client."""

from __future__ import annotations

import os
import platform
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from device.bench.result import percentile
from scripts.comparing.clients import Kind
from scripts.comparing.figures import Findings, together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NOTHING: Final = "\N{EN DASH}"


class Measured(Struct, frozen=True):
    """What was found about one client at one level of echo."""

    echo_db: float
    found: Findings
    failed: int
    """How often there was no reply to be spoken over."""
    cpu: float
    memory_mb: float


class Result(Struct, frozen=True):
    """What was found about one client."""

    kind: Kind
    version: str
    phases: list[Measured]


def echo(echo_db: float) -> str:
    """Return how a level of echo is called."""
    if echo_db == -np.inf:
        return "no echo"
    sign = "\N{MINUS SIGN}" if echo_db < 0 else "+" if echo_db else ""
    return f"echo {sign}{abs(echo_db):.0f} dB"


def table(results: Sequence[Result], *, quick: bool = False) -> str:
    """Return the comparison in Markdown."""
    lines = [
        _row(["", *(f"{result.kind.name} {result.version}" for result in results)]),
        _row(["---", *("---:" for _ in results)]),
    ]
    for name, cells in rows(results):
        lines.append(_row([name, *cells]))
    kept = f"{NOTHING}: nothing to measure: it does not occur, or the reply is cut off by its own echo before."
    notes = [kept] + [f"{result.kind.name}: {result.kind.what}." for result in results]
    when = f"Measured on {time.strftime('%Y-%m-%d')} with `scripts/compare{' --quick' if quick else ''}`"
    return "\n".join([*lines, "", f"{when}, {platform.machine()}, {os.cpu_count()} cores.", *notes, ""])


def rows(results: Sequence[Result]) -> list[tuple[str, list[str]]]:
    """Return the lines of the table: what is measured, and each client's figure."""
    made: list[tuple[str, list[str]]] = []

    def line(name: str, cell: Callable[[Findings], str], level: float | None = None) -> None:
        cells = [_cell(result, cell, level) for result in results]
        if any(text != NOTHING for text in cells):
            made.append((name if level is None else f"{name}, {echo(level)}", cells))

    levels = sorted({phase.echo_db for result in results for phase in result.phases})
    for level in levels:
        line("interruptions that silence the reply", lambda f: _share(f.yielded), level)
    for level in levels:
        line("… and how soon: median (slowest)", lambda f: _spread(f.yield_ms, "ms"), level)
    for level in levels:
        line("backchannels that leave the reply alone", lambda f: _share(f.survived), level)
    for level in levels:
        line("… and how long it is silent meanwhile: median (longest)", lambda f: _spread(f.held_ms, "ms"), level)
    for level in levels:
        line("own reply cut off with nobody speaking, times a minute", lambda f: _rate(f, f.cuts), level)
    for level in levels:
        line("… halted, and gone on with, times a minute", lambda f: _rate(f, f.pauses), level)
    line("what the engine is told was heard: median error (worst)", lambda f: _spread(np.abs(f.truncation_ms), "ms"))
    line("interruptions that the engine is told nothing of", lambda f: str(f.untold) if f.yield_ms else NOTHING)
    line("first word of an interruption reaches the engine", lambda f: _share(f.first_word))
    line("mouth → wire: median (p95)", lambda f: _spread(f.up_ms, "ms", 95))
    line("wire → ear: median (p95)", lambda f: _spread(f.down_ms, "ms", 95))
    made.append(("CPU, of one core", [_number([phase.cpu for phase in r.phases], 100, "%") for r in results]))
    made.append(("memory", [_number([phase.memory_mb for phase in r.phases], 1, "MB", np.max) for r in results]))
    return made


def write(path: Path, text: str, results: Sequence[Result]) -> None:
    """Write the table to `path`, and all figures beside it."""
    path.write_text(text, "utf-8")
    data = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": os.cpu_count(), "kind": platform.machine(), "python": platform.python_version()},
        "clients": [_data(result) for result in results],
    }
    path.with_name(path.name + ".json").write_bytes(msgspec.json.format(msgspec.json.encode(data)) + b"\n")


def _data(result: Result) -> dict[str, Any]:
    phases = []
    for phase in result.phases:
        told = msgspec.to_builtins(phase)
        told["echo_db"] = None if phase.echo_db == -np.inf else phase.echo_db
        phases.append(told)
    return {"name": result.kind.name, "what": result.kind.what, "version": result.version, "phases": phases}


def _cell(result: Result, cell: Callable[[Findings], str], level: float | None) -> str:
    found = [phase.found for phase in result.phases if level is None or phase.echo_db == level]
    return cell(together(found)) if found else NOTHING


def _rate(found: Findings, count: int) -> str:
    return f"{60 * count / found.alone_s:.0f}" if found.alone_s else NOTHING


def _share(outcomes: Sequence[bool]) -> str:
    return f"{sum(outcomes)} of {len(outcomes)}" if outcomes else NOTHING


def _spread(values: Any, unit: str, q: float = 100) -> str:
    return f"{percentile(values, 50):.0f} ({percentile(values, q):.0f}) {unit}" if len(values) else NOTHING


def _number(values: Sequence[float], scale: float, unit: str, choose: Any = np.mean) -> str:
    return f"{scale * choose(values):.0f} {unit}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
