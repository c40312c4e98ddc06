"""What is said of Wi-Fi: `data/languages/LANGUAGE/wifi.toml`, in English where a language has none."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from device.language.files import file_of

FILE: Final = "wifi.toml"
FALLBACK: Final = "en"


@cache
def sentences(language: str) -> dict[str, str]:
    """Return what is said, by key."""
    path = file_of(language, FILE) or file_of(FALLBACK, FILE)
    assert path is not None  # noqa: S101 - English has them
    return msgspec.toml.decode(path.read_bytes(), type=dict[str, dict[str, str]])["say"]
