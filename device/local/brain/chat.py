"""The brain with a language model, by any OpenAI-compatible chat-completions endpoint."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from device.local.brain.completions import Chunk, Completions, CompletionsError, ToolCall
from device.local.brain.cut import Cutter
from device.local.brain.messages import messages, tool_fields
from device.local.brain.sentences import Sentences, bare_name
from device.local.stages import Call, Choice, Cost, Text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from device.local.stages import Tool, Turn
    from device.settings.local import BrainSettings

log = logging.getLogger(__name__)

_INSTRUCTIONS: Final = (
    "You are {name}, a voice assistant. What you write is spoken: answer in one or two short sentences, without lists, "
    "markup or emoji. What you read was heard by a small recogniser, so words may be wrong: take the likeliest meaning."
)
"""What a model is told where the client tells it nothing: replies that are fit for speaking."""
_APOLOGY: Final = "Sorry, my language model does not answer. The log says why."
_APOLOGY_AFTERWARDS: Final = "Sorry, I lost the rest of that."


class Chat:
    """A `Brain` that asks a language model; only stop, goodbye and the like are understood without it."""

    def __init__(self, settings: BrainSettings, sentences: Sentences, name: str = "Jarvis") -> None:
        self._completions = Completions(settings)
        self._sentences = sentences
        self._instructions = _INSTRUCTIONS.format(name=name)

    def warm_up(self) -> None:
        """Do once what would make the first reply slow; blocking."""
        self._sentences.warm_up()

    def knows(self, text: str) -> bool:
        """Return whether the built-in sentences know `text`: what they know as whole is so to a model too."""
        return self._sentences.knows(text)

    async def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost, None]:
        """Yield the reply, each sentence as soon as it is complete; an apology if the model fails."""
        if self._needs_no_model(turns, choice):
            async with aclosing(self._sentences.reply(turns, tools, instructions, choice)) as known:
                async for item in known:
                    yield item
            return
        if not turns or (turns[-1].role != "tool" and not turns[-1].text.strip()):
            return
        request = {"messages": messages(turns, instructions or self._instructions), **tool_fields(tools, choice)}
        completion, broken = _Completion(), False
        try:
            async with aclosing(self._completions.ask(request)) as chunks:
                async for chunk in chunks:
                    for sentence in completion.take(chunk):
                        yield sentence
        except CompletionsError as error:
            log.warning("%s", error)
            broken = True
        for item in completion.rest(broken=broken):
            yield item

    def _needs_no_model(self, turns: Sequence[Turn], choice: Choice) -> bool:
        """Return whether the user says nothing, or stop or goodbye, or that has been done."""
        last = turns[-1] if turns else None
        if last is None or choice.mode == "required":
            return False
        if last.role == "tool":
            ended = {turn.call_id for turn in turns if turn.name and bare_name(turn.name) == "sleep"}
            return last.call_id in ended
        return last.role == "user" and (not last.text.strip() or self._sentences.ends_conversation(last.text))


class _Completion:
    """What came of a completion so far."""

    def __init__(self) -> None:
        self._cutter = Cutter()
        self._said = False
        self._calls: dict[int, Call] = {}
        self._cost: Cost | None = None

    def take(self, chunk: Chunk) -> Iterator[Text]:
        """Add an event; yield the sentences that it completes."""
        for sentence in self._cutter.push(chunk.delta.content or ""):
            self._said = True
            yield Text(sentence)
        for piece in chunk.delta.tool_calls or []:
            self._collect(piece)
        if usage := chunk.usage:
            self._cost = Cost(usage.prompt_tokens, usage.completion_tokens)

    def rest(self, *, broken: bool) -> Iterator[Text | Call | Cost]:
        """Yield what is left at the end; if it broke off, an apology in place of calls that may be incomplete."""
        for sentence in self._cutter.flush():
            self._said = True
            yield Text(sentence)
        if broken:
            yield Text(_APOLOGY_AFTERWARDS if self._said else _APOLOGY)
        else:
            yield from self._calls.values()
        if self._cost:
            yield self._cost

    def _collect(self, piece: ToolCall) -> None:
        # Some servers number none of their calls, but send each of them whole.
        at = piece.index if piece.index is not None else len(self._calls)
        known = self._calls.get(at, Call("", ""))
        # The name comes whole, by some servers again with every piece.
        name, arguments = piece.function.name or known.name, known.arguments + (piece.function.arguments or "")
        self._calls[at] = Call(name, arguments)
