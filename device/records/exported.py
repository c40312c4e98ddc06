"""Transcripts as a file: JSON, a table for spreadsheets, or text to be read; in one go, or in pieces."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import msgspec

from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device.records.transcripts import Line, Transcript

Kind: TypeAlias = Literal["json", "csv", "txt"]

_COLUMNS: Final = ("conversation", "began", "at_ms", "kind", "text", "unheard", "heard_ms", "arguments")
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, after spaces and line breaks too; the wide ones count in some spreadsheets."""


def exported(found: Sequence[Transcript], kind: Kind, *, first: bool = True, last: bool = True) -> str:
    """Return transcripts as a file, or as a piece of one; pieces that follow one another are one file.

    In the first there is something, unless it is the last, too.

    JSON: a list of conversations. CSV: a row for each thing said. Text: as they are read.
    """
    if kind == "csv":
        return _csv(found, heads=first)
    if kind == "txt":
        text = "\n\n".join("\n".join(map(line, told(one))) for one in found)
        return f"{text}\n" if last else f"{text}\n\n" if text else ""
    rows = ",\n".join(msgspec.json.format(msgspec.json.encode(one)).decode() for one in found)
    return ("[\n" if first else ",\n" if rows else "") + rows + ("\n]\n" if last else "")


def told(one: Transcript) -> Iterator[str]:
    """Yield a conversation's lines as they are read."""
    profile = f", profile {one.profile}" if one.profile else ""
    yield f"{one.id}: {one.began.strftime('%A, %Y-%m-%d %H:%M:%S %z')}{profile}"
    for said in one.lines:
        yield f"{length(said.at_ms):>7}  {_words(said)}"
    if one.length_ms is not None:
        yield f"{length(one.length_ms):>7}  (over{f': {one.why}' if one.why else ''})"
    if one.valid is not None:
        result = msgspec.json.encode(one.result).decode()
        yield f"Result{'' if one.valid else ', not valid'}: {result}"
        yield from (f"  {fault}" for fault in one.faults)


def length(ms: int) -> str:
    """Return a span of time as on a clock, in minutes and seconds."""
    return f"{ms // 60_000}:{ms // 1000 % 60:02}"


def _words(said: Line) -> str:
    match said.kind:
        case "user":
            return f"You: {said.text}"
        case "assistant":
            return " ".join(filter(None, ("Assistant:", said.text, _interruption(said))))
        case "tool":
            return f"(tool {said.text} {said.arguments})"
        case "engine":
            return f"(engine {said.text})"
        case _:
            return f"(error: {said.text})"


def _interruption(said: Line) -> str:
    if said.heard_ms is None:
        return ""
    rest = f"; not heard: {said.unheard}" if said.unheard else ""
    return f"[interrupted after {said.heard_ms / 1000:.1f} s{rest}]"


def _defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, which could send the others elsewhere."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell


def _csv(found: Sequence[Transcript], *, heads: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if heads:
        writer.writerow(_COLUMNS)
    for one in found:
        for said in one.lines:
            fields = msgspec.structs.asdict(said)
            row = (one.id, one.began.isoformat(), *(fields[name] for name in _COLUMNS[2:]))
            writer.writerow([_defused(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()
