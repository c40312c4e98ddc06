"""Work begun on a turn that may not be over: what it says, and the reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.local.cascade import Cascade, Manner, Prompt, Reply


class Speculation:
    """Recogniser, brain and voice at work on what was said before a pause, in case the turn is over.

    `ask` says what would be asked of the brain after the words that it is given, or None if nothing would.
    """

    def __init__(
        self, cascade: Cascade, transcript: asyncio.Future[str], ask: Callable[[str], tuple[Prompt, Manner] | None]
    ) -> None:
        self._cascade = cascade
        self._ask = ask
        self.transcript = transcript
        """What was said, once it is known."""
        self._confirmed = False
        self._reply: Reply | None = None
        self._task = asyncio.create_task(self._go())

    def confirm(self) -> asyncio.Future[str]:
        """Take the turn for over; return what it says, which is the caller's from now on."""
        self._confirmed = True
        return self.transcript

    def take(self, prompt: Prompt, manner: Manner) -> Reply | None:
        """Return the reply if it is to just this prompt; it is the caller's then."""
        reply, self._reply = self._reply, None
        if reply and (reply.prompt, reply.manner) != (prompt, manner):
            reply.close()
            return None
        return reply

    def drop(self) -> None:
        """Give up what nobody waits for; harmless when repeated."""
        self._task.cancel()
        if not self._confirmed:
            self.transcript.cancel()
        if self._reply:
            self._reply.close()
            self._reply = None

    async def _go(self) -> None:
        await asyncio.wait([self.transcript])
        if self._confirmed or self.transcript.cancelled() or self.transcript.exception():
            return
        if (text := self.transcript.result()) and (asked := self._ask(text)):
            self._reply = self._cascade.reply(*asked)
