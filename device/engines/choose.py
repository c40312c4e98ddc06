"""The engine that the settings name: makes its sessions, and starts the local one when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.engines.beside import LocalEngine
from device.engines.realtime import from_settings
from device.prompt import instructions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.engines.contract import EngineSession, ToolSpec
    from device.settings import Settings


class Engines:
    """Sessions with the engine in force; `config` is handed to a local engine that is started here."""

    def __init__(self, settings: Settings, config: Path | None = None, *, reuse: bool = True) -> None:
        self._settings = settings
        self.local = LocalEngine(settings.local, config, reuse=reuse)

    async def prepare(self) -> None:
        """Start what takes time to start. Raises EngineError."""
        if self._settings.engine == "local":
            await self.local.url()

    async def session(self, tools: Sequence[ToolSpec]) -> EngineSession:
        """Return a session, yet to be opened, in which `tools` may be called. Raises EngineError."""
        url = await self.local.url() if self._settings.engine == "local" else ""
        return from_settings(self._settings, tools, instructions(self._settings), local_url=url)

    async def close(self) -> None:
        """End what was started here; harmless when repeated."""
        await self.local.close()
