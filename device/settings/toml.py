"""TOML files read strictly: every fault is found at once, and names the key, the file and what would be valid."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, inspect

from device.system import inputs
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Decode = Callable[[type, Any], Any]

Table = dict[str, Any]
TOO_DEEP = "its tables or lists lie too deep within one another"


class TableError(Exception):
    """A file is not what it should be; one line for each fault, whatever the file holds."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(map(line, faults)))


def read_toml(path: Path) -> Table:
    """Return the tables of a TOML file.

    Raises:
        TableError: The file cannot be read or is not TOML; names the line.

    """
    try:
        text = inputs.text(path)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: is not text in UTF-8 (byte {error.start})") from None
    return parse_toml(path, text)


def parse_toml(path: Path, text: str) -> Table:
    """Return the tables of the text of a TOML file. Raises TableError."""
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise TableError(f"{path}: {TOO_DEEP}") from None
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", where)
        raise TableError(f"{path}:{line[1] if line else len(text.splitlines())}: not TOML: {what}") from None
    except ValueError:  # Python's own limit: what comes of so many digits takes too long
        raise TableError(f"{path}: a number in it has too many digits") from None
    if inputs.too_deep(table):
        raise TableError(f"{path}: {TOO_DEEP}")
    # No name of a file may have it, nor a header; a text has it only escaped.
    if (r"\u0000" in text or r"\U00000000" in text) and (where := next(_with_nul(table, ""), "")):
        raise TableError(f"{path}: {where}: there is a NUL character in it, which no text here may have")
    return table


def _with_nul(value: Any, path: str) -> Iterator[str]:
    """Yield the keys whose names or texts have a NUL character."""
    if isinstance(value, dict):
        for key, inner in value.items():
            below = f"{path}.{key}".lstrip(".")
            if "\0" in key:
                yield below
            yield from _with_nul(inner, below)
    elif isinstance(value, list):
        for inner in value:
            yield from _with_nul(inner, path)
    elif isinstance(value, str) and "\0" in value:
        yield path


def faults(table: Table, shape: type[Struct], decode: Decode | None = None) -> list[str]:
    """Say what of `table` does not fit `shape`, one line a key; `decode` is msgspec's `dec_hook`."""
    return list(_faults(table, shape, "", list(_paths(shape)), decode))


def merge(under: Table, over: Table) -> Table:
    """Return both tables as one; where both have a value, that of `over` counts."""
    both = {key: merge(under[key], value) if _tables(under.get(key), value) else value for key, value in over.items()}
    return under | both


