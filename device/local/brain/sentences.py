"""The brain without a model: it knows sentences, calls the client's tools for what has effects, and does sums."""

from __future__ import annotations

import asyncio
import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from device.language.language import load_language
from device.language.phrases import Phrases
from device.local.brain.context import Context
from device.local.brain.cut import sentences
from device.local.brain.outputs import say
from device.local.brain.understand import LONGEST, Understanding, free_words
from device.local.stages import BrainError, Call, Choice, Pace, Text, Turn, Unmet
from device.skills.cannot.skill import CANNOT
from device.skills.farewell.skill import ENDS
from device.skills.skill import Meaning, Talk
from device.skills.skills import SKILLS, readable
from device.skills.speech.skill import pace
from device.system.wall_clock import local_time

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from datetime import datetime

    from device.local.stages import Cost, Tool
    from device.skills.skill import Skill

_USUAL: Final = (-math.inf, math.inf)
_SKILLS: Final = {skill.name: skill for skill in SKILLS}
_TOOLS: Final = {tool: skill for skill in SKILLS for tool in {*skill.calls.values(), *skill.outputs}}
_ONLY_ASKED: Final = {intent for skill in SKILLS for intent in skill.answers_to}
_FOLLOWS: Final = {intent for skill in SKILLS for intent in skill.follows}
_NAMES = sorted(_TOOLS)
_PREFIXED = re.compile(
    rf".*?(?:[-.:/]|__)({'|'.join(_NAMES)})|.*?_({'|'.join(name for name in _NAMES if '_' in name)})", re.DOTALL
)
"""A name with that of a server, an integration or an agent before it. A plain `tv_mute` is something else."""


