"""A server under test whose messages are plain words: for what holds whatever the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.scripted_socket import Peer, ScriptedSocket

if TYPE_CHECKING:
    from aiohttp import web


class ScriptedWords(ScriptedSocket[Peer]):
    """Answers each `hello` by `answers`, and keeps all else."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: tuple[str, ...] = ("something else", "welcome")
        self.leaves: tuple[int, str] = (0, "")
        """Close code and reason with which it answers anything, if the code is not 0."""

    def make_peer(self, socket: web.WebSocketResponse, request: web.Request) -> Peer:
        return Peer(self, socket, request)

    def decode(self, data: str) -> str:
        return data

    def note(self, side: str, text: str) -> None:
        """Keep no log: words are no JSON."""

    async def on_message(self, peer: Peer, message: str) -> None:
        if self.leaves[0]:
            await peer.close(*self.leaves)
        elif message.startswith("hello"):
            for answer in self.answers:
                await peer.send(answer)
