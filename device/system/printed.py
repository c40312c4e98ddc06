r"""The one place through which everything is printed: what comes from outside controls no terminal and forges no line.

Words of an engine, names of tools, files and cards, transcripts and errors may hold anything: escape sequences that
clear the screen or rename the window, marks that turn the text around, line breaks after which a line looks like one of
ours. All of that is shown, as `\u001b`, and does nothing. Nobody else calls `print`, `click.echo` or rich's `Console`,
which a test holds; the log has `device.system.logs`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from device.system.harmless import line, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console


def echo(*lines: object, err: bool = False) -> None:
    """Print lines, each of which stays one; to stderr with `err`."""
    click.echo("\n".join(map(line, lines)), err=err)


def document(text: str) -> None:
    """Print a whole document, such as JSON, to stdout."""
    click.echo(plain(text), nl=not text.endswith("\n"))


def binary(data: bytes) -> None:
    """Print what a program reads, and no terminal shows, to stdout: a file, or lines of JSON; at once."""
    click.echo(data, nl=False)


def console(*, environ: Mapping[str, str] = os.environ, **options: Any) -> Console:
    """Return a console for tables, styles and progress, which takes nothing in a text for markup.

    With NO_COLOR (no-color.org) it sends no style at all. `options` are rich's.
    """
    from rich.console import Console  # noqa: PLC0415 - it takes a tenth of a second, and most commands need none

    from device.system.rendered import Guard  # noqa: PLC0415 - likewise

    if environ.get("NO_COLOR"):
        options["color_system"] = None
    made = Console(highlight=False, markup=False, emoji=False, **options)
    made.push_render_hook(Guard())
    return made


def in_cells(*cells: object) -> list[str]:
    """Return the cells of a row of a table, each of one line."""
    return [line(cell) for cell in cells]
