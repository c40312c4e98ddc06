"""Tools that look something up in a small file of a profile, as a voice asks for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from device.settings.tools import Kind, Lookup, Row, shown
from device.tools.fuzzy import NEAR, SURE, likeness
from device.tools.registry import Arguments, Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from device.settings.toml import Table

LONGEST_ASKED: Final = 200
"""Characters of an argument. A choice: a name, a number spelt out, a few words."""
_ASK = {
    "code": "As the user said it: letters, digits or number words.",
    "name": "As the user said it; the spelling does not matter.",
    "text": "What it is about, in a few words.",
}


class Found(Struct, frozen=True):
    """What fits, the best first."""

    sure: tuple[Row, ...] = ()
    near: tuple[Row, ...] = ()
    """If nothing is sure: what may have been meant."""


class StoppedError(Exception):
    """Nobody waits for a search any more."""


def search(
    rows: Sequence[Row],
    keys: Mapping[str, Kind],
    asked: Mapping[str, str],
    stopped: Callable[[], bool] = lambda: False,
    language: str = "en",
) -> Found:
    """Return the rows that fit what was asked for in a language, which is by some of the `keys`.

    Raises StoppedError soon after it is `stopped`.

    A row must come near to all that was asked for, and is sure if it surely fits one of it, or comes near to two: a
    town confirms an order number with one digit misheard. What fits some row surely was not misheard for another.
    """
    columns = [list(_scores(rows, key, _near(keys[key], said, language), stopped)) for key, said in asked.items()]
    certain = [[score >= SURE[keys[key]] for score in column] for key, column in zip(asked, columns, strict=True)]
    known = [any(column) for column in certain]
    sure: list[tuple[float, Row]] = []
    near: list[tuple[float, Row]] = []
    for row, scores, fits in zip(rows, zip(*columns, strict=True), zip(*certain, strict=True), strict=True):
        if all(fit or (score and not surely) for score, fit, surely in zip(scores, fits, known, strict=True)):
            (sure if len(scores) > 1 or any(fits) else near).append((sum(scores), row))
    return Found(_best(sure), () if sure else _best(near))


def _near(kind: Kind, said: str, language: str) -> Callable[[str], float]:
    """Return what tells how much something that is written is like what was said; 0 if that is not near."""
    like = likeness(kind, language)
    return lambda written: score if (score := like(said, written)) >= NEAR[kind] else 0.0


def _scores(
    rows: Sequence[Row], key: str, near: Callable[[str], float], stopped: Callable[[], bool]
) -> Iterator[float]:
    """Yield how much each row is like what was said."""
    for row in rows:
        if stopped():
            raise StoppedError
        yield near(row[key])


def _best(found: list[tuple[float, Row]]) -> tuple[Row, ...]:
    """Return those that fit about as well as the best, the best first."""
    found.sort(key=lambda one: -one[0])
    return tuple(row for score, row in found if score >= found[0][0] - 0.1)


def answer(found: Found, lookup: Lookup, asked: Mapping[str, str]) -> Table:
    """Return what the model is told: short enough to be spoken, and of what is unsure no more than to ask about it."""
    if found.sure and len(found.sure) <= lookup.most:
        return {"found": [shown(row, lookup) for row in found.sure]}
    if found.sure:
        some = [{key: row[key] for key in lookup.keys} for row in found.sure[:3]]
        return {"several": len(found.sure), "among": some, "next": "Ask the user which one."}
    if found.near:
        meant = [{key: row[key] for key in asked} for row in found.near[:3]]
        return {"near": meant, "next": "Nothing fits surely. Ask whether one of these was meant, then call again."}
    return {"found": [], "next": "Nothing fits. Ask the user to say it once more, or to spell it."}


def lookup_tool(name: str, lookup: Lookup, rows: Sequence[Row], language: str = "en") -> Tool:
    """Return the tool that looks `rows` up, as a language is spoken and misheard."""
    fields: list[tuple[str, Any, Any]] = [
        (key, Annotated[str, Meta(description=_ASK[kind])], msgspec.NODEFAULT if key in lookup.required else "")
        for key, kind in lookup.keys.items()
    ]
    arguments: Any = msgspec.defstruct("Asked", fields, bases=(Arguments,), frozen=True, kw_only=True)

    async def look_up(given: Any) -> Table:
        asked = {key: said for key, said in msgspec.structs.asdict(given).items() if said.strip()}
        if not asked or any(key not in asked for key in lookup.required):
            raise ToolError(f"{name} needs {' and '.join(lookup.required) or ' or '.join(lookup.keys)}: ask the user")
        if long := [key for key, said in asked.items() if len(said) > LONGEST_ASKED]:
            raise ToolError(f"{long[0]} has more than {LONGEST_ASKED} characters: give only what the user said of it")
        stop = threading.Event()
        try:
            found = await asyncio.to_thread(search, rows, lookup.keys, asked, stop.is_set, language)
        finally:
            stop.set()  # a thread does not end with who waits for it
        return answer(found, lookup, asked)

    return Tool(
        name=name,
        description=lookup.description,
        arguments=arguments,
        handler=look_up,
        slow=lookup.slow,
        timeout_s=lookup.timeout_s,
    )
