"""The summary of a conversation in a room, for machines (JSON) and for people (a table)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType
from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from device.simulation.figures import Figures, Restored, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from rich.console import RenderableType

    from device.conversation.entries import Entry
    from device.simulation.alignment import Drop
    from device.simulation.recording import Tracks
    from device.simulation.visitors import Visit


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


def render(summary: Summary) -> RenderableType:
    """Return the summary as a table for the terminal, with what it means for people."""
    title = Text(f"The conversation “{summary.scene}”, times in ms")
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("at (s)", justify="right")
    table.add_column("what was understood → what was said", ratio=1)
    for heading in ("wake", "reply", "duck", "silence"):
        table.add_column(heading, justify="right")
    table.add_column("heard\ntold / true", justify="right")
    for turn in summary.turns:
        unasked = turn.assistant and turn.reply_ms is None
        words = Text(
            turn.user or ("(unasked)" if unasked else "(not understood)"), style="cyan" if turn.user else "dim"
        )
        if turn.tools:
            words.append(f"  [{', '.join(turn.tools)}]", style="blue")
        if turn.assistant:
            words.append(f"\n→ {turn.assistant}", style="green")
        if turn.interrupted:
            words.append("  (interrupted)", style="red")
        heard = f"{_figure(turn.heard_ms)} / {_figure(turn.heard_true_ms)}" if turn.interrupted else ""
        figures = (turn.wake_ms, turn.reply_ms, turn.duck_ms, turn.silence_ms)
        table.add_row(f"{turn.at:.1f}", words, *("" if f is None else str(f) for f in figures), heard)
    for restored in summary.restored:
        words = Text(f"the reply was lowered and came back after {_figure(restored.restore_ms)} ms", style="yellow")
        if restored.lost_ms:
            words.append(f", without {restored.lost_ms} ms of what it said", style="red")
        table.add_row(f"{restored.at:.1f}", words, "", "", _figure(restored.duck_ms), "", "")
    load = f"{100 * summary.cpu:.0f} % of a core, {summary.rss_mb} MB"
    lines = [f"{summary.seconds:.1f} s, {summary.xruns} xruns, {summary.lost_samples} samples lost, {load}"]
    if summary.missed:
        lines.append(f"No occasion to speak had: {', '.join(summary.missed)}")
    return Group(table, *(Text(line) for line in lines))


def _figure(value: int | None) -> str:
    return "?" if value is None else str(value)
