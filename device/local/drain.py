"""The end of an engine that others stand in for: it takes no more sessions, and lets those there are come to theirs.

Clients are told when their session ends, in the protocol's own field; ours go on in another session in the next pause,
with another engine. Who does not heed it is left alone until nothing was said for a while, and then closed.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode

if TYPE_CHECKING:
    from aiohttp import web

    from device.local.session.client_events import Session

LOOK_S: Final = 0.25
"""How often it looks who is still there. A choice: nobody waits for it but whoever restarts it."""
QUIET_S: Final = 5.0
"""For how long nothing is said in a session that may be closed. A choice: longer than from the end of a user's turn to
its answer, and than a client of ours needs to go on elsewhere."""
GOODBYE: Final = b"The local engine is shutting down."


class Drain:
    """What is known of the sessions there are."""

    def __init__(self) -> None:
        self.begun = False
        """Whether no more sessions are taken."""
        self._held: dict[Session, web.WebSocketResponse] = {}

    def hold(self, session: Session, ws: web.WebSocketResponse) -> None:
        """Know of a session that was opened."""
        self._held[session] = ws

    def drop(self, session: Session) -> None:
        """Know that it is over."""
        del self._held[session]

    async def run(self, seconds: float) -> None:
        """Wait for the end of all sessions, for at most so long; those in which nothing is said are closed sooner."""
        self.begun = True
        now = asyncio.get_running_loop().time
        end, quiet = now() + seconds, dict.fromkeys(self._held, now())
        for session in self._held:
            session.expire(round(time.time() + seconds))
        while self._held and now() < end:
            await asyncio.sleep(min(LOOK_S, end - now()))
            quiet |= {session: now() for session in self._held if session.busy}
            over = [ws for session, ws in self._held.items() if now() - quiet.setdefault(session, now()) >= QUIET_S]
            await asyncio.gather(*map(say_goodbye, over), return_exceptions=True)


async def say_goodbye(ws: web.WebSocketResponse) -> None:
    """Close a client's connection because the engine ends."""
    await ws.close(code=WSCloseCode.GOING_AWAY, message=GOODBYE)
