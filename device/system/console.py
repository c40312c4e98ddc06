"""Where commands print for people: a terminal, a file or a pipe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping


def console(*, environ: Mapping[str, str] = os.environ, **options: Any) -> Console:
    """Return a console that colours no words by itself; with NO_COLOR (no-color.org) it sends no style at all."""
    if environ.get("NO_COLOR"):
        options["color_system"] = None
    return Console(highlight=False, **options)
