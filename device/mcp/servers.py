"""All servers of the settings, and their tools together, no two of one name."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from typing import TYPE_CHECKING, Final, get_args

from msgspec.structs import replace

from device.mcp.offered import apart
from device.mcp.server import Server
from device.settings.tools import Builtin
from device.tools.result import NAME as RESULT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from device.settings.mcp import McpSettings
    from device.tools.registry import Tool

log = logging.getLogger(__name__)

MOST: Final = 96
"""Tools of all servers together: with our own and those of a profile, what OpenAI's Realtime takes, which is 128."""


class Servers:
    """Follows the servers of `[mcp.NAME]`; `taken` are names of tools that are others', beside those of our own."""

    def __init__(
        self,
        settings: Mapping[str, McpSettings],
        *,
        taken: Collection[str] = (),
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._servers = [Server(name, one, environ) for name, one in settings.items()]
        self._taken = {*get_args(Builtin), RESULT, *taken}
        self._tasks: list[asyncio.Task[None]] = []
        self._told = False

    def start(self) -> None:
        """Begin to follow them."""
        self._tasks = [asyncio.create_task(server.run(), name=f"mcp.{server.name}") for server in self._servers]

    async def close(self) -> None:
        """End it, with all programs that were started; harmless when repeated."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def tools(self) -> list[Tool]:
        """Return the tools that the servers have now."""
        all_names = Counter(tool.name for server in self._servers for tool in server.tools)
        found: dict[str, Tool] = {}
        for server in self._servers:
            for tool in server.tools:
                shared = tool.name in self._taken or all_names[tool.name] > 1
                name = apart(tool.name, server.name) if shared else tool.name
                if name not in self._taken and name not in found:
                    found[name] = replace(tool, name=name)
        if len(found) > MOST and not self._told:
            self._told = True
            log.warning(
                "The servers of tools have %d together, of which %d are offered: see their `tools`.", len(found), MOST
            )
        return list(found.values())[:MOST]
