"""Text for GPT-Live: no longer than a message may be, as far as that can be told without its tokenizer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.wire.live import MOST_APPENDED_TOKENS, MOST_INPUT, MOST_INPUT_TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.engine import Said


def tokens(text: str) -> int:
    """Return how many tokens a text may be at the most: a token of Latin script is four letters, of JSON rather two."""
    plain = sum(c < "\x80" for c in text)
    return (plain + 1) // 2 + 2 * (len(text) - plain)


LONGEST: Final = 2 * MOST_APPENDED_TOKENS
"""Characters that are within the limit if they are ASCII."""


def pieces(text: str) -> list[str]:
    """Return a text in parts that may be appended one by one, cut between words where there are any."""
    found = []
    rest = text.strip()
    while rest:
        end = min(len(rest), LONGEST)
        while tokens(rest[:end]) > MOST_APPENDED_TOKENS:
            end = end * 3 // 4
        if end < len(rest) and (space := rest.rfind(" ", 0, end + 1)) > 0:
            end = space
        found.append(rest[:end])
        rest = rest[end:].lstrip()
    return found


def latest(history: Sequence[Said]) -> list[Said]:
    """Return the newest part of a history that a session may begin with."""
    kept: list[Said] = []
    left = MOST_INPUT_TOKENS
    for said in reversed(history[-MOST_INPUT:]):
        left -= tokens(said.text)
        if left < 0:
            break
        kept.append(said)
    return kept[::-1]
