"""A door whose settings, transcripts, costs and codes are real, of a daemon that hears and says nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, cast

from support.scripted_door import snapshot

from device.daemon.requests import Requests
from device.door.codes import PageCodes
from device.door.server import Server
from device.settings.last_good import InForce
from device.settings.loading import read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.daemon.upkeep.answers import Answer
    from device.door import messages as door


class OwnerDoor:
    """A door at `path`, to what the settings file `config` makes; `restarted` once it is to start anew."""

    def __init__(
        self,
        path: Path,
        config: Path,
        now: door.Snapshot | None = None,
        others: Mapping[type[door.Request], Answer] | None = None,
    ) -> None:
        self.path, self.config = path, config
        self.now = now or snapshot()
        self.codes = PageCodes()
        self.restarted = asyncio.Event()
        self.others = others
        """What `Requests` is to have answered by others: nothing, or what a test makes up."""

    async def open(self) -> None:
        """Listen, with the settings that the file has now in force."""
        nobody = cast("Any", None)
        requests = Requests(
            nobody,
            nobody,
            self.codes,
            nobody,
            InForce(read(self.config)),
            config=self.config,
            restart=self.restarted.set,
            others=self.others,
        )
        self.server = Server(self.path, requests.answer, lambda: self.now)
        assert await self.server.open()

    async def close(self) -> None:
        """Hang up on everybody, and listen no more."""
        await self.server.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
