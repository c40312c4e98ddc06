"""Tools that run beside the conversation: what is said of them meanwhile, and when their results may be spoken of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation.actions import Action, ReturnTool, Say, StopTools
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Collection

    from device.conversation.events import ToolDone

COVER = samples(700)
"""A tool that takes longer is spoken of meanwhile; a choice: shorter pauses are usual between turns."""
AGAIN = samples(15_000)
"""One that goes on for so long is spoken of again. A choice: sooner is a nuisance, later sounds forgotten."""
COVERS = (
    "The tool's result is not there yet. Until it is, say in at most six words that you are looking that up.",
    "The tool's result is not there yet. Until it is, say in at most six words that this takes a moment.",
    "The tool's result is not there yet. Until it is, ask the user in at most six words to hold on.",
)
"""What the engine is asked to say, in turn; it stays in the conversation, so it must be true later on."""


class PendingTools:
    """The calls without a result yet, and the results that wait for the user to be silent."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._results: list[ReturnTool] = []
        self._turn = 0
        self._covered: int | None = None  # when it was spoken of last
        self._working = False  # the engine, on what it was asked for, beside the talk

    def __bool__(self) -> bool:
        return bool(self._since or self._results)

    @property
    def busy(self) -> bool:
        """Whether a tool runs, a result waits, or the engine itself works on something beside the talk."""
        return self._working or bool(self)

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._since

    def begin(self, call_id: str, at: int, *, announced: bool) -> None:
        """Note a call; `announced` if the engine said something before it."""
        if announced:
            self._covered = at
        elif not self._since:
            self._covered = None
        self._since[call_id] = at

    def done(self, event: ToolDone, *, talking: bool) -> list[ReturnTool]:
        """Take a result; return what to do about it now, while the user is `talking` or not."""
        del self._since[event.call_id]
        result = ReturnTool(event.call_id, event.output, event.reply)
        if event.reply and talking:
            self._results.append(result)
            return []
        return [result]

    def stop(self, call_ids: Collection[str] | None = None) -> list[Action]:
        """Stop those of the calls that run, all of them if it is None, and forget them."""
        running = tuple(call for call in self._since if call_ids is None or call in call_ids)
        for call in running:
            del self._since[call]
        return [StopTools(running)] if running else []

    def quiet(self) -> list[Action]:
        """Return what waited for the user to be silent."""
        results, self._results = self._results, []
        return list(results)

    def cover(self, at: int) -> Say | None:
        """Return what to have said while nothing else is, if a tool takes long; never twice the same."""
        if not self._since:
            return None
        if at < (min(self._since.values()) + COVER if self._covered is None else self._covered + AGAIN):
            return None
        self._covered = at
        self._turn += 1
        return Say(COVERS[self._turn % len(COVERS)])

    def works(self, *, on: bool) -> None:
        """Note that the engine works on something beside the talk, or is done with all of it."""
        self._working = on

    def clear(self) -> None:
        """Forget all of them."""
        self._since.clear()
        self._results.clear()

    def lost(self) -> None:
        """Forget all of them, and the engine's own work: the session is over."""
        self.clear()
        self._working = False
