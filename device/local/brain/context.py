"""What was said before, as far as it matters to what is said now: "and that squared", "the pasta one"."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from device.language.when import When
from device.skills.skill import Meaning
from device.skills.skills import SKILLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from device.local.brain.understand import Understanding
    from device.local.stages import Turn
    from device.skills.skill import Talk

_AGAIN: Final = {intent: again for skill in SKILLS for intent, again in skill.again.items()}
_ONLY_ASKED: Final = {intent: phrase for skill in SKILLS for intent, phrase in skill.answers_to.items()}
_WHICH: Final = frozenset(intent for skill in SKILLS for intent in skill.says_which)
_FOLLOWS: Final = frozenset(intent for skill in SKILLS for intent in skill.follows)
_TOOLS: Final = {tool: skill.name for skill in SKILLS for tool in {*skill.calls.values(), *skill.outputs}}
_BY_NAME: Final = {skill.name: skill for skill in SKILLS}
_BACK: Final = 4
"""Turns of the user's that are looked at again: who comes back to something later names it."""


class Context:
    """A conversation, `turns`; `bare_name` is our name of a client's function."""

    def __init__(
        self, understanding: Understanding, talk: Talk, turns: Sequence[Turn], bare_name: Callable[[str], str]
    ) -> None:
        self._understanding = understanding
        self._talk = talk
        self._turns = turns
        self._bare_name = bare_name
        self._known: dict[int, list[Meaning]] = {}

    def meanings(self, at: int) -> list[Meaning]:
        """Return what the user means by a turn, after all that was said before it."""
        return self._meanings(at, _BACK)

    def _meanings(self, at: int, back: int) -> list[Meaning]:
        if at not in self._known:
            self._known[at] = [*self._found(at, back)]
        return self._known[at]

    def _found(self, at: int, back: int) -> Iterator[Meaning]:
        text = self._turns[at].text
        if (answer := self._answer(at, back)) is not None:
            yield answer
            return
        about = self._about(at, back)
        yield from self._corrected(at, about) or self._in_context(self._understanding.meanings(text, about), at, back)

    def _in_context(self, meanings: Sequence[Meaning], at: int, back: int) -> Iterator[Meaning]:
        """Yield what is meant by a turn that means this by itself."""
        for meaning in meanings:
            if meaning.intent == "another":
                yield self._once_more(at)
            elif meaning.intent in _FOLLOWS:
                if before := self._earlier(at, meaning.intent, back):
                    yield Meaning(meaning.intent, {**meaning.slots, "before": before}, meaning.weight)
            elif meaning.intent not in _ONLY_ASKED or self._asked(at, meaning.intent):
                yield meaning

    def _corrected(self, at: int, about: str) -> list[Meaning]:
        """Return what is to be done if a turn says one value of the request before it otherwise; nothing if not."""
        before = next(iter(self._before(at, 1)), None)
        if before is None:
            return []
        found = self._understanding.correction(self._turns[before].text, self._turns[at].text, about)
        if found is None:
            return []
        skill = _BY_NAME[self._talk.language.skill_of[found[0].intent]]
        return skill.corrected(*found, self._outputs(before, at))

    def _outputs(self, begin: int, end: int) -> list[dict[str, Any]]:
        """Return what tools gave between two turns."""
        found = []
        for turn in self._turns[begin:end]:
            with suppress(ValueError):
                found += [json.loads(turn.text)] if turn.role == "tool" else []
        return [output for output in found if isinstance(output, dict)]

    def _answer(self, at: int, back: int) -> Meaning | None:
        """Return what a turn means as the answer to the question before it; None if it is none."""
        for intent in _ONLY_ASKED:
            if intent not in self._talk.language.intents or not self._asked(at, intent):
                continue
            if (answer := self._understanding.answer(self._turns[at].text, intent)) and self._possible(answer, at):
                return self._completed(answer, at, back)
        return None

    def _asked(self, at: int, intent: str) -> bool:
        """Return whether what was said before a turn asks for such an answer."""
        return self._talk.phrases.is_one_of(_ONLY_ASKED[intent], self._said_before(at))

    def _said_before(self, at: int) -> str:
        said = (turn.text for turn in reversed(self._turns[:at]) if turn.role == "assistant" and turn.text)
        return next(said, "").strip()

    def _possible(self, answer: Meaning, at: int) -> bool:
        """Return whether an answer that says which is among those that there are to choose from."""
        name = str(answer.slots.get("name", ""))
        return (
            answer.intent not in _WHICH
            or re.search(rf"\b{re.escape(name)}", self._said_before(at), re.IGNORECASE) is not None
        )

    def _completed(self, answer: Meaning, at: int, back: int) -> Meaning:
        """Return the answer to a question with what was said before it: a timer's name, a day, what to remind of."""
        earlier = self._earlier(at, answer.intent, back)
        if earlier is None:
            return answer
        slots = {**earlier.slots, **answer.slots}
        day, clock = earlier.slots.get("when"), answer.slots.get("when")
        if isinstance(day, When) and isinstance(clock, When) and day.fits(clock):
            slots["when"] = day.with_(clock)
        return Meaning(earlier.intent if answer.intent in _WHICH else answer.intent, slots, answer.weight)

    def _earlier(self, at: int, intent: str, back: int) -> Meaning | None:
        """Return what the user asked for last, before a turn, of the skill of an intent."""
        skill_of = self._talk.language.skill_of
        for before in self._before(at, back):
            for meaning in self._meanings(before, back - 1):
                if skill_of[meaning.intent] == skill_of[intent]:
                    return meaning
        return None

    def _before(self, at: int, back: int) -> list[int]:
        """Return the turns of the user before one, the last first, as far back as is looked."""
        return [n for n in reversed(range(at)) if self._turns[n].role == "user" and self._turns[n].text][:back]

    def _about(self, at: int, back: int) -> str:
        """Return the skill that was used last before a turn, with a tool or without."""
        before = self._before(at, back)
        for n in reversed(range(at)):
            if (name := self._turns[n].name) and (skill := _TOOLS.get(self._bare_name(name))):
                return skill
            if n in before:
                asked = [meaning for meaning in self._meanings(n, back - 1) if meaning.weight]
                if asked:
                    return self._talk.language.skill_of[asked[-1].intent]
        return ""

    def _once_more(self, at: int) -> Meaning:
        """Return what was asked for last, of what can be had again; a joke if nothing was."""
        before = [turn.text for turn in self._turns[:at] if turn.role == "user"]
        meant = (meaning.intent for text in reversed(before) for meaning in self._understanding.meanings(text))
        return Meaning(next((_AGAIN[intent] for intent in meant if intent in _AGAIN), "joke"), {})
