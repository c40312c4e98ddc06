"""A conversation with the local engine's brain, as the daemon would hold it, without audio."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from device.bench.requests.judge import Called, Outcome
from device.local.stages import Call, Choice, Text, Turn

if TYPE_CHECKING:
    from device.bench.requests.household import Household
    from device.bench.requests.plan import Request
    from device.local.stages import Brain
    from device.tools.registry import ToolResult

ROUNDS: Final = 5
"""How often a brain may call tools in a turn: what takes longer goes in circles."""


class Conversation:
    """What was said and done so far, and what is said to it."""

    def __init__(self, brain: Brain, household: Household, instructions: str = "") -> None:
        self._brain = brain
        self._household = household
        self._instructions = instructions
        self._turns: list[Turn] = []

    async def ask(self, text: str) -> Outcome:
        """Say something, have the tools called, and return what came of it. Raises BrainError."""
        self._turns.append(Turn("user", text))
        said: list[str] = []
        called: list[Called] = []
        for _ in range(ROUNDS):
            calls = await self._reply(said)
            results = [await self._call(call, called) for call in calls]
            if not any(result.reply for result in results):
                break
        household = self._household
        return Outcome(" ".join(said), tuple(called), household.volume, household.left_s)

    async def _reply(self, said: list[str]) -> list[Call]:
        calls = []
        reply = self._brain.reply(tuple(self._turns), self._household.tools, self._instructions, Choice())
        spoken = []
        async with aclosing(reply) as items:
            async for item in items:
                if isinstance(item, Text):
                    spoken.append(item.text)
                elif isinstance(item, Call):
                    calls.append(item)
        if spoken:
            self._turns.append(Turn("assistant", " ".join(spoken)))
            said += spoken
        return calls

    async def _call(self, call: Call, called: list[Called]) -> ToolResult:
        number = f"call_{len(self._turns)}"
        self._turns.append(Turn("assistant", call_id=number, name=call.name, arguments=call.arguments))
        result = await self._household.registry.call(call.name, call.arguments)
        self._turns.append(Turn("tool", result.output, call_id=number))
        called.append(Called(call.name, _object(call.arguments), result.output, "error" not in _object(result.output)))
        return result


async def outcome(
    request: Request, brain: Brain, household: Household, instructions: str = "", *, say: str | None = None
) -> Outcome:
    """Return what comes of a request, and what is said before it, in a conversation of its own. Raises BrainError.

    `say` is what it was heard as, if it was not read.
    """
    conversation = Conversation(brain, household, instructions)
    for text in request.before:
        await conversation.ask(text)
    household.wait(request.wait_s)
    return await conversation.ask(request.say if say is None else say)


def _object(text: str) -> dict[str, object]:
    """Return what is in JSON text; nothing if it is no object."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
