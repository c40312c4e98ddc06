"""Text from outside made harmless: it controls no terminal, forges no line, and reads the same otherwise."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = (
    "\0-\x08\x0b-\x1f\x7f-\x9f"  # C0 less tab and line feed, DEL, C1: the terminal's
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # the marks of writing from right to left
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # line breaks of Unicode, and what is never seen
    "\ud800-\udfff\U000e0000-\U000e007f"  # half characters, as of file names that are no text; tags
)
_UNPRINTABLE: Final = re.compile(f"[{_CONTROLS}]")
_BREAKING: Final = re.compile(f"[{_CONTROLS}\\t\\n]")
_SEEN: Final = {"\n": "\\n", "\t": " "}
"""How what breaks a line is shown; all else by its number, which JSON and TOML read again as what it was."""


def plain(text: str) -> str:
    """Return a text of several lines, of which the line breaks are ours, without what controls a terminal."""
    return _UNPRINTABLE.sub(_shown, text)


def line(text: object) -> str:
    """Return a text as one line, without what controls a terminal."""
    return _BREAKING.sub(_shown, str(text))


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    return _SEEN.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
