"""What a skill is: what it hears, which tools it has, how a meaning becomes a call or an answer, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

    from device.language.language import Language
    from device.language.phrases import Phrases
    from device.skills.alarms.alarms import Alarms
    from device.skills.lists.lists import Lists
    from device.skills.places.spot import Spot
    from device.skills.timers.timers import Timers
    from device.tools.registry import Tool


class Meaning(Struct, frozen=True):
    """An intent, and the values that were said with it."""

    intent: str
    slots: dict[str, object]
    """By the names that the templates give them: numbers and spans of time (in seconds) are float, sums are `Sum`."""
    weight: int = 2
    """Of several things that were said in one breath, only the heaviest count; see the language file."""

    def number(self, slot: str, default: float | None = None) -> float:
        """Return a number that was said; raises `ValueError` if there is none, or it is something else."""
        value = self.slots.get(slot, default)
        if not isinstance(value, float | int):
            raise ValueError(f"{slot} is no number")  # noqa: TRY004 - what was said is wrong, not the program
        return float(value)


@dataclass(frozen=True, kw_only=True)
class Talk:
    """The conversation that a skill answers in."""

    language: Language
    phrases: Phrases
    now: Callable[[], datetime]
    tools: frozenset[str] = frozenset()
    """The tools that the client offers, by our names."""
    count: int = 0
    """The user's turns before: it chooses among phrases that mean the same."""
    last: str = ""
    """What was said last, which is not said again if there is a choice."""
    heard: str = ""
    """What the user said before."""

    def phrase(self, key: str, /, **values: object) -> str:
        """Return a phrase of the language, with `values` filled in."""
        return self.phrases.phrase(key, self.count, self.last, **values)

    def reply(self, intent: str) -> str:
        """Return a reply that the language file has to an intent, "" if it has none."""
        return self.phrases.reply(intent, self.count, self.last)


@dataclass(frozen=True, kw_only=True)
class Device:
    """What tools act on: the daemon hands these over."""

    timers: Timers
    alarms: Alarms
    volume: Callable[[], int]
    """The loudspeaker's, in percent."""
    set_volume: Callable[[int], None]
    mute: Callable[[], None]
    """Mutes the microphone."""
    stop_ringing: Callable[[], bool]
    """Ends the ringing of a timer or an alarm; tells whether there was any."""
    clock: Callable[[], datetime]
    lists: Lists
    keep_days: int
    """For how many days transcripts are kept; 0: they are not."""
    spot: Spot | None = None
    """Where the device is, if somebody said."""
    forget: Callable[[datetime | None], int]
    """Deletes the transcripts since then, or all; returns how many there were. Blocking. Raises `StoreError`."""


Arguments: TypeAlias = dict[str, str | int | list[str]]
SayOutput: TypeAlias = Callable[[dict[str, Any], Sequence[Meaning], Talk], list[str]]
"""What to say of a tool's output to what was asked. A `KeyError`, `TypeError` or `ValueError` is allowed: an output
that another client's function of the same name returns is not ours to phrase."""


def replied(meaning: Meaning, talk: Talk) -> str:
    """Return the reply in the language file, "" if there is none."""
    return talk.reply(meaning.intent)


def without_arguments(_meaning: Meaning, _talk: Talk) -> Arguments:
    """Return no arguments."""
    return {}


def too_much(_name: str, _value: float, _most: float, talk: Talk) -> str:
    """Say that something cannot be changed by so much."""
    return talk.phrase("too_much")


def no_tools(_device: Device) -> list[Tool]:
    """Return no tools."""
    return []


def only_that(_before: Meaning, meant: Meaning, _outputs: Sequence[dict[str, Any]]) -> list[Meaning]:
    """Return what was meant in the first place: nothing is left of what was done before."""
    return [meant]


@dataclass(frozen=True, kw_only=True)
class Skill:
    """A skill. Its intents and phrases are in the file of its name in `data/languages/LANGUAGE/skills/`."""

    name: str
    tools: Callable[[Device], list[Tool]] = no_tools
    """Its tools, which every engine is offered; their names are in `settings/tools.py` too."""
    calls: Mapping[str, str] = field(default_factory=dict)
    """Intent → the tool that does it. Intents that are not here are answered."""
    arguments: Callable[[Meaning, Talk], Arguments] = without_arguments
    """What the tool is called with for a meaning."""
    usual: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The range of an argument, where the client's function does not say."""
    out_of_range: Callable[[str, float, float, Talk], str] = too_much
    """What to say when an argument (its name, its value) is out of range, the most being the third."""
    unavailable: str = ""
    """The phrase for a meaning whose tool the client does not offer; "": `answer` is asked."""
    instead: str = ""
    """The intent that is meant where the tool of a meaning is not offered; a model would know more of it."""
    answer: Callable[[Meaning, Talk], str] = replied
    """What to say to a meaning; where it also has a tool that is offered, only with `speaks_first`."""
    once: bool = False
    """It says what cannot be done: of several of its meanings in one breath only the first is answered, and the owner
    is told of it."""
    speaks_first: bool = False
    """It answers before it calls its tool: "Goodbye!"."""
    outputs: Mapping[str, SayOutput] = field(default_factory=dict)
    """Tool → what to say of its output."""
    again: Mapping[str, str] = field(default_factory=dict)
    """Intent → the one that "another one" means after it."""
    answers_to: Mapping[str, str] = field(default_factory=dict)
    """Intent that counts only as the answer to a question → the phrase that asks it."""
    says_which: frozenset[str] = frozenset()
    """Of these, the intents that only say which one is meant of several: what was asked for is done with that."""
    follows: frozenset[str] = frozenset()
    """Intents that go on from what was asked of the skill before, which is their slot `before`: "and that squared"."""
    corrected: Callable[[Meaning, Meaning, Sequence[dict[str, Any]]], list[Meaning]] = only_that
    """What to do once something was asked for, and then something else was meant with one other value: "no, margarine".
    The outputs are those of the tools that were called for the first."""
