"""What the engine's model can have done: tools with typed arguments, by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from device.conversation.engine import ToolSpec
from device.conversation.events import Submitted
from device.settings.schema import inline_refs
from device.settings.tools import TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

log = logging.getLogger(__name__)

ANNOUNCE = "This takes a while: before you call it, say in a few words that you are looking."
"""What the model is told of a slow tool, so that the user is not left in silence."""


LONGEST = 100_000
"""Characters of the arguments of a call. A choice: a result of a long conversation is a tenth of it."""
LONGEST_NAME = 64
"""Characters of a tool's name that are repeated; no engine lets one be longer."""


class Arguments(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of the types of tools' arguments; the model sees the description in each field's `Meta`."""


class Nothing(Arguments, frozen=True):
    """No arguments."""


class ToolError(Exception):
    """A tool cannot do what it is asked; the message is for the model, which tells the user."""


class ToolResult(Struct, frozen=True):
    """What a call came to."""

    output: str
    """JSON text for the model: what the tool returned, or `{"error": …}`."""
    sleep: bool = False
    """True if the conversation shall end once the reply is over."""
    reply: bool = True
    """False if the model need not speak of it."""
    result: Submitted | None = None
    """The conversation's result, if that is what the call was for."""


class Tool(Struct, frozen=True, kw_only=True):
    """A function that the model may call.

    `handler` takes an `arguments` and returns what goes to JSON, or a `ToolResult`.
    """

    name: str
    description: str
    """For the model: what it does and when to call it."""
    arguments: type[Arguments | msgspec.Raw]
    parameters: dict[str, Any] | None = None
    """Their JSON schema, where the type does not say it."""
    handler: Callable[[Any], Awaitable[Any]]
    sleep: bool = False
    """As in `ToolResult`, after success."""
    reply: bool = True
    slow: bool = False
    """It takes longer than a pause between two sentences: the model is told to say something first."""
    timeout_s: float | None = None
    """When a call has failed, as far as the model is concerned; None: as the registry has it."""

    def spec(self) -> ToolSpec:
        """Return what the engine is told of this tool."""
        schema = msgspec.json.schema(self.arguments) if self.parameters is None else self.parameters
        parameters = inline_refs(schema, schema.get("$defs", {}))
        # What the struct's docstring says is for readers of the code.
        for key in ("$defs", "title", "description"):
            parameters.pop(key, None)
        description = f"{self.description} {ANNOUNCE}" if self.slow else self.description
        return ToolSpec(self.name, description, {"properties": {}, **parameters})


class Registry:
    """Tools by name. Raises ValueError for two of one name.

    `changing` returns those that come and go, with names of their own.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        timeout_s: float = TIMEOUT_S,
        changing: Callable[[], Iterable[Tool]] = tuple,
    ) -> None:
        self._tools: dict[str, Tool] = {}
        self._changing = changing
        self._timeout_s = timeout_s
        for tool in tools:
            if tool.name in self._tools:
                raise ValueError(f"there are two tools called {tool.name}")
            self._tools[tool.name] = tool

    def offering(
        self, names: Collection[str], more: Iterable[Tool] = (), changing: Callable[[], Iterable[Tool]] = tuple
    ) -> Registry:
        """Return a registry of those of the tools that are among `names`, and `more`. Raises ValueError as for new."""
        kept = [tool for tool in self._tools.values() if tool.name in names]
        return Registry([*kept, *more], timeout_s=self._timeout_s, changing=changing)

    def specs(self) -> list[ToolSpec]:
        """Return what engines are told of the tools."""
        return [tool.spec() for tool in self._now().values()]

    async def call(self, name: str, arguments: str) -> ToolResult:
        """Call tool `name` with JSON text as the model wrote it. Whatever goes wrong becomes an `{"error": …}`."""
        tools = self._now()
        tool = tools.get(name)
        if tool is None:
            return _error(f"there is no tool called {name[:LONGEST_NAME]!r}; there are {', '.join(tools) or 'none'}")
        try:
            decoded = _decoded(arguments, tool)
        except ToolError as fault:
            return _error(str(fault))
        timeout_s = self._timeout_s if tool.timeout_s is None else tool.timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                output = await tool.handler(decoded)
            return output if isinstance(output, ToolResult) else _result(tool, output)
        except ToolError as fault:
            return _error(str(fault))
        except TimeoutError:
            log.warning("The tool %s took longer than %g s.", name, timeout_s)
            return _error(f"{name} took longer than {timeout_s:g} s")
        except Exception:  # a tool's fault must not end the conversation
            log.exception("The tool %s failed.", name)
            return _error(f"{name} failed because of a fault in the device; its log says more")

    def _now(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self._changing()} | self._tools


def _decoded(arguments: str, tool: Tool) -> Any:
    """Return the arguments of a call. Raises ToolError."""
    if len(arguments) > LONGEST:
        raise ToolError(f"the arguments for {tool.name} have more than {LONGEST} characters")
    try:
        # Some models send nothing at all when there are no arguments.
        return msgspec.json.decode(arguments.strip() or "{}", type=tool.arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise ToolError(f"bad arguments for {tool.name}: {fault}") from None


def _result(tool: Tool, output: Any) -> ToolResult:
    return ToolResult(msgspec.json.encode(output).decode(), sleep=tool.sleep, reply=tool.reply)


def _error(message: str) -> ToolResult:
    return ToolResult(msgspec.json.encode({"error": message}).decode())
