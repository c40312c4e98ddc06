"""What rich prints, made harmless after it is rendered: the words of tables, titles and panels as those of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderHook
from rich.segment import Segment
from rich.text import Text

from device.system.harmless import plain

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult

LINE_BREAK = "\u2424"
"""SYMBOL FOR NEWLINE: as long as what it stands for, so that styles stay where they are."""


class Guard(RenderHook):
    """Sees everything that a console prints."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """Return the same, harmless; a text that is printed by itself is one line."""
        for one in renderables:
            if isinstance(one, Text) and "\n" in one.plain:
                one.plain = one.plain.replace("\n", LINE_BREAK)
        return [_Harmless(one) for one in renderables]


class _Harmless:
    """Something that is rendered as ever, its words made harmless; rich's own movements of the cursor stay."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)
