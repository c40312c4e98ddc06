"""What an engine's model is told about being a voice in a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from device.settings.types import Section

if TYPE_CHECKING:
    from device.settings.toml import Table


class Instructions(Section, frozen=True):
    """`[instructions]`: what the engine's model is told, section by section; an empty one is left out.

    `{name}` and `{language}` stand for the settings of that name.
    """

    role: str = "You are {name}, a voice assistant in a small loudspeaker. You are heard, not read."
    """Who it is, and where."""
    style: str = (
        "Answer in one or two short sentences, as a person would say them, the answer first. No lists, no markdown, "
        "no symbols, no addresses of web pages. Say numbers, times and units as words, and long numbers digit by "
        "digit. Offer more only if there is more."
    )
    """How it talks: what is read out has no layout."""
    interruptions: str = (
        "The user may cut you off at any time, and then does not know what you had not said yet. Answer what was said "
        "last; do not apologise and do not begin again. If you did not understand, ask briefly."
    )
    """What to do when cut off, or when the words were not understood."""
    tools: str = (
        "Use your tools for what they know and do; never guess it. If one will take a while, first say in a few words "
        "what you are doing, each time in other words. If one fails, say so, and what you can do instead. A name or "
        "number that you may have misheard, repeat before you act on it. What a system message bids you say, say at "
        "once."
    )
    """When to use tools, and what to say meanwhile."""
    ending: str = "When the user says stop, goodbye or that nothing more is wanted, call the tool sleep without a word."
    """How a conversation ends; left out where the tool sleep is not offered."""
    language: str = "Speak the language that the user speaks; if in doubt, the one with the code {language}."
    """What to speak."""
    safety: str = (
        "If you do not know, say so; invent nothing. Be careful with advice on health, law and money. If somebody is "
        "in danger, tell them to call for help."
    )
    """What not to do."""


def sections(given: str | Table) -> Table:
    """Return `[instructions]` as a table, where a text may stand for the whole of it; "" for the built-in ones."""
    if not isinstance(given, str):
        return given
    names = Instructions.__struct_fields__
    return {**dict.fromkeys(names, ""), "role": given} if given.strip() else msgspec.structs.asdict(Instructions())
