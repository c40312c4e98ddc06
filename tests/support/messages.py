"""Messages of the wire for hypothesis: any value that a type of ours can have, and texts that are none of it."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final, get_args

from hypothesis import strategies as st
from msgspec import inspect

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

JSON: Final[SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
"""Anything that JSON can say."""
NO_OBJECTS: Final[tuple[str | bytes, ...]] = (
    "",
    "{",
    "nonsense",
    "[1, 2]",
    '"text"',
    "7",
    b"\xff",
    '{"type": "a", "x":' + "[" * 100_000,
)
"""What is no JSON object, or too deep to be read."""


def _is_object(text: str | bytes) -> bool:
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(text), dict)
    return False


ANY_TEXT: Final[SearchStrategy[str | bytes]] = (st.text() | st.binary()).filter(lambda text: not _is_object(text))
"""Any text that is no JSON object: hypothesis tries what stands in the source, too, where there are some."""
_INT64: Final = st.integers(-(2**63), 2**63 - 1)
_SIMPLE: Final[dict[type[inspect.Type], SearchStrategy[Any]]] = {
    inspect.AnyType: JSON,
    inspect.NoneType: st.none(),
    inspect.BoolType: st.booleans(),
    inspect.IntType: _INT64,
    inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
    inspect.StrType: st.text(max_size=8),
    inspect.BytesType: st.binary(max_size=8),
}


def messages(union: Any) -> SearchStrategy[Any]:
    """Return any message of a struct or of a union of structs, whatever its fields are by their types."""
    return st.one_of([_struct(kind) for kind in get_args(union) or (union,)])


def damaged(event: dict[str, Any]) -> SearchStrategy[str]:
    """Return a message's JSON with another value in one of its fields, or in none if it has none but its type."""
    names = [name for name in event if name != "type"]
    if not names:
        return st.just(json.dumps(event))
    return st.builds(lambda name, value: json.dumps({**event, name: value}), st.sampled_from(names), JSON)


@cache
def _struct(kind: type) -> SearchStrategy[Any]:
    return st.deferred(lambda: _built(kind))


def _built(kind: type) -> SearchStrategy[Any]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    needed = {field.name: _value(field.type) for field in info.fields if field.required}
    others = {field.name: _value(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(needed, optional=others).map(lambda values: kind(**values))


def _value(kind: inspect.Type) -> SearchStrategy[Any]:
    if (simple := _SIMPLE.get(type(kind))) is not None:
        return simple
    if isinstance(kind, inspect.UnionType):
        return st.one_of([_value(one) for one in sorted(kind.types, key=lambda one: one != inspect.NoneType())])
    if isinstance(kind, inspect.LiteralType):
        return st.sampled_from(kind.values)
    if isinstance(kind, inspect.ListType):
        return st.lists(_value(kind.item_type), max_size=2)
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(_value(kind.key_type), _value(kind.value_type), max_size=2)
    assert isinstance(kind, inspect.StructType), kind
    return _struct(kind.cls)
