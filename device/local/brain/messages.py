"""The conversation, the tools and the choice, as a chat-completions endpoint wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.local.stages import Choice, Tool, Turn


def messages(turns: Sequence[Turn], instructions: str) -> list[dict[str, Any]]:
    """Return the conversation as messages.

    Calls and their outputs must be told in pairs, next to each other: one without the other is left out.
    """
    outputs = {turn.call_id: turn.text for turn in turns if turn.role == "tool"}
    told: list[dict[str, Any]] = [{"role": "system", "content": instructions}]
    calls: list[Turn] = []
    for turn in turns:
        if turn.role == "assistant" and turn.name:
            if turn.call_id in outputs:
                calls.append(turn)
        elif turn.role != "tool" and (turn.text or turn.role != "assistant"):
            told += _with_outputs(calls, outputs)
            calls = []
            told.append({"role": turn.role, "content": turn.text})
    return told + _with_outputs(calls, outputs)


def _with_outputs(calls: Sequence[Turn], outputs: dict[str | None, str]) -> list[dict[str, Any]]:
    if not calls:
        return []
    made = [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
        for call in calls
    ]
    results = [{"role": "tool", "tool_call_id": call.call_id, "content": outputs[call.call_id]} for call in calls]
    return [{"role": "assistant", "content": None, "tool_calls": made}, *results]


def tool_fields(tools: Sequence[Tool], choice: Choice) -> dict[str, Any]:
    """Return the fields of a request that say which functions there are and which may be called."""
    if not tools or choice.mode == "none":
        return {}
    functions = [
        {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.parameters}}
        for t in tools
    ]
    wanted: Any = {"type": "function", "function": {"name": choice.name}} if choice.name else choice.mode
    return {"tools": functions, "tool_choice": wanted}