class Sentences:
    """A `Brain` that knows the sentences of a language file.

    `names` are what the assistant is called, the first being what it calls itself: what is left of them at the
    beginning of a sentence is passed over. Raises `LanguageError`.
    """

    def __init__(
        self, language: str = "en", names: Sequence[str] = ("Jarvis",), now: Callable[[], datetime] | None = None
    ) -> None:
        self._language = load_language(language)
        self._phrases = Phrases(self._language, names[0])
        self._now = now or local_time
        talk = Talk(language=self._language, phrases=self._phrases, now=self._now)
        self._understanding = Understanding(self._language, names, lambda meaning: readable(meaning, talk))
        self._thread = ThreadPoolExecutor(1, "sentences")

    def warm_up(self) -> None:
        """Do once what takes the first sentence 100 ms; blocking."""
        self._understanding.warm_up()

    def knows(self, text: str) -> bool:
        """Return whether `text` is, as a whole, a sentence to which people seldom add anything."""
        return self._understanding.whole(text)

    def free_words(self, text: str) -> list[str] | None:
        """Return the words of `text` that might be any; None if it is, as a whole, no sentence that it knows.

        Nor does it know what it can only refuse because of any words.
        """
        meaning = self._understanding.sentence(text)
        if meaning is None:
            return None
        free = free_words(meaning)
        return None if free and self._language.skill_of[meaning.intent] == CANNOT.name else free

    async def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
        """Yield the reply; `instructions` are for models. Raises `BrainError` if `choice` cannot be obeyed."""
        del instructions
        reply = self._reply(turns, () if choice.mode == "none" else tools)
        if choice.mode == "required":
            yield await asyncio.wrap_future(self._thread.submit(reply.required, choice.name))
            return
        # In a thread: what is not known takes a tenth of a second, and other sessions must not wait for it.
        for item in await asyncio.wrap_future(self._thread.submit(lambda: self._items(turns, reply))):
            yield item

    def _items(self, turns: Sequence[Turn], reply: _Reply) -> list[Text | Call | Pace | Unmet]:
        return [*self.pace(turns, reply.meanings()), *reply.items()]

    def pace(self, turns: Sequence[Turn], asked: Sequence[Meaning] = ()) -> list[Pace]:
        """Return how fast to speak after what the user has said in `turns`, if not as usual; may take 100 ms a turn.

        `asked` is what the last turn means, if that is known.
        """
        said = [turn.text for turn in (turns[:-1] if asked else turns) if turn.role == "user"]
        before = [meaning for text in said for meaning in self._paced(text)]
        speed = pace(meaning.intent for meaning in [*before, *asked])
        return [] if speed == 1.0 else [Pace(speed)]

    def _paced(self, text: str) -> list[Meaning]:
        # Only such are looked for in all that was said before: each is a sentence by itself, and known in no time.
        return self._understanding.meanings(text) if self._understanding.whole(text) else []

    def _reply(self, turns: Sequence[Turn], tools: Sequence[Tool]) -> _Reply:
        ours = {bare_name(tool.name) for tool in tools} | {tool.name for tool in tools}
        said = [turn.text for turn in turns if turn.role == "assistant" and turn.text]
        heard = [turn.text for turn in turns if turn.role == "user"]
        talk = Talk(
            language=self._language,
            phrases=self._phrases,
            now=self._now,
            tools=frozenset(ours),
            count=max(0, sum(turn.role == "user" for turn in turns) - 1),
            last=said[-1].strip() if said else "",
            heard=heard[-2].strip() if len(heard) > 1 else "",
        )
        return _Reply(self._understanding, talk, turns, tools)

    def ends_conversation(self, text: str) -> bool:
        """Return whether `text` is a stop, a goodbye or the like and nothing else."""
        meanings = self._understanding.meanings(text)
        return bool(meanings) and all(meaning.intent in ENDS for meaning in meanings)

    def surely_knows(self, text: str) -> bool:
        """Return whether all of `text` is one of its sentences, which it can answer: a model would know no better."""
        meanings = self._understanding.meanings(text) if self.knows(text) else []
        return bool(meanings) and not any(self._left_to_models(meaning.intent) for meaning in meanings)

    def _left_to_models(self, intent: str) -> bool:
        """Return whether a model may know more of it, or it means something only after what was said before."""
        skill = _SKILLS[self._language.skill_of[intent]]
        return intent in {*_ONLY_ASKED, *_FOLLOWS, "another"} or skill is CANNOT or bool(skill.instead)

    def understands(self, text: str) -> bool:
        """Return whether `text` means something to it, beyond being a question or a wish."""
        return any(not self._language.intents[m.intent].last for m in self._understanding.meanings(text))

    @property
    def thinking(self) -> str:
        """What is said while a model is slow to begin."""
        return self._phrases.phrase("thinking")

    @property
    def no_model(self) -> str:
        """What is said if a model gives no answer."""
        return self._phrases.phrase("no_model")

    @property
    def broken_off(self) -> str:
        """What is said if a model's answer breaks off."""
        return self._phrases.phrase("broken_off")


