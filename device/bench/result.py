"""What a bench finds: figures, each with what it must reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from rich.table import Table
from rich.text import Text

from device.settings.tree import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


SURE = 1.96
"""Standard deviations that hold 95 % of what chance does."""


class BenchError(Exception):
    """Something cannot be measured; the message says why, and what to do."""


class Job(Struct, frozen=True, kw_only=True):
    """What every bench is told."""

    settings: Settings
    config: Path | None = None
    """The settings file that a process of its own reads again: keys do not travel between processes."""
    quick: bool = False
    """Measure for a fraction of the time: to see that a bench works, not for figures to be quoted."""
    part: str = ""
    """Which part of a bench that has parts (bargein, requests, stalls); empty: all of them."""
    requests: Path | None = None
    """A file of requests instead of the bundled ones (requests)."""
    out: Path | None = None
    """A folder for what can be listened to afterwards (bargein, stalls)."""
    sounds: Path | None = None
    """A folder of sounds to be used instead of the bundled ones (bargein, echo, alone, requests, stalls, wake)."""
    say: Callable[[str], None] = lambda text: None  # noqa: ARG005 - the default listens to nothing
    """Takes a line about what is being done."""


class Figure(Struct, frozen=True):
    """A number that was measured."""

    name: str
    value: float
    """NaN if there was nothing to measure."""
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    """What it must reach; neither: it is only told."""
    of: int = 0
    """Of how many trials it is the share, in percent; 0 if it is no share."""

    @property
    def reached(self) -> bool:
        """Whether it is as good as it must be."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what the true share lies, in percent, with 95 % certainty: Wilson's interval; None if it is none."""
        if not self.of or np.isnan(self.value):
            return None
        share, doubt = self.value / 100, SURE**2 / self.of
        centre = (share + doubt / 2) / (1 + doubt)
        width = SURE * np.sqrt(share * (1 - share) / self.of + doubt / self.of / 4) / (1 + doubt)
        return float(100 * (centre - width)), float(100 * (centre + width))

    @property
    def measured(self) -> str:
        """What was measured, in words: the number, and of a share of how many trials, and how sure that is."""
        told = f"{amount(self.value)} {self.unit}".strip()
        if self.interval is None:
            return told
        low, high = self.interval
        return f"{told} of {self.of} ({low:.0f} to {high:.0f})"

    @property
    def bound(self) -> str:
        """What it must reach, in words; empty if it is only told."""
        bounds = ((self.at_least, "≥"), (self.at_most, "≤"))
        return " ".join(f"{sign} {amount(bound)} {self.unit}".strip() for bound, sign in bounds if bound is not None)


class Result(Struct, frozen=True):
    """What a bench found."""

    bench: str
    what: str
    """What was measured, in a sentence."""
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    """Why nothing could be measured."""
    details: tuple[dict[str, Any], ...] = ()
    """For a JSON file: each thing that was measured."""

    @property
    def reached(self) -> bool:
        """Whether all that must be reached is reached, and there was something to measure."""
        return not self.error and bool(self.figures) and all(figure.reached for figure in self.figures)


def percentile(values: Sequence[float] | np.ndarray[Any, Any], q: float) -> float:
    """Return the `q`th percentile, interpolated linearly unless what never happened (inf) is near; NaN of nothing."""
    if not len(values):
        return float("nan")
    return float(np.percentile(values, q, method="linear" if np.isfinite(values).all() else "higher"))


def spread(
    name: str,
    values: Sequence[float] | np.ndarray[Any, Any],
    unit: str,
    *,
    median: float | None = None,
    p95: float | None = None,
) -> tuple[Figure, Figure]:
    """Return the median and the 95th percentile of `values` as figures, with what they must reach."""
    return (
        Figure(f"{name}, median", percentile(values, 50), unit, median),
        Figure(f"{name}, p95", percentile(values, 95), unit, p95),
    )


def render(results: Sequence[Result]) -> Table:
    """Return the results as a table for the terminal."""
    table = Table("Bench", "Figure", box=None, pad_edge=False)
    table.add_column("Measured", justify="right")
    table.add_column("Must be", justify="right")
    table.add_column("")
    for result in results:
        if result.error:
            table.add_row(result.bench, Text(result.error), "", "", Text("not measured", style="red"))
        for number, figure in enumerate(result.figures):
            verdict = Text("reached", style="green") if figure.reached else Text("not reached", style="bold red")
            table.add_row(
                "" if number else result.bench,
                figure.name,
                figure.measured,
                figure.bound,
                verdict if figure.bound else Text(""),
            )
        for note in result.notes:
            table.add_row("", Text(note, style="dim"), "", "", "")
    return table


def as_data(result: Result) -> dict[str, Any]:
    """Return a result for a JSON file; what could not be measured is null there."""
    return {
        "bench": result.bench,
        "what": result.what,
        "reached": result.reached,
        "figures": [
            {
                "name": figure.name,
                "value": round(figure.value, 4) if np.isfinite(figure.value) else None,
                "unit": figure.unit,
                "at_most": figure.at_most,
                "at_least": figure.at_least,
                "reached": figure.reached,
                **(
                    {"of": figure.of, "interval": [round(end, 2) for end in figure.interval]} if figure.interval else {}
                ),
            }
            for figure in result.figures
        ],
        "notes": list(result.notes),
        **({"error": result.error} if result.error else {}),
        **({"details": list(result.details)} if result.details else {}),
    }


def amount(value: float) -> str:
    """Return a number as people read it; infinite is what never happened."""
    if np.isnan(value):
        return "nothing"
    if np.isinf(value):
        return "never"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
