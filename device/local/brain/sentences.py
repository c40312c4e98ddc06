"""The brain without a model: it knows sentences, calls the client's tools for what has effects, and does sums."""

from __future__ import annotations

import asyncio
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from device.local.brain import durations, outputs
from device.local.brain.answers import Phrases, calculate
from device.local.brain.cut import sentences
from device.local.brain.language import load_language
from device.local.brain.moments import CLOCK, clock_answer
from device.local.brain.understand import Meaning, Understanding
from device.local.stages import BrainError, Call, Choice, Text, Turn
from device.system.wall_clock import local_time
from device.tools.timers import LONGEST_S

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from datetime import datetime

    from device.local.stages import Cost, Tool

_ENDS = {"stop", "goodbye", "sleep", "good_night"}
_VOLUME_STEP: Final = 10
"""Percent by which "louder" is louder: heard at once, and ten of them are all there is."""
_USUAL = {"seconds": (1, 7 * LONGEST_S), "percent": (0, 100), "change": (-100, 100)}
"""The range of an argument, where the client's function does not say."""
_AGAIN = {
    **{intent: intent for intent in ("joke", "story", "fact", "sing", "coin", "die")},
    "set_timer": "ask_duration",
}
"""What is meant by "another one" after each intent."""
_TOOLS = {
    **dict.fromkeys(CLOCK, "get_time"),
    **dict.fromkeys(("set_timer", "duration"), "set_timer"),
    "list_timers": "list_timers",
    "cancel_timer": "cancel_timer",
    **dict.fromkeys(
        ("set_volume", "full_volume", "volume_up", "volume_down", "volume_up_by", "volume_down_by"), "set_volume"
    ),
    "mute": "mute",
    **dict.fromkeys(_ENDS, "sleep"),
}
"""The function of the client that does what an intent asks for."""
_NAMES = sorted(set(_TOOLS.values()))
_PREFIXED = re.compile(
    rf".*?(?:[-.:/]|__)({'|'.join(_NAMES)})|.*?_({'|'.join(name for name in _NAMES if '_' in name)})", re.DOTALL
)
"""A name with that of a server, an integration or an agent before it. A plain `tv_mute` is something else."""
_UNAVAILABLE = {
    "set_timer": "timers_unavailable",
    "list_timers": "timers_unavailable",
    "cancel_timer": "timers_unavailable",
    "set_volume": "volume_unavailable",
    "mute": "mute_unavailable",
}


class Sentences:
    """A `Brain` that knows the sentences of a language file.

    `names` are what the assistant is called, the first being what it calls itself: what is left of them at the
    beginning of a sentence is passed over. Raises `LanguageError`.
    """

    def __init__(
        self, language: str = "en", names: Sequence[str] = ("Jarvis",), now: Callable[[], datetime] | None = None
    ) -> None:
        known = load_language(language)
        self._understanding = Understanding(known, names)
        self._phrases = Phrases(known, names[0])
        self._now = now or local_time
        self._thread = ThreadPoolExecutor(1, "sentences")

    def warm_up(self) -> None:
        """Do once what takes the first sentence 100 ms; blocking."""
        self._understanding.warm_up()

    def knows(self, text: str) -> bool:
        """Return whether `text` is, as a whole, a sentence to which people seldom add anything."""
        return self._understanding.whole(text)

    async def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost, None]:
        """Yield the reply; `instructions` are for models. Raises `BrainError` if `choice` cannot be obeyed."""
        del instructions
        talk = _Talk(self._understanding, self._phrases, self._now, turns, () if choice.mode == "none" else tools)
        if choice.mode == "required":
            yield await asyncio.wrap_future(self._thread.submit(talk.required, choice.name))
            return
        # In a thread: what is not known takes a tenth of a second, and other sessions must not wait for it.
        for item in await asyncio.wrap_future(self._thread.submit(lambda: list(talk.items()))):
            yield item

    def ends_conversation(self, text: str) -> bool:
        """Return whether `text` is a stop, a goodbye or the like and nothing else."""
        meanings = self._understanding.meanings(text)
        return bool(meanings) and all(meaning.intent in _ENDS for meaning in meanings)