class _Reply:
    """One reply to one conversation."""

    def __init__(self, understanding: Understanding, talk: Talk, turns: Sequence[Turn], tools: Sequence[Tool]) -> None:
        self._understanding = understanding
        self._talk = talk
        self._turns = turns
        self._offered = {tool.name: tool for tool in tools}
        self._tools = {bare_name(name): name for name in reversed(self._offered)}
        self._tools |= {name: name for name in self._offered}
        """The client's names of its functions, by ours."""
        self._context = Context(understanding, talk, turns, bare_name)

    def meanings(self) -> list[Meaning]:
        """Return what the user means, of what can be done; nothing if somebody else spoke last."""
        if not self._turns or self._turns[-1].role != "user":
            return []
        meant = map(self._possible, self._context.meanings(len(self._turns) - 1))
        return [one for one in meant if readable(one, self._talk)]

    def _possible(self, meaning: Meaning) -> Meaning:
        """Return what is meant, or what stands for it where the client has no function for that."""
        skill = self._skill(meaning)
        lacks = meaning.intent in skill.calls and skill.calls[meaning.intent] not in self._tools
        return Meaning(skill.instead, {}, meaning.weight) if lacks and skill.instead else meaning

    def items(self) -> Iterator[Text | Call | Unmet]:
        """Yield what to say and to call."""
        last = self._turns[-1] if self._turns else None
        if last is None:
            return
        if last.role == "tool":
            yield from self._after_tools()
        elif last.role == "user" and last.text.strip():
            yield from self._to_user(last.text)
        elif last.role == "user":
            yield Text(self._talk.phrase("silence"))
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

    def _to_user(self, text: str) -> Iterator[Text | Call | Unmet]:
        meanings = self.meanings()
        if not meanings and any(letter.isalnum() for letter in text):
            yield Unmet("not understood")
            yield Text(self._talk.phrase("too_long" if len(text) > LONGEST else "unknown"))
        calls: list[Call] = []
        answered: set[str] = set()
        for meaning in meanings:
            if (skill := self._skill(meaning)).once and skill.name in answered:
                continue
            answered.add(skill.name)
            if skill.once:
                yield Unmet(meaning.intent.replace("_", " "))
            said = self._refusal(meaning) or self._answer(meaning)
            yield from map(Text, sentences(said))
            call = None if said and not self._skill(meaning).speaks_first else self._call(meaning)
            if call and call not in calls:
                calls.append(call)
        yield from calls

    def _skill(self, meaning: Meaning) -> Skill:
        return _SKILLS[self._talk.language.skill_of[meaning.intent]]

    def _answer(self, meaning: Meaning) -> str:
        """Return what to say before, or in place of, a call; "" for nothing."""
        return self._skill(meaning).answer(meaning, self._talk)

    def _refusal(self, meaning: Meaning) -> str:
        """Return why what is meant cannot be done, "" if it can."""
        skill = self._skill(meaning)
        tool = skill.calls.get(meaning.intent)
        if tool is None:
            return ""
        if tool not in self._tools:
            return self._talk.phrase(skill.unavailable) if skill.unavailable else ""
        for name, value in skill.arguments(meaning, self._talk).items():
            least, most = _range(self._offered[self._tools[tool]], name, skill)
            if isinstance(value, int) and not least <= value <= most:
                return skill.out_of_range(name, value, most, self._talk)
        return ""

    def _call(self, meaning: Meaning) -> Call | None:
        """Return the call of the client's function that does what is meant, if it has declared it."""
        skill = self._skill(meaning)
        tool = skill.calls.get(meaning.intent)
        if tool is None or tool not in self._tools:
            return None
        given = {name: value for name, value in skill.arguments(meaning, self._talk).items() if value != ""}
        return Call(self._tools[tool], json.dumps(given))

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
            yield from map(Text, say(_TOOLS.get(tool), tool, turn.text, self._asked(turn), self._talk))

    def _asked(self, turn: Turn) -> list[Meaning]:
        """Return what the user meant whose words led to the output `turn`."""
        before = list(self._turns[: self._turns.index(turn)])
        user = next((at for at in reversed(range(len(before))) if before[at].role == "user"), None)
        return [] if user is None else self._context.meanings(user)


def bare_name(name: str) -> str:
    """Return our name of a client's function: without what stands before it, as in `timers-set_timer`."""
    found = _PREFIXED.fullmatch(name)
    return found[1] or found[2] if found else name


def _range(tool: Tool, name: str, skill: Skill) -> tuple[float, float]:
    """Return the least and the most that the argument of a function may be, as its schema says, or as is usual."""
    least, most = skill.usual.get(name, _USUAL)
    schema = tool.parameters.get("properties", {}).get(name)
    for told in [schema, *schema.get("anyOf", [])] if isinstance(schema, dict) else []:
        least, most = told.get("minimum", least), told.get("maximum", most)
    return least, most
