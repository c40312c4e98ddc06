"""Arguments that a server wants in headers of HTTP, too, so that what lies between can route by them. Pure.

2026-07-28, "Custom Headers from Tool Parameters": `x-mcp-header` beside an argument names its header, which is
`Mcp-Param-NAME`. A tool that breaks the rules for it is not to be offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from device.mcp.messages import header
from device.mcp.schema import DEEPEST, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY: Final = "x-mcp-header"
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_MOST: Final = 2**53 - 1
"""The largest whole number that such an argument may be."""

Places = Mapping[str, tuple[str, ...]]
"""The header of each argument that has one: where in the arguments it is."""


def places(schema: Any) -> Places:
    """Return the arguments that go into headers. Raises SchemaError if the server breaks the rules."""
    found: dict[str, tuple[str, ...]] = {}
    for path, name in _marked(schema, (), reachable=True, depth=0):
        if not isinstance(name, str) or not _TOKEN.fullmatch(name) or name.lower() in map(str.lower, found):
            raise SchemaError(f"{_KEY} names no header, or one twice")
        found[name] = path
    return found


def headers(arguments: Mapping[str, Any], places: Places) -> dict[str, str]:
    """Return the headers that a call with these arguments has."""
    made = {}
    for name, path in places.items():
        value: Any = arguments
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        match value:
            case bool():
                made[f"Mcp-Param-{name}"] = "true" if value else "false"
            case int() if abs(value) <= _MOST:
                made[f"Mcp-Param-{name}"] = str(value)
            case str():
                made[f"Mcp-Param-{name}"] = header(value)
            case _:
                pass
    return made


def _marked(
    schema: Any, path: tuple[str, ...], *, reachable: bool, depth: int
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the arguments that are marked, and how. Raises SchemaError for one that may not be."""
    if isinstance(schema, dict) and _KEY in schema:
        if not reachable or not path or schema.get("type") not in ("string", "integer", "boolean"):
            raise SchemaError(f"{_KEY} marks what is no plain argument")
        yield path, schema[_KEY]
    for step, one in _inner(schema) if depth <= 2 * DEEPEST else ():
        below = (*path, step) if step else path
        yield from _marked(one, below, reachable=reachable and bool(step), depth=depth + 1)


def _inner(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield the schemas within one; those of plain arguments with their names, others with none."""
    if isinstance(schema, list):
        yield from (("", one) for one in schema)
    for key, inner in schema.items() if isinstance(schema, dict) else ():
        if key == "properties" and isinstance(inner, dict):
            yield from inner.items()
        elif key not in ("enum", "const", "default", "examples", _KEY):
            yield "", inner