class _Talk:
    """One reply to one conversation."""

    def __init__(
        self,
        understanding: Understanding,
        phrases: Phrases,
        now: Callable[[], datetime],
        turns: Sequence[Turn],
        tools: Sequence[Tool],
    ) -> None:
        self._understanding = understanding
        self._phrases = phrases
        self._now = now
        self._turns = turns
        self._offered = {tool.name: tool for tool in tools}
        self._tools = {bare_name(name): name for name in reversed(self._offered)}
        self._tools |= {name: name for name in self._offered}
        """The client's names of its functions, by ours."""
        self._count = max(0, sum(turn.role == "user" for turn in turns) - 1)
        said = [turn.text for turn in turns if turn.role == "assistant" and turn.text]
        self._last = said[-1].strip() if said else ""

    def items(self) -> Iterator[Text | Call]:
        """Yield what to say and to call."""
        last = self._turns[-1] if self._turns else None
        if last is None:
            return
        if last.role == "tool":
            yield from self._after_tools()
        elif last.role == "user" and last.text.strip():
            yield from self._to_user(last.text)
        elif last.role == "user":
            yield Text(self._phrases.phrase("silence", self._count, self._last))
        elif last.role == "system" and last.text.strip():
            yield Text(last.text.strip())

    def required(self, name: str | None) -> Call:
        """Return a call of the function `name`, or of any; raises `BrainError` if what was said asks for none."""
        user = next((turn.text for turn in reversed(self._turns) if turn.role == "user"), "")
        for meaning in self._understanding.meanings(user):
            call = self._call(meaning)
            if call and name in {None, call.name}:
                return call
        if name in self._offered and not self._offered[name].parameters.get("required"):
            return Call(name, "{}")
        raise BrainError(
            f"the built-in sentences do not know how to call {name or 'a function'} for that; "
            'connect a language model with "brain.url" in the settings'
        )

    def _to_user(self, text: str) -> Iterator[Text | Call]:
        meanings = self._meanings(text, self._last)
        if not meanings and any(letter.isalnum() for letter in text):
            yield Text(self._phrases.phrase("unknown", self._count, self._last))
        calls: list[Call] = []
        for meaning in meanings:
            said = self._say(meaning)
            yield from map(Text, sentences(said))
            call = None if said and meaning.intent not in _ENDS else self._call(meaning)
            if call and call not in calls:
                calls.append(call)
        yield from calls

    def _meanings(self, text: str, asked: str) -> list[Meaning]:
        """Return what `text` means, when `asked` was said before it."""
        meanings = [self._once_more() if m.intent == "another" else m for m in self._understanding.meanings(text)]
        if asked == self._phrases.phrase("ask_duration"):
            return [_as_minutes(meaning) for meaning in meanings]
        return [meaning for meaning in meanings if meaning.intent != "duration"]

    def _once_more(self) -> Meaning:
        """Return what was asked for last, of what can be had again; a joke if nothing was."""
        before = [turn.text for turn in self._turns[:-1] if turn.role == "user"]
        meant = (meaning.intent for text in reversed(before) for meaning in self._understanding.meanings(text))
        return Meaning(next((_AGAIN[intent] for intent in meant if intent in _AGAIN), "joke"), {})

    def _say(self, meaning: Meaning) -> str:
        """Return what to say before, or in place of, a call; "" for nothing."""
        intent = meaning.intent
        tool = _TOOLS.get(intent)
        if refusal := self._refusal(meaning, tool):
            return refusal
        if intent in CLOCK and tool not in self._tools:
            return clock_answer(meaning, self._now(), self._phrases)
        if intent == "ask_duration":
            return self._phrases.phrase("ask_duration" if "set_timer" in self._tools else "timers_unavailable")
        answer = calculate(meaning, self._phrases, self._count)
        return self._phrases.reply(intent, self._count, self._last) if answer is None else answer

    def _refusal(self, meaning: Meaning, tool: str | None) -> str:
        """Return why what is meant cannot be done, "" if it can."""
        say = self._phrases.phrase
        if tool in _UNAVAILABLE and tool not in self._tools:
            return say(_UNAVAILABLE[tool])
        if tool not in self._tools:
            return ""
        for name, value in _arguments(meaning).items():
            least, most = _range(self._offered[self._tools[tool]], name)
            if isinstance(value, str) or least <= value <= most:
                continue
            if name == "seconds" and value > most:
                return say("timer_too_long", longest=durations.said(most))
            return say({"seconds": "timer_range", "percent": "volume_range"}.get(name, "too_much"))
        return ""

    def _call(self, meaning: Meaning) -> Call | None:
        """Return the call of the client's function that does what is meant, if it has declared it."""
        tool = _TOOLS.get(meaning.intent)
        return Call(self._tools[tool], json.dumps(_arguments(meaning))) if tool in self._tools and tool else None

    def _after_tools(self) -> Iterator[Text]:
        """Yield what the outputs at the end of the conversation mean."""
        given: list[Turn] = []
        for turn in reversed(self._turns):
            if turn.role != "tool":
                break
            given.insert(0, turn)
        calls = {turn.call_id: turn for turn in self._turns if turn.role == "assistant" and turn.name}
        for turn in given:
            call = calls.get(turn.call_id)
            tool = bare_name(call.name) if call and call.name else ""
            yield from map(Text, outputs.say(tool, turn.text, self._asked(turn), self._phrases, self._count))

    def _asked(self, turn: Turn) -> list[Meaning]:
        """Return what the user meant whose words led to the output `turn`."""
        before = list(self._turns[: self._turns.index(turn)])
        user = next((at for at in reversed(range(len(before))) if before[at].role == "user"), None)
        return [] if user is None else self._understanding.meanings(before[user].text)


