"""The summary of a conversation in a room, for machines (JSON) and for people (a table)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import UNSET, Struct, UnsetType
from rich.box import SIMPLE
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from device.simulation.figures import Figures, Restored, Turn
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from device.conversation.entries import Entry
    from device.simulation.alignment import Drop
    from device.simulation.recording import Tracks
    from device.simulation.visitors import Visit


Row: TypeAlias = "tuple[str, Text, tuple[str, ...]]"
"""When a turn began, its words, and its figures under `HEADINGS`."""
HEADINGS: Final = ("wake", "reply", "duck", "silence", "heard (told / true)")
ROOMY: Final = 100
"""Columns from which on a table leaves 40 for the words."""


class Summary(Struct, kw_only=True):
    """A conversation in a room, in figures."""

    scene: str
    seconds: float
    xruns: int
    lost_samples: int
    cpu: float
    """Seconds of CPU a second."""
    rss_mb: int
    turns: list[Turn]
    restored: list[Restored]
    missed: list[str] | UnsetType = UNSET
    """Visitors who had no occasion to speak, if there were any."""


def summarise(
    scene: str,
    tracks: Tracks,
    visits: Sequence[Visit],
    entries: Iterable[Entry],
    items: Mapping[str, tuple[int, NDArray[np.int16]]],
    *,
    xruns: int = 0,
    lost_samples: int = 0,
    cpu: float = 0.0,
    rss_mb: float = 0.0,
    missed: Sequence[str] = (),
    drops: Sequence[Drop] = (),
) -> Summary:
    """Return the summary of the conversation that was recorded as `tracks`.

    `visits` are the room's, `entries` the ledger's in order; `items` holds each reply item's rate and PCM as it came
    from the engine. `cpu` is in seconds a second; `missed` are the visitors who never spoke, `drops`
    what the card threw away of the loudspeaker's sound.
    """
    figures = Figures(tracks, visits, list(entries), items, drops)
    return Summary(
        scene=scene,
        seconds=round(tracks.seconds, 2),
        xruns=xruns,
        lost_samples=lost_samples,
        cpu=round(cpu, 3),
        rss_mb=round(rss_mb),
        turns=figures.turns(),
        restored=figures.restored,
        missed=list(missed) or UNSET,
    )


class Shown:
    """A summary for the terminal: a table where there is room for it, else each turn's figures below its words."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        summary = self._summary
        rows = [*map(_turn, summary.turns), *map(_restored, summary.restored)]
        title = Text(f"The conversation “{line(summary.scene)}”, times in ms")
        if options.max_width < ROOMY:
            yield title
            yield from (part for row in rows for part in _stacked(*row))
        else:
            yield _table(title, rows)
        load = f"{100 * summary.cpu:.0f} % of a core, {summary.rss_mb} MB"
        yield Text(f"{summary.seconds:.1f} s, {summary.xruns} xruns, {summary.lost_samples} samples lost, {load}")
        if summary.missed:
            yield Text(f"No occasion to speak had: {line(', '.join(summary.missed))}")


def render(summary: Summary) -> RenderableType:
    """Return the summary for the terminal, with what it means for people."""
    return Shown(summary)


def _turn(turn: Turn) -> Row:
    unasked = turn.assistant and turn.reply_ms is None
    user = line(turn.user) or ("(unasked)" if unasked else "(not understood)")
    words = Text(user, style="cyan" if turn.user else "dim")
    if turn.tools:
        words.append(f"  [{line(', '.join(turn.tools))}]", style="blue")
    if turn.assistant:
        words.append(f"\n→ {line(turn.assistant)}", style="green")
    if turn.interrupted:
        words.append("  (interrupted)", style="red")
    heard = f"{_figure(turn.heard_ms)} / {_figure(turn.heard_true_ms)}" if turn.interrupted else ""
    figures = (turn.wake_ms, turn.reply_ms, turn.duck_ms, turn.silence_ms)
    return f"{turn.at:.1f}", words, (*("" if f is None else str(f) for f in figures), heard)


def _restored(restored: Restored) -> Row:
    words = Text(f"the reply was lowered and came back after {_figure(restored.restore_ms)} ms", style="yellow")
    if restored.lost_ms:
        words.append(f", without {restored.lost_ms} ms of what it said", style="red")
    return f"{restored.at:.1f}", words, ("", "", _figure(restored.duck_ms), "", "")


def _table(title: Text, rows: list[Row]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("at (s)", justify="right")
    table.add_column("what was understood → what was said", ratio=1)
    for heading in HEADINGS[:-1]:
        table.add_column(heading, justify="right")
    table.add_column("heard\ntold / true", justify="right")
    for at, words, figures in rows:
        table.add_row(at, words, *figures)
    return table


def _stacked(at: str, words: Text, figures: tuple[str, ...]) -> Iterator[RenderableType]:
    """Yield a turn without columns."""
    told = " · ".join(f"{heading} {figure}" for heading, figure in zip(HEADINGS, figures, strict=True) if figure)
    yield Padding(Text.assemble((f"{at} s  ", "dim"), words), (1, 0, 0, 0))
    if told:
        yield Padding(Text(told, style="dim"), (0, 0, 0, 2))


def _figure(value: int | None) -> str:
    return "?" if value is None else str(value)
