"""The settings as a list of keys, each with what it means and admits: for who shows them, generated from the tree."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from device.settings.toml import hide_password, valid
from device.settings.tree import Settings
from device.settings.types import Secret, Section

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Kind: TypeAlias = Literal["text", "number", "whole", "switch", "choice", "list", "table", "secret"]

LOCAL: Final = ("local", "brain", "transcription", "whisper", "sherpa", "piper", "kokoro", "cartesia")
"""Tables that the local engine reads, which is a process of its own."""

_KINDS: Final[tuple[tuple[type[msgspec.inspect.Type], Kind], ...]] = (
    (msgspec.inspect.LiteralType, "choice"),
    (msgspec.inspect.BoolType, "switch"),
    (msgspec.inspect.IntType, "whole"),
    (msgspec.inspect.FloatType, "number"),
    (msgspec.inspect.VarTupleType, "list"),
    (msgspec.inspect.DictType, "table"),
)


class Key(Struct, frozen=True, kw_only=True):
    """A key of the settings."""

    name: str
    """E.g. `wake.threshold`."""
    value: Any
    """None for a secret."""
    default: Any
    kind: Kind
    valid: str
    choices: tuple[str | int, ...] = ()
    least: float | None = None
    most: float | None = None
    about: str
    told_at: str = ""
    """The class and the field of the tree that it is told at, e.g. `WakeSettings.threshold`: for other languages."""
    present: bool = False
    """Of a secret: whether it is set."""


def described(settings: Settings, engines: Collection[str] = ()) -> Iterator[Key]:
    """Yield all keys, in the order of the tree; of engines those that are chosen, and `engines`."""
    for section, field, name, value in _leaves(settings, "", engines):
        told = about(type(section)).get(field.name, "")
        yield replace(_key(name, field, value, told), told_at=_told_at(type(section), field.name))


def changed(before: Settings, after: Settings) -> Iterator[str]:
    """Yield the keys that `after` has otherwise, secrets among them, in the order of the tree."""
    values = dict(leaves(before))
    yield from (name for name, value in leaves(after) if values.get(name, value) != value)


def leaves(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Yield all keys and their values, secrets among them, in the order of the tree."""
    yield from ((name, value) for _, _, name, value in _leaves(settings, ""))


def _leaves(
    section: Section, above: str, engines: Collection[str] = ()
) -> Iterator[tuple[Section, msgspec.structs.FieldInfo, str, Any]]:
    """Yield each key with the table that it is in, its name and its value."""
    for field in msgspec.structs.fields(type(section)):
        name, value = above + field.encode_name, getattr(section, field.name)
        if isinstance(value, Section):
            yield from _leaves(value, f"{name}.")
        elif isinstance(section, Settings) and field.name == "engine":
            for engine in dict.fromkeys((*section.engines, *engines)):
                if isinstance(one := value.get(engine), Section):
                    yield from _leaves(one, f"{name}.{engine}.")
        elif isinstance(section, Settings) and field.name == "mcp":
            for server, one in value.items():
                yield from _leaves(one, f"{name}.{server}.")
        else:
            yield section, field, name, value


def _key(name: str, field: msgspec.structs.FieldInfo, value: Any, told: str) -> Key:
    default = None if field.default is msgspec.NODEFAULT else field.default
    if isinstance(value, Secret):
        return Key(name=name, value=None, default=None, kind="secret", valid="text", about=told, present=bool(value))
    info = msgspec.inspect.type_info(field.type)
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    values = info.values if isinstance(info, msgspec.inspect.LiteralType) else ()
    numeric = isinstance(info, (msgspec.inspect.IntType, msgspec.inspect.FloatType))
    return Key(
        name=name,
        value=hide_password(value) if isinstance(value, str) else msgspec.to_builtins(value),
        default=msgspec.to_builtins(default),
        kind=_kind(info),
        valid=valid(field.type),
        choices=tuple(one for one in values if isinstance(one, (str, int))),
        least=getattr(info, "ge", None) if numeric else None,
        most=getattr(info, "le", None) if numeric else None,
        about=told,
    )


def _kind(info: msgspec.inspect.Type) -> Kind:
    return next((kind for shape, kind in _KINDS if isinstance(info, shape)), "text")


def _told_at(section: type[Section], field: str) -> str:
    owner = next(kind for kind in section.__mro__ if field in inspect.get_annotations(kind))
    return f"{owner.__name__}.{field}"


@cache
def about(section: type[Section]) -> dict[str, str]:
    """Return what stands in the source below each field of a table, by the fields' names."""
    found: dict[str, str] = {}
    for kind in reversed(section.__mro__):
        if not (issubclass(kind, Section) and kind.__module__ in sys.modules):
            continue
        (made,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        if isinstance(made, ast.ClassDef):
            found |= dict(_told(made))
    return found


def _told(made: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for one, after in zip(made.body, made.body[1:], strict=False):
        match one, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