def bare_name(name: str) -> str:
    """Return our name of a client's function: without what stands before it, as in `timers-set_timer`."""
    found = _PREFIXED.fullmatch(name)
    return found[1] or found[2] if found else name


def _arguments(meaning: Meaning) -> dict[str, str | int]:
    """Return what the function is called with that does what is meant."""
    slots = meaning.slots
    step = round(_float(slots.get("number", _VOLUME_STEP)))
    found: dict[str, str | int] = {}
    match meaning.intent:
        case "set_timer" | "duration":
            found = {"seconds": round(_float(slots.get("duration"))), "name": str(slots.get("name", ""))}
        case "cancel_timer":
            found = {"name": outputs.timer_name(meaning)}
        case "set_volume":
            found = {"percent": round(_float(slots.get("number")))}
        case "full_volume":
            found = {"percent": 100}
        case "volume_up" | "volume_up_by":
            found = {"change": step}
        case "volume_down" | "volume_down_by":
            found = {"change": -step}
    return {name: value for name, value in found.items() if value != ""}


def _range(tool: Tool, name: str) -> tuple[float, float]:
    """Return the least and the most that the argument of a function may be, as its schema says, or as is usual."""
    least, most = _USUAL.get(name, (-math.inf, math.inf))
    schema = tool.parameters.get("properties", {}).get(name)
    for told in [schema, *schema.get("anyOf", [])] if isinstance(schema, dict) else []:
        least, most = told.get("minimum", least), told.get("maximum", most)
    return least, most


def _as_minutes(meaning: Meaning) -> Meaning:
    """Return the answer to "for how long?" as a span of time: a bare number means minutes."""
    if meaning.intent == "duration" and "number" in meaning.slots:
        return Meaning("duration", {"duration": _float(meaning.slots["number"]) * 60})
    return meaning


def _float(value: object) -> float:
    return float(value) if isinstance(value, float | int) else 0.0
