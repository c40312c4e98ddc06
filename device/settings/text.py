"""The settings written out: as TOML that can be read again, with what set each of them, and no secrets."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from device.settings.toml import hide_password
from device.settings.tree import Settings
from device.settings.types import Secret, Section

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_force(settings: Settings, origins: Mapping[str, str] | None = None) -> str:
    """Return the settings as TOML that `read` would read again, secrets left out, each with its origin beside it."""
    return "\n".join(_lines(settings, "", origins or {})) + "\n"


def as_toml(values: Mapping[str, Any]) -> str:
    """Return values by their keys as TOML, a line each, e.g. `wake.threshold = 0.5`."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _lines(section: Section, above: str, origins: Mapping[str, str]) -> list[str]:
    lines, tables = [], []
    for key, value in msgspec.structs.asdict(section).items():
        path = above + key
        origin = origins.get(path, "")
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(section, Settings):
            for name in set(section.engines) & set(value) if key == "engine" else value:
                tables += ["", f"[{path}.{quoted(name)}]", *_lines(value[name], f"{path}.{name}.", origins)]
        elif isinstance(value, Section):
            tables += ["", f"[{path}]", *_lines(value, f"{path}.", origins)]
        elif isinstance(value, Secret):
            lines.append(f"# {key} is {'set' if value else 'not set'}{f', by {origin}' if origin else ''}")
        else:
            lines.append(f"{key} = {_toml(value)}{f'  # {origin}' if origin else ''}")
    return lines + tables


def quoted(name: str) -> str:
    """Return `name` as TOML has it in the name of a table."""
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_toml(key)} = {_toml(one)}' for key, one in value.items())}}}"
    # A JSON string is a TOML string, but for one character that TOML wants escaped.
    return hide_password(json.dumps(value, ensure_ascii=False)).replace("\x7f", "\\u007f")
