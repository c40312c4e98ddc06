"""The schema of a tool's arguments, made what every engine takes: an object, no references, of a bounded size. Pure.

Engines differ in what they refuse (OpenAI's: anything but an object at the top; Gemini's: what OpenAPI's `Schema` has
not), so that only what all of them know is kept. What means nothing here is left out, not refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from device.system.harmless import line

DEEPEST: Final = 6
"""Objects in lists in objects; below, anything goes. A choice: nobody says such arguments aloud."""
MOST_PROPERTIES: Final = 40
"""Arguments of one object; a choice beyond what a model fills in by voice."""
MOST_CHOICES: Final = 200
"""Values that an argument may have; a choice: a house's rooms and lamps."""
LONGEST_TEXT: Final = 500
"""Characters of an argument's description; a choice: a sentence or three."""
LONGEST: Final = 12_000
"""Characters of a schema as JSON, some 3,000 tokens, which are paid for with every reply. A choice."""
LONGEST_NAME: Final = 64
"""Characters of an argument's name: OpenAI's limit, as is what may be in one."""
_NAME: Final = re.compile(rf"[A-Za-z0-9_.-]{{1,{LONGEST_NAME}}}")
_TYPES: Final = ("string", "number", "integer", "boolean", "array", "object", "null")
_NUMBERS: Final = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


class SchemaError(ValueError):
    """A schema cannot be offered; the message says why."""


def parameters(schema: Any) -> dict[str, Any]:
    """Return the schema of an object of arguments that stands for `schema`. Raises SchemaError."""
    if not isinstance(schema, dict):
        raise SchemaError("it has no schema of its arguments")
    definitions = {
        f"#/{place}/{name}": one
        for place in ("$defs", "definitions")
        for name, one in _table(schema.get(place)).items()
    }
    made = _tidy(schema, definitions, 0)
    if made.get("type", "object") != "object":
        raise SchemaError("its arguments are no object")
    whole = {"type": "object", "properties": made.get("properties", {})}
    if made.get("required"):
        whole["required"] = made["required"]
    for attempt in (whole, _without_words(whole)):
        if len(msgspec.json.encode(attempt)) <= LONGEST:
            return attempt
    raise SchemaError(f"the schema of its arguments has more than {LONGEST} characters")


def _tidy(schema: Any, definitions: dict[str, Any], depth: int) -> dict[str, Any]:
    """Return what is kept of a schema."""
    schema = _resolved(schema, definitions)
    if depth > DEEPEST:
        return {}
    made = _plain(schema)
    properties = schema.get("properties")
    if isinstance(properties, dict) and properties:
        some = [(name, one) for name, one in properties.items() if _NAME.fullmatch(name)][:MOST_PROPERTIES]
        made["properties"] = {name: _tidy(one, definitions, depth + 1) for name, one in some}
        made["type"] = "object"
        required = schema.get("required")
        needed = [one for one in required if isinstance(one, str)] if isinstance(required, list) else []
        if lost := [one for one in needed if one in properties and one not in made["properties"]]:
            raise SchemaError(f"it needs an argument that cannot be offered: {line(lost[0])[:LONGEST_NAME]}")
        needed = [one for one in dict.fromkeys(needed) if one in made["properties"]]
        made |= {"required": needed} if needed else {}
    if made.get("type") == "array":
        made["items"] = _tidy(schema.get("items", {}), definitions, depth + 1)
    for key in ("anyOf", "oneOf"):
        choices = schema.get(key)
        if isinstance(choices, list) and choices and depth > 0:
            made["anyOf"] = [_tidy(one, definitions, depth + 1) for one in choices[:MOST_PROPERTIES]]
    return made


def _resolved(schema: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what it refers to, and with what it is said to be all of."""
    whole: dict[str, Any] = {}
    parts, seen = [schema], 0
    while parts and seen < 20:
        one = parts.pop()
        seen += 1
        if not isinstance(one, dict):
            continue
        reference = one.get("$ref")
        if isinstance(reference, str):
            parts.append(definitions.get(reference))
        parts += one["allOf"] if isinstance(one.get("allOf"), list) else []
        whole = _both(one, whole)
    return whole


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return two schemas as one, of which the other counts more."""
    merged = one | other
    if isinstance(one.get("properties"), dict) and isinstance(other.get("properties"), dict):
        merged["properties"] = one["properties"] | other["properties"]
    if isinstance(one.get("required"), list) and isinstance(other.get("required"), list):
        merged["required"] = [*one["required"], *other["required"]]
    return merged


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema says of a value itself."""
    made: dict[str, Any] = {}
    kinds = schema.get("type")
    known = [one for one in (kinds if isinstance(kinds, list) else [kinds]) if one in _TYPES]
    if known:
        made["type"] = known[0] if len(known) == 1 else known
    told = schema.get("description") or schema.get("title")
    if isinstance(told, str) and told.strip():
        made["description"] = told.strip()[:LONGEST_TEXT]
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(choices, list):
        some = [one for one in choices if isinstance(one, str | int | float | bool)][:MOST_CHOICES]
        made |= {"enum": some} if some else {}
    made |= {key: schema[key] for key in _NUMBERS if _is_number(schema.get(key))}
    return made


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_words(schema: Any) -> Any:
    """Return a schema without its descriptions."""
    if isinstance(schema, list):
        return [_without_words(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = schema.get("properties")
    rest = {key: _without_words(one) for key, one in schema.items() if key not in ("description", "properties")}
    return rest | (
        {"properties": {n: _without_words(one) for n, one in inner.items()}} if isinstance(inner, dict) else {}
    )
