"""What a model is asked for one reply, and what it is told of calls that cannot be made: once, and then it has none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from device.local.brain.calls import WrongCallError, fitted, made_before, rounds
from device.local.brain.messages import messages, tool_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.local.stages import Call, Choice, Tool, Turn

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""How often a model is asked for one reply: as usual; after it was told that its calls are wrong; without functions."""
_MOST_ROUNDS: Final = 4
"""How often it may call functions in a turn of the user's, one after the other. The client allows five."""
_WRONG: Final = "That call was not made: {why}. Call a function as it is described, or answer in one plain sentence."
_NO_CALLS: Final = "That call was not made: {why}. Call no function now: answer in one plain sentence."


class Request:
    """What a model is asked, and what it is told of its calls."""

    def __init__(self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice) -> None:
        self.turns = turns
        self.tools = tools
        self.choice = choice
        self._silent = rounds(turns) >= _MOST_ROUNDS
        """It may call nothing more."""
        self._messages = messages(turns, instructions)

    def fields(self, attempt: int) -> dict[str, Any]:
        """Return the request's fields for an attempt, of 0 to 2."""
        self._silent = self._silent or attempt == ATTEMPTS - 1
        return {"messages": self._messages, **tool_fields(() if self._silent else self.tools, self.choice)}

    def sort(self, calls: Sequence[Call]) -> tuple[list[Call], str]:
        """Return the calls that can be made, and why the first of the others cannot; of none, nothing."""
        fit: list[Call] = []
        why = ""
        for call in calls:
            try:
                one = fitted(call, () if self._silent else self.tools)
            except WrongCallError as error:
                why = why or str(error)
                continue
            if made_before(one, self.turns):
                self._silent = True
                why = why or f"{one.name} was called with the same arguments already"
            elif one not in fit:
                fit.append(one)
        if why:
            log.warning("The language model made a call that cannot be made: %s", why)
        return fit, why

    def tell(self, text: str, why: str) -> None:
        """Tell the model, once, what was wrong with what it wrote."""
        told = _NO_CALLS if self._silent else _WRONG
        self._messages = [
            *self._messages,
            {"role": "assistant", "content": text or "…"},
            {"role": "user", "content": told.format(why=why)},
        ]