def _tables(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def _paths(shape: type[Struct], above: str = "") -> Iterator[str]:
    for key in msgspec.structs.fields(shape):
        yield above + key.encode_name
        if inner := _struct(key.type):
            yield from _paths(inner, f"{above}{key.encode_name}.")


def _struct(kind: Any) -> type[Struct] | None:
    return kind if isinstance(kind, type) and issubclass(kind, Struct) else None


def _struct_of_each(kind: Any) -> type[Struct] | None:
    """Return the type of the tables in a group of tables."""
    info = inspect.type_info(kind)
    if isinstance(info, inspect.DictType) and isinstance(info.value_type, inspect.StructType):
        return info.value_type.cls
    return None


def _faults(table: Table, shape: type[Struct], above: str, paths: list[str], decode: Decode | None) -> Iterator[str]:
    keys = {key.encode_name: key for key in msgspec.structs.fields(shape)}
    for name, value in table.items():
        path = above + name
        if name not in keys:
            yield f"{path}: no such key{_near(name, above, list(keys), paths)}"
        elif inner := _struct(keys[name].type):
            if isinstance(value, dict):
                yield from _faults(value, inner, f"{path}.", paths, decode)
            else:
                yield f"{path}: is a table, [{path}], not {_shown(value, keys[name].type)}"
        elif inner := _struct_of_each(keys[name].type):
            for key, one in value.items() if isinstance(value, dict) else [("", value)]:
                below = f"{path}.{key or 'NAME'}"
                if isinstance(one, dict):
                    yield from _faults(one, inner, f"{below}.", list(_paths(inner, f"{below}.")), decode)
                else:
                    yield f"{below}: is a table, [{below}], not {_shown(one, keys[name].type)}"
        else:
            try:
                msgspec.convert(value, keys[name].type, dec_hook=decode)
            except msgspec.ValidationError:
                given = _shown(value, keys[name].type)
                yield f"{path}: {given} is not valid; valid is {valid(keys[name].type)}"


def _near(name: str, above: str, keys: list[str], paths: list[str]) -> str:
    """Propose what may have been meant: a key spelt alike, or the same key in another table."""
    elsewhere = [path for path in paths if path.rpartition(".")[2] == name]
    if meant := [above + near for near in difflib.get_close_matches(name, keys, n=2)] + elsewhere:
        return f"; did you mean {' or '.join(meant)}?"
    return f"; {f'[{above[:-1]}]' if above else 'the top level'} knows {', '.join(sorted(keys))}"


def _shown(value: Any, kind: Any) -> str:
    """Return what was given; of a secret only its type, and of an address not its password."""
    if isinstance(inspect.type_info(kind), inspect.CustomType):
        return f"a value of type {type(value).__name__}"
    if isinstance(value, dict):
        return "a table"
    return (
        hide_password(repr(value))
        if isinstance(value, str)
        else str(value).lower()
        if value in (True, False)
        else str(value)
    )


def hide_password(text: str) -> str:
    """Return `text` without the user and password of an address in it."""
    return re.sub(r"(?<=://)[^/@\s]*@", "***@", text)


def valid(kind: Any) -> str:
    """Say in words what a type admits."""
    info = inspect.type_info(kind)
    if isinstance(info, inspect.Metadata):
        return str((info.extra_json_schema or {}).get("description", "")) or _admits(info.type)
    return _admits(info)


def without_secrets(table: Table, above: str = "") -> tuple[Table, list[str]]:
    """Return a table without its keys and passwords, and which keys it is without."""
    rest: Table = {}
    found = []
    for key, value in table.items():
        if isinstance(value, dict):
            rest[key], below = without_secrets(value, f"{above}{key}.")
            found += below
        elif is_secret(key) or (isinstance(value, str) and hide_password(value) != value):
            found.append(above + key)
        else:
            rest[key] = value
    return rest, found


def is_secret(key: str) -> bool:
    """Tell whether a key, e.g. `engine.openai.api_key`, holds a secret: a vendor's key, a token, a password."""
    return key.rpartition(".")[2] in ("api_key", "token", "password", "secret")


def leaves(table: Table, above: str = "") -> list[str]:
    """Return the keys of a table and of those in it, e.g. `card.rate`."""
    found = []
    for key, value in table.items():
        found += leaves(value, f"{above}{key}.") if isinstance(value, dict) else [above + key]
    return found


def _admits(info: inspect.Type) -> str:  # noqa: PLR0911 - a case for each type
    match info:
        case inspect.LiteralType(values=values):
            words = [f'"{value}"' if isinstance(value, str) else str(value) for value in values]
            return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
        case inspect.IntType() | inspect.FloatType():
            return ("a whole number" if isinstance(info, inspect.IntType) else "a number") + _range(info)
        case inspect.BoolType():
            return "true or false"
        case inspect.VarTupleType(item_type=item, min_length=least):
            return f"a list{' of at least one' if least else ''}, each {_admits(item)}"
        case inspect.UnionType(types=types):
            return " or ".join(_admits(one) for one in types if not isinstance(one, inspect.NoneType))
        case inspect.Metadata(type=inner):
            return _admits(inner)
        case inspect.DictType():
            return "a table of text"
        case inspect.StrType(min_length=least):
            return "text that is not empty" if least else "text"
        case _:
            return "text"


def _range(info: inspect.IntType | inspect.FloatType) -> str:
    if info.ge is not None and info.le is not None:
        return f" from {info.ge:g} to {info.le:g}"
    words = (("above", info.gt), ("at least", info.ge), ("below", info.lt), ("at most", info.le))
    return " and".join(f" {word} {limit:g}" for word, limit in words if limit is not None)
