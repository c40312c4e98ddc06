"""What settings mean, in other languages than the English of their docstrings: `languages/LANGUAGE/settings.toml`."""

from __future__ import annotations

from typing import Final

import msgspec

from device.language.files import file_of

FILE: Final = "settings.toml"


def explanations(language: str) -> dict[str, str]:
    """Return what settings mean by class and field, e.g. `WakeSettings.models`; nothing for what has only English."""
    path = file_of(language, FILE)
    if path is None:
        return {}
    tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    return {f"{table}.{field}": text for table, fields in tables.items() for field, text in fields.items()}
