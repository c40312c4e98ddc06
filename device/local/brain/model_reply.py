"""What came of a model's reply so far: sentences to be said, calls, and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.local.brain.cut import Cutter
from device.local.brain.written import Written
from device.local.stages import Call, Cost, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from device.local.brain.completions import Chunk, ToolCall

_FEW_WORDS: Final = 3
"""Sentences of so few words may come again: "Of course."."""
_CIRCLES: Final = 2
"""So many sentences that were said before, and the model goes in circles, as small ones do."""


class ModelReply:
    """Takes the events of one reply; gives out each sentence as soon as it is complete."""

    def __init__(self) -> None:
        self._written = Written()
        self._cutter = Cutter()
        self._said: set[str] = set()
        self._again = 0
        self._calls: dict[int, Call] = {}
        self.text = ""
        """All that it wrote, whatever it was."""
        self.cost: Cost | None = None
        self.broken = False
        """The server failed before its end."""

    @property
    def calls(self) -> list[Call]:
        """The calls that it made, and those that it wrote into its text."""
        return [*self._calls.values(), *self._written.calls]

    @property
    def begun(self) -> bool:
        """Whether any of it is to be said."""
        return bool(self._said)

    @property
    def goes_in_circles(self) -> bool:
        """Whether it says the same again and again, so that no more of it need be heard."""
        return self._again >= _CIRCLES

    def take(self, chunk: Chunk) -> Iterator[Text]:
        """Add an event; yield the sentences that it completes."""
        self.text += chunk.delta.content or ""
        for piece in chunk.delta.tool_calls or []:
            self._collect(piece)
        if usage := chunk.usage:
            self.cost = Cost(usage.prompt_tokens, usage.completion_tokens)
        for said in self._written.push(chunk.delta.content or ""):
            yield from self._sentences(self._cutter.push(said))

    def rest(self) -> Iterator[Text]:
        """Yield what is left at the end."""
        for said in self._written.flush():
            yield from self._sentences(self._cutter.push(said))
        yield from self._sentences(self._cutter.flush())

    def _sentences(self, found: Iterable[str]) -> Iterator[Text]:
        """Yield those that say something, and were not said before."""
        for sentence in found:
            if not any(map(str.isalnum, sentence)):
                continue
            if sentence in self._said and len(sentence.split()) > _FEW_WORDS:
                self._again += 1
                continue
            self._said.add(sentence)
            yield Text(sentence)

    def _collect(self, piece: ToolCall) -> None:
        # Some servers number none of their calls, but send each of them whole.
        at = piece.index if piece.index is not None else len(self._calls)
        known = self._calls.get(at, Call("", ""))
        # The name comes whole, by some servers again with every piece.
        name, arguments = piece.function.name or known.name, known.arguments + (piece.function.arguments or "")
        self._calls[at] = Call(name, arguments)


def added(one: Cost | None, other: Cost | None) -> Cost | None:
    """Return what two replies cost, as far as is known."""
    if one is None or other is None:
        return one or other
    return Cost(one.input_tokens + other.input_tokens, one.output_tokens + other.output_tokens)
