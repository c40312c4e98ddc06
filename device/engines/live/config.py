"""What is asked of GPT-Live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.engines.config import Config
from device.engines.live.text import latest
from device.settings.engines import LiveEngine
from device.wire import live as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.engine import Said

RATE: Final = 24_000
"""Hz, in both directions."""

BACKEND: Final = """\
You work for a voice assistant, which hands you what it cannot do by itself and speaks of what you return. Use your
tools; never guess what they know. Return what is to be said in one or two plain sentences, without markdown.
The voice assistant was told this:"""


class LiveConfig(Config[LiveEngine], frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    section: str = "engine.gpt-live"

    @property
    def delegate(self) -> str:
        """Which of the tools gets what the model hands over; empty if there is no such tool."""
        known = any(tool.name == self.engine.delegate for tool in self.wanted.tools)
        return self.engine.delegate if known else ""


def session_of(config: LiveConfig, history: Sequence[Said]) -> wire.Session:
    """Return what is asked of the server, with the history that it takes."""
    return wire.Session(
        model=config.model,
        instructions=_instructions(config) or None,
        input=[_message(said) for said in latest(history)] or None,
        audio=wire.Audio(
            format=wire.AudioFormat(type="audio/pcm", rate=RATE),
            output=wire.AudioOutput(voice=config.engine.voice or None),
        ),
        delegation=_delegation(config),
    )


def _delegation(config: LiveConfig) -> wire.Delegation:
    if config.delegate or not (config.engine.backend and config.wanted.tools):
        return wire.Delegation(type="client")
    tools = [
        wire.FunctionTool(type="function", name=tool.name, description=tool.description, parameters=tool.parameters)
        for tool in config.wanted.tools
    ]
    instructions = f"{BACKEND}\n\n{config.wanted.instructions}"
    return wire.Delegation(
        type="responses",
        responses=wire.ResponsesConfig(model=config.engine.backend, instructions=instructions, tools=tools),
    )


def _instructions(config: LiveConfig) -> str:
    """Return the instructions, and what can be delegated: the model that speaks does not know the tools."""
    if config.delegate:
        tools = [tool for tool in config.wanted.tools if tool.name == config.delegate]
    else:
        tools = list(config.wanted.tools) if config.engine.backend else []
    known = "\n".join(f"- {tool.name}: {tool.description}" for tool in tools)
    return "\n\n".join(
        filter(None, (config.wanted.instructions, known and f"Delegate whatever needs one of these:\n{known}"))
    )


def _message(said: Said) -> wire.InitialMessage:
    part = wire.Content(type="input_text" if said.role == "user" else "output_text", text=said.text)
    return wire.InitialMessage(type="message", role=said.role, content=[part])
