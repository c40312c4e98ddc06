"""Model files fetched because somebody has asked for them at the door: by a process of its own, one at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from device.daemon import helper
from device.door.first_steps import FetchIs
from device.door.server import Refusal
from device.model_files.files import FOR_ALL, ModelError, own_manifest, places
from device.model_files.named import Fetching, is_listed
from device.system import asks

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_S: Final = 3600.0
"""A choice: the largest has 150 MB, which half a megabit a second brings."""


class Fetches:
    """Fetches files; `directory` is the setting `models_dir`."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._going: asyncio.Task[None] | None = None
        self._name = ""
        self._told = Fetching("", 0, 0)

    @property
    def now(self) -> FetchIs:
        """What is being fetched."""
        if self._going is None or self._going.done():
            return FetchIs()
        return FetchIs(self._name, self._told.what, self._told.done, self._told.size)

    async def fetch(self, name: str) -> None:
        """Fetch what a name means; return once it is here. Raises Refusal."""
        if self.now.name not in ("", name):
            raise Refusal("too_many", f"{self.now.name} is being fetched", "wait for it")
        if not self.now.name:
            _check(name)
            self._name, self._told = name, Fetching("", 0, 0)
            self._going = asyncio.create_task(self._fetch(name))
        assert self._going is not None  # noqa: S101 - as of now
        try:
            await asyncio.shield(self._going)
        except helper.HelperError as error:
            raise Refusal("failed", str(error) or "it ended without a word", "is the device on the network?") from None

    async def close(self) -> None:
        """Break off; what came is gone on with the next time. Harmless when repeated."""
        if self._going is not None:
            self._going.cancel()
            with suppress(asyncio.CancelledError, helper.HelperError):
                await self._going

    async def _fetch(self, name: str) -> None:
        command = helper.module("device.model_files.named", name, str(self.folder))
        await helper.follow(["nice", "-n", "19", *command], self._take, timeout_s=LONGEST_S)

    @property
    def folder(self) -> Path:
        """Where the files go: in the service, to where the local engine's unit finds them too."""
        return FOR_ALL if asks.is_service() and not self._directory else places(self._directory)[0]

    def _take(self, line: bytes) -> None:
        with suppress(msgspec.DecodeError):
            self._told = msgspec.json.decode(line, type=Fetching)


def _check(name: str) -> None:
    """See that a name means files. Raises Refusal."""
    if is_listed(name):
        return
    try:
        own_manifest().select([name])
    except ModelError:
        raise Refusal("unknown", f"no model files are called {name!r}") from None
