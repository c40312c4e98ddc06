"""How people ask in a language, whatever they ask for: its `requests.toml`."""

from __future__ import annotations

from msgspec import Struct


class RequestWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The words around a request, as in templates; what begins with "re" is a regular expression."""

    light: tuple[str, ...]
    """Words that may stand anywhere in a request, and change nothing."""
    polite: tuple[str, ...]
    """The same, and they show that something is asked for."""
    asking: tuple[str, ...]
    """Words that change nothing in a question."""
    particles: tuple[str, ...]
    """Of the light words, those that end what is done: "turn the oven on"."""
    subjects: frozenset[str]
    """A clause that begins so tells something, and asks for nothing, unless a frame names them."""
    re_begins: str
    """Where a clause begins that no comma stands before."""
    re_joins: str
    """A word before another request: "and"."""
    re_orders: str
    """… because something is asked for after a remark, its first group: "dinner is ready turn it off"."""
    re_against: str
    """What makes of a clause beside a request that it is none: "if", "he said"."""
    re_corrected: str
    """What is between a value and the one that was meant instead: "ten, no, twelve"."""
    re_instead: str
    """What is between any words and those that were meant instead; without numbers and the like it is less sure."""
    re_perhaps: str
    """What may also be, where what was said before it is a whole request: "on the list no pears"."""
    re_taken_back: str
    """How a request ends of which nothing is wanted any more: "…, no, cancel that"; and what is meant then:"""
    nothing: str
    re_asides: str
    """How a clause begins that says why, or something else beside a request."""
    re_asked: str
    """How a question begins: it changes nothing."""
