"""`parley models fetch` on a terminal: progress bars and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from device import models

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_progress(names: Sequence[str], directory: str) -> None:
    """Fetch as `models.fetch` does, and show how far it is. Raises ModelError."""
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total or None)

        fetched = models.fetch(names or None, directory, progress=progress, say=console.print)
    for path in fetched:
        console.print(f"fetched {path.name}")
    if not fetched:
        console.print("Everything is there already.")
