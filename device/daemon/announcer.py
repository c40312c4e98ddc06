"""What the device is asked to say by itself: spoken by the local engine's voice, and heard once nobody speaks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.conversation.entries import Announcement
from device.conversation.events import Announced
from device.daemon.reader import Speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.loudspeaker import Loudspeaker
    from device.conversation.entries import Entry
    from device.daemon.inbox import Inbox
    from device.daemon.reader import Speak
    from device.daemon.watcher import Watcher

MOST: Final = 8
"""Texts that wait to be heard; a choice: who asks for more does not care whether they are."""


class CannotSay(Exception):  # noqa: N818 - it is an answer
    """A text is not said; says why."""


class _Waiting(Struct):
    """A text that is not heard to its end yet."""

    speech: Speech
    text: str
    over: asyncio.Future[str]


class Announcer:
    """Has texts said, by `speak` if there is a voice; `now` is the position on the device's clock."""

    def __init__(
        self, playout: Loudspeaker, inbox: Inbox, now: Callable[[], int], watcher: Watcher, speak: Speak | None = None
    ) -> None:
        self._playout, self._inbox, self._now, self._watcher, self._speak = playout, inbox, now, watcher, speak
        self._count = self._speaking = 0
        self._waiting: dict[str, _Waiting] = {}

    async def say(self, text: str, *, shown: bool = True) -> bool:
        """Say a text; return whether all of it was heard. Unless `shown`, nobody sees its words. Raises CannotSay."""
        if self._speak is None:
            raise CannotSay("there is no voice")
        if self._speaking + len(self._waiting) >= MOST:
            raise CannotSay(f"{MOST} texts wait to be said already")
        self._speaking += 1
        try:
            speech = await self._speak(text)
        finally:
            self._speaking -= 1
        if speech is None or not len(speech.pcm):
            raise CannotSay("the voice of the local engine cannot speak it; the log says why")
        return await self.give(speech, text if shown else "")

    async def give(self, speech: Speech, text: str) -> bool:
        """Let something be heard that is spoken already; return whether all of it was. Raises CannotSay."""
        if self._speaking + len(self._waiting) >= MOST:
            raise CannotSay(f"{MOST} texts wait to be said already")
        self._count += 1
        item = f"announcement-{self._count}"
        over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[item] = _Waiting(speech, text, over)
        self._inbox.put(Announced(self._now(), item))
        if (how := await asyncio.shield(over)) == "late":
            raise CannotSay("there was no moment at which nobody spoke")
        return how == "whole"

    def play(self, item: str) -> None:
        """Queue one, since its moment has come."""
        waiting = self._waiting[item]
        pcm = waiting.speech.pcm.astype("<i2").tobytes()
        self._watcher.announced(item, waiting.text)
        self._watcher.reply_audio(item, pcm, waiting.speech.rate)
        self._playout.play(item, pcm, waiting.speech.rate)
        self._playout.finish(item)

    def take(self, entry: Entry) -> None:
        """Take an entry of the ledger: it may tell that one was heard."""
        if isinstance(entry, Announcement) and (waiting := self._waiting.pop(entry.item, None)) is not None:
            waiting.over.set_result(entry.how)
