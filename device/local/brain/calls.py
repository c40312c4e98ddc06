"""Whether a call that a model made can be made: small models call what there is not, with what is not asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from device.local.stages import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from device.local.stages import Tool, Turn

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_SHOWN: Final = 60
"""Characters of what a model wrote that it is told again."""


class WrongCallError(Exception):
    """A call cannot be made; the message is for the model."""


def fitted(call: Call, tools: Sequence[Tool]) -> Call:
    """Return the call as the function wants it: with its own name, and numbers that were written as text as numbers.

    Raises `WrongCallError` if there is no such function, or its arguments are wrong.
    """
    offered = {_key(tool.name): tool for tool in tools}
    tool = offered.get(_key(call.name)) or offered.get(_key(call.name.rpartition(".")[2]))
    if tool is None:
        names = ", ".join(tool.name for tool in tools) or "none"
        raise WrongCallError(f"there is no function {call.name[:_SHOWN]!r}; there are: {names}")
    try:
        given = json.loads(call.arguments.strip() or "{}")
    except (ValueError, RecursionError):
        raise WrongCallError(f"the arguments of {tool.name} are no JSON: {call.arguments[:_SHOWN]!r}") from None
    if not isinstance(given, dict):
        raise WrongCallError(f"the arguments of {tool.name} are no JSON object")
    return Call(tool.name, json.dumps(_arguments(tool, given)))


def made_before(call: Call, turns: Sequence[Turn]) -> bool:
    """Return whether the same call was made since the user spoke last."""
    return any(_same(turn, call) for turn in _since_user(turns) if turn.name)


def rounds(turns: Sequence[Turn]) -> int:
    """Return how often functions were called since the user spoke last."""
    since = _since_user(turns)
    return sum(turn.name is not None and (not at or since[at - 1].name is None) for at, turn in enumerate(since))


def _since_user(turns: Sequence[Turn]) -> Sequence[Turn]:
    last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=-1)
    return turns[last + 1 :]


def _same(turn: Turn, call: Call) -> bool:
    if turn.name != call.name:
        return False
    try:
        return bool(json.loads(turn.arguments or "{}") == json.loads(call.arguments or "{}"))
    except (ValueError, RecursionError):
        return turn.arguments == call.arguments


def _arguments(tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
    properties = tool.parameters.get("properties") or {}
    required = tool.parameters.get("required") or ()
    unknown = [name for name in given if name not in properties]
    if unknown and (properties or tool.parameters.get("additionalProperties") is False):
        known = ", ".join(properties) or "none"
        raise WrongCallError(f"{tool.name} has no argument {unknown[0][:_SHOWN]!r}; it has: {known}")
    fit = {}
    for name, value in given.items():
        if value is None and name not in required:
            continue
        types = _types(properties.get(name))
        fit[name] = _value(value, types)
        if types and not any(isinstance(fit[name], _TYPES[kind]) for kind in types if kind in _TYPES):
            raise WrongCallError(f"{tool.name}: {name} must be {' or '.join(types)}")
    if missing := [name for name in required if name not in fit]:
        raise WrongCallError(f"{tool.name} needs {', '.join(missing)}")
    return fit


def _types(schema: Any) -> list[str]:
    """Return the types that a value may have, as far as its schema says."""
    if not isinstance(schema, dict):
        return []
    if isinstance(schema.get("anyOf"), list):
        return [kind for one in schema["anyOf"] for kind in _types(one)]
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else list(kind) if isinstance(kind, list) else []


def _value(value: Any, types: Sequence[str]) -> Any:
    """Return a value as a number, if one is wanted and it is one in a text, or a whole one with a decimal point."""
    if not {"integer", "number"} & set(types) or (isinstance(value, str) and "string" in types):
        return value
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _key(name: str) -> str:
    return name.replace("-", "_").casefold()
