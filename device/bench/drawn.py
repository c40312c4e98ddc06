"""Results of benches as one HTML file: tables, and bars that show by how much a bound is kept."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, Final

from device.bench.result import Figure, Result, amount
from device.simulation.picture.document import document
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDTH: Final = 240
"""Of a bar that is as long as there are any, in pixels."""
ROOM: Final = 1.25
"""How much further than the bound, or the value if that is more, the space for a bar goes."""
MOST_ROWS: Final = 500
"""Cases that are shown of a bench; `--json` has all of them."""
LONGEST: Final = 200
"""Characters of a cell that are shown."""


def page(results: Sequence[Result], machine: Mapping[str, object], at: str, *, quick: bool) -> bytes:
    """Return the file: results of benches on a machine, `at` a time; `quick` says that they are not for quoting."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    parts = ["<main>", "<h1>Parley, measured</h1>", _element("p", f"{at}, {about}")]
    if quick:
        parts.append(_element("p", "Measured for a short time only: not for quoting.", "missed"))
    for result in results:
        parts += _bench(result)
    return document(
        "Parley, measured", "\n".join([*parts, "</main>"]), styles=("theme.css", "document.css", "bench.css")
    )


def bar(figure: Figure) -> str:
    """Return a figure as a bar beside its bound, SVG; nothing for one that has none, or that was not measured."""
    bounds = [bound for bound in (figure.at_least, figure.at_most) if bound is not None]
    if not bounds or not math.isfinite(figure.value):
        return ""
    whole = ROOM * max(*bounds, figure.value, 0.0) or 1.0
    marks = "".join(f'<rect class="bound" x="{_x(bound, whole)}" width="2" height="18"/>' for bound in bounds)
    kind = "kept" if figure.reached else "missed"
    room = f'<rect class="room" y="3" width="{WIDTH}" height="12"/>'
    value = f'<rect class="{kind}" y="3" width="{_x(figure.value, whole)}" height="12"/>'
    return f'<svg viewBox="0 0 {WIDTH} 18" preserveAspectRatio="none" aria-hidden="true">{room}{value}{marks}</svg>'


def distribution(values: Iterable[float]) -> str:
    """Return values as bars from the least to the greatest, SVG; those that are no numbers are left out."""
    heights = sorted(value for value in values if math.isfinite(value))
    most = max(map(abs, heights), default=0.0) or 1.0
    each = WIDTH / max(1, len(heights))
    bars = "".join(
        f'<rect class="plain" x="{i * each:.2f}" y="{48 - 48 * abs(value) / most:.2f}" width="{each:.2f}" '
        f'height="{48 * abs(value) / most:.2f}"/>'
        for i, value in enumerate(heights)
    )
    return f'<svg class="cases" viewBox="0 0 {WIDTH} 48" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'


def _bench(result: Result) -> list[str]:
    verdict = _element("span", "reached" if result.reached else "not reached", "kept" if result.reached else "missed")
    parts = [f"<section><h2>{_text(result.bench)} {verdict}</h2>", _element("p", result.what)]
    if result.error:
        parts.append(_element("p", f"Not measured: {result.error}", "missed"))
    if result.figures:
        kinds = {"Figure": "", "Measured": "figure", "Must be": "figure", "Beside it": ""}
        head = "".join(_element("th", text, kind) for text, kind in kinds.items())
        rows = "".join(map(_row, result.figures))
        parts.append(f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')
    if result.notes:
        parts.append(f"<ul>{''.join(_element('li', note) for note in result.notes)}</ul>")
    if result.details:
        parts += _cases(result.details)
    return [*parts, "</section>"]


def _row(figure: Figure) -> str:
    measured = _element("td", figure.measured, "figure")
    missed = bool(figure.bound) and not figure.reached
    verdict = _element("span", "not reached", "verdict") if missed else ""
    bound = f'<td class="figure">{_text(figure.bound)}{verdict}</td>'
    cells = f"{_element('td', figure.name)}{measured}{bound}<td>{bar(figure)}</td>"
    return f'<tr class="missed">{cells}</tr>' if missed else f"<tr>{cells}</tr>"


def _cases(details: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how what was counted or timed is distributed over the cases, and the cases themselves."""
    columns = list(dict.fromkeys(key for row in details for key in row))
    drawn = []
    for column in columns:
        values = [
            float(v) for row in details if isinstance(v := row.get(column), (int, float)) and not isinstance(v, bool)
        ]
        if len(set(values)) > 2:
            least, most = amount(min(values)), amount(max(values))
            told = f"{column.replace('_', ' ')}: {least} to {most}, {len(values)} cases"
            drawn.append(f"<figure>{distribution(values)}{_element('figcaption', told)}</figure>")
    head = "".join(_element("th", column.replace("_", " ")) for column in columns)
    rows = "".join(f"<tr>{''.join(_cell(row.get(key)) for key in columns)}</tr>" for row in details[:MOST_ROWS])
    more = f", the first {MOST_ROWS}" if len(details) > MOST_ROWS else ""
    return [
        f'<div class="distributions">{"".join(drawn)}</div>',
        f"<details><summary>{len(details)} cases{more}</summary>",
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>',
    ]


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return _element("td", amount(value), "figure")
    text = "" if value is None else str(value)
    return _element("td", text[:LONGEST] + ("…" if len(text) > LONGEST else ""))


def _x(value: float, whole: float) -> str:
    return f"{WIDTH * max(0.0, value) / whole:.1f}"


def _element(name: str, text: str, kind: str = "") -> str:
    start = f'{name} class="{kind}"' if kind else name
    return f"<{start}>{_text(text)}</{name}>"


def _text(text: str) -> str:
    return escape(line(text))
