"""The brain with a language model, by any OpenAI-compatible chat-completions endpoint; the sentences come first."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from device.local.brain.completions import Completions, CompletionsError
from device.local.brain.model_reply import ModelReply, added
from device.local.brain.request import ATTEMPTS, Request
from device.local.brain.sentences import Sentences, bare_name
from device.local.brain.server import Server
from device.local.stages import Call, Choice, Cost, Pace, Text, Unmet

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from device.local.stages import Tool, Turn
    from device.settings.local import BrainSettings

log = logging.getLogger(__name__)

COVER_S: Final = 0.7
"""How long a model may be silent before something is said in its place. A choice: a longer pause is felt as a fault,
and most models that are fast enough to be talked to have begun by then."""
_INSTRUCTIONS: Final = (
    "You are {name}, a voice assistant. What you write is spoken: answer in one or two short sentences, without lists, "
    "markup or emoji. What you read was heard by a small recogniser, so words may be wrong: take the likeliest meaning."
)
"""What a model is told where the client tells it nothing: replies that are fit for speaking."""


class Chat:
    """A `Brain` that asks a language model what the built-in sentences do not surely know.

    With `covers`, it says something in place of a model that is slow to begin: in the language of the sentences.
    """

    def __init__(
        self,
        settings: BrainSettings,
        sentences: Sentences,
        name: str = "Jarvis",
        *,
        server: Server | None = None,
        covers: bool = True,
    ) -> None:
        self._server = server or Server(settings)
        self._sentences = sentences
        self._thinking = sentences.thinking if covers else ""
        self._instructions = _INSTRUCTIONS.format(name=name)

    def warm_up(self) -> None:
        """Do once what would make the first reply slow; blocking. A server that has to be found is looked for."""
        self._sentences.warm_up()
        self._server.begin()

    def knows(self, text: str) -> bool:
        """Return whether the built-in sentences know `text`: what they know as whole is so to a model too."""
        return self._sentences.knows(text)

    def free_words(self, text: str) -> list[str] | None:
        """Return those of the built-in sentences."""
        return self._sentences.free_words(text)

    async def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
        """Yield the reply, each sentence as soon as it is complete; what the sentences say if the model fails."""
        completions = self._server.completions
        if completions is None or self._needs_no_model(turns, choice):
            reply = self._sentences.reply(turns, tools, instructions, choice)
        elif not turns or (turns[-1].role != "tool" and not turns[-1].text.strip()):
            return
        else:
            request = Request(self._uncovered(turns), tools, instructions or self._instructions, choice)
            reply = self._from_model(completions, request)
            if cover := self._cover(turns):
                reply = _covered(reply, cover)
            for paced in await asyncio.to_thread(self._sentences.pace, turns):
                yield paced
        async with aclosing(reply) as items:
            async for item in items:
                yield item

    async def _from_model(
        self, completions: Completions, request: Request
    ) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
        said = False
        cost: Cost | None = None
        for attempt in range(ATTEMPTS):
            reply = ModelReply()
            async with aclosing(self._streamed(completions, request.fields(attempt), reply)) as sentences:
                async for sentence in sentences:
                    yield sentence
            said, cost = said or reply.begun, added(cost, reply.cost)
            if reply.broken:
                async with aclosing(self._instead(request, said=said)) as items:
                    async for item in items:
                        yield item
                break
            calls, why = request.sort(reply.calls)
            for call in calls:
                yield call
            if calls or (said and not why):
                break
            request.tell(reply.text, why or "nothing was said")
        else:
            if not said:
                yield Text(self._sentences.no_model)
        if cost:
            yield cost

    async def _streamed(
        self, completions: Completions, fields: dict[str, Any], reply: ModelReply
    ) -> AsyncGenerator[Text, None]:
        """Yield the sentences of a reply as they come; it is `broken` if the server fails."""
        try:
            async with aclosing(completions.ask(fields)) as chunks:
                async for chunk in chunks:
                    for sentence in reply.take(chunk):
                        yield sentence
                    if reply.goes_in_circles:
                        break
        except CompletionsError as error:
            log.warning("%s", error)
            self._server.lost()
            reply.broken = True
        for sentence in reply.rest():
            yield sentence

    async def _instead(
        self, request: Request, *, said: bool
    ) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
        """Yield what is said when the model fails: an apology in mid-reply, or else what the sentences know."""
        if said:
            yield Text(self._sentences.broken_off)
        elif request.turns[-1].role == "tool" or self._sentences.understands(request.turns[-1].text):
            reply = self._sentences.reply(request.turns, request.tools, "", request.choice)
            async with aclosing(reply) as items:
                async for item in items:
                    yield item
        else:
            yield Text(self._sentences.no_model)

    def _cover(self, turns: Sequence[Turn]) -> str:
        """Return what is said if the model is slow; nothing if something was said since the user spoke."""
        for turn in reversed(turns):
            if turn.role == "assistant" and turn.text:
                return ""
            if turn.role == "user":
                break
        return self._thinking

    def _uncovered(self, turns: Sequence[Turn]) -> list[Turn]:
        """Return the conversation without what was said in place of the model, which it would say itself next time."""
        cover = self._thinking
        return [
            replace(turn, text=turn.text.removeprefix(cover).lstrip())
            if turn.role == "assistant" and cover and turn.text.startswith(cover)
            else turn
            for turn in turns
        ]

    def _needs_no_model(self, turns: Sequence[Turn], choice: Choice) -> bool:
        """Return whether the sentences surely know what the user says, if anything, or that has been done."""
        last = turns[-1] if turns else None
        if last is None or choice.mode == "required":
            return False
        if last.role == "tool":
            return self._sentences_called(turns)
        return last.role == "user" and (not last.text.strip() or self._sentences.surely_knows(last.text))

    def _sentences_called(self, turns: Sequence[Turn]) -> bool:
        """Return whether it was the sentences that had the functions called whose outputs end the conversation."""
        user = next((turn.text for turn in reversed(turns) if turn.role == "user"), "")
        ended = {turn.call_id for turn in turns if turn.name and bare_name(turn.name) == "sleep"}
        return turns[-1].call_id in ended or (bool(user.strip()) and self._sentences.surely_knows(user))


async def _covered(
    reply: AsyncGenerator[Text | Call | Cost | Pace | Unmet, None], cover: str
) -> AsyncGenerator[Text | Call | Cost | Pace | Unmet, None]:
    """Yield a reply, and before it something else to say if it is slow to begin."""
    async with aclosing(reply):
        first = asyncio.ensure_future(anext(reply, None))
        try:
            await asyncio.wait({first}, timeout=COVER_S)
            if not first.done():
                yield Text(cover)
            item = await first
        finally:
            if not first.done():
                first.cancel()
                await asyncio.wait({first})
        while item is not None:
            yield item
            item = await anext(reply, None)
