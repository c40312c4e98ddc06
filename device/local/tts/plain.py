"""Text made fit for speaking: no markup, no emoji, nothing that would be spelt out."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST: Final = 400
"""Characters that are spoken at a go: half a minute, after which a voice may be stopped or speak for somebody else."""

_SPOKEN = (
    (re.compile(r"```.*?(```|$)", re.DOTALL), " "),  # nobody wants to hear a program
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"https?://(?:www\.)?([^\s/?#]+)[^\s]*"), r"\1"),
    (re.compile(r"</?[a-zA-Z][^<>]*>"), " "),
    (re.compile(r"^\s*(#{1,6}|[-*+•]|>+)\s+", re.MULTILINE), ""),
    (re.compile(r"^\s*([-*_=]\s*){3,}$", re.MULTILINE), ""),
    (re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)"), ""),
    (re.compile(r"_"), " "),
    (re.compile(r"\s*\|\s*"), ", "),
    # A dash between numbers is "to".
    (re.compile(r"(?<=\w)\s*[\u2013\u2014]\s*(?=[^\W\d])|(?<=[^\W\d])\s*[\u2013\u2014]\s*(?=\d)"), ", "),
    (re.compile(r"\s+-\s+(?=[^\d\s])"), ", "),
)
"""What is written and what is said for it, in this order."""
_KEPT = frozenset("°£€$%&+=@#<>^¢¥©®™\u00d7\u00f7±≈~\u2212")
"""Symbols that there are words for."""


def plain(text: str) -> str:
    """Return `text` as it is to be spoken: one line, without markup, emoji and control characters."""
    for pattern, said in _SPOKEN:
        text = pattern.sub(said, text)
    text = "".join(letter if _speakable(letter) else " " for letter in text)
    return " ".join(text.split()) if any(letter.isalnum() or letter in _KEPT for letter in text) else ""


def chunks(text: str) -> Iterator[str]:
    """Cut a line into pieces of at most `LONGEST` characters, at the ends of sentences or words where there are any."""
    while len(text) > LONGEST:
        cut = max((m.end() for m in re.finditer(r"[.!?;:]\s", text[:LONGEST])), default=0)
        cut = cut or text.rfind(" ", 0, LONGEST) + 1 or LONGEST
        yield text[:cut].strip()
        text = text[cut:]
    if text.strip():
        yield text.strip()


def _speakable(letter: str) -> bool:
    if letter in _KEPT:
        return True
    category = unicodedata.category(letter)
    return category[0] not in "CS" and letter not in "\ufe0e\ufe0f\u20e3"
