"""A server of Cartesia's Managed Agents that does what it is told.

It finds the ends of turns by loudness, greets nobody, speaks no faster than asked, and stops when it hears the user.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING

from support.ears import Ears
from support.scripted_socket import Peer, ScriptedSocket

from device.listen.endpointer import Onset
from device.simulation.scripted_reply import Call, Reply, Speech
from device.wire import cartesia as wire

if TYPE_CHECKING:
    from aiohttp import web

RATE = 24_000


class CartesiaPeer(Peer):
    """One connection."""

    ears: Ears
    speaking: asyncio.Task[None] | None = None
    turn = 0
    spoken = ""
    """What was said so far in the agent's turn that is going on."""
    create: wire.SessionCreate | None = None
    cleared = 0

    async def say(self, event: wire.ServerEvent) -> None:
        await self.send(wire.encode(event))

    @property
    def busy(self) -> bool:
        return self.speaking is not None and not self.speaking.done()


class ScriptedCartesia(ScriptedSocket[CartesiaPeer]):
    """The server; `replies` are given in turn, the last of them for ever."""

    path = "/v1/agents/websocket/{agent}"

    def __init__(self, *replies: Reply, transcript: str = "words", silence_ms: int = 500) -> None:
        super().__init__()
        self.replies = deque(replies or (Reply((Speech(bytes(RATE // 5), "Words."),)),))
        self.transcript = transcript
        self.silence_ms = silence_ms
        self.turns = 0
        self.results: dict[str, asyncio.Future[wire.ClientToolResult]] = {}
        self.refusal: wire.ErrorEvent | None = None
        """What every session is answered with."""

    def decode(self, data: str) -> wire.ClientEvent:
        return wire.decode_client(data)

    def make_peer(self, socket: web.WebSocketResponse, request: web.Request) -> CartesiaPeer:
        return CartesiaPeer(self, socket, request)

    @property
    def heard(self) -> bytes:
        """All that the newest client sent."""
        return bytes(self.peer.ears.pcm)

    async def on_message(self, peer: CartesiaPeer, event: wire.ClientEvent) -> None:
        if isinstance(event, wire.SessionCreate):
            assert peer.create is None
            peer.create = event
            peer.ears = Ears(RATE, self.silence_ms)
            if self.refusal is not None:
                await peer.say(self.refusal)
                await peer.close(1008)
                return
            await peer.say(
                wire.SessionReady(
                    call_id=self.new("ac"), agent_id="agent_1", agent_version_id="av_1", audio=event.audio
                )
            )
        elif isinstance(event, wire.AudioInput):
            assert 960 <= len(event.audio) <= 4800, "20 to 100 ms"
            for found in peer.ears.take(event.audio):
                if isinstance(found, Onset):
                    await self.started(peer)
                else:
                    await self.ended(peer)
        elif isinstance(event, wire.ClientToolResult):
            assert len(event.result.encode()) <= wire.MAX_RESULT
            self.results.pop(event.tool_call_id).set_result(event)

    async def started(self, peer: CartesiaPeer) -> None:
        """Hear the user begin: whatever is being said stops."""
        busy = peer.busy
        if peer.speaking is not None:
            peer.speaking.cancel()
            await asyncio.wait([peer.speaking])
        await peer.say(wire.AudioOutputClear())
        peer.cleared += 1
        if busy:
            await self._over(peer, interrupted=True)
        peer.turn += 1
        await peer.say(wire.TurnStarted(turn=peer.turn, role="user", start_time=0.0))

    async def ended(self, peer: CartesiaPeer) -> None:
        """Hear the user end, and reply."""
        self.turns += 1
        await peer.say(wire.TurnEnded(turn=peer.turn, role="user", text=self.transcript, start_time=0.0, end_time=1.0))
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        peer.speaking = peer.start(self._speak(peer, reply))

    async def _speak(self, peer: CartesiaPeer, reply: Reply) -> None:
        peer.turn += 1
        peer.spoken = ""
        await asyncio.sleep(reply.delay_s)
        await peer.say(wire.TurnStarted(turn=peer.turn, role="assistant", start_time=0.0))
        for item in reply.items:
            if isinstance(item, Call):
                await self.call(peer, item)
            else:
                await self._sound(peer, item, reply)
        await self._over(peer)

    async def call(self, peer: CartesiaPeer, call: Call, *, expects: bool = True) -> wire.ClientToolResult | None:
        """Call a function of the client's, and wait for what it came to if that matters."""
        name = call.call_id or self.new("call")
        future = asyncio.get_running_loop().create_future()
        if expects:
            self.results[name] = future
        await peer.say(
            wire.ClientToolCall(
                tool_call_id=name, tool_name=call.name, parameters=json.loads(call.arguments), expects_response=expects
            )
        )
        return await future if expects else None

    async def _sound(self, peer: CartesiaPeer, speech: Speech, reply: Reply) -> None:
        size = 2 * (RATE * reply.delta_ms // 1000)
        loop = asyncio.get_running_loop()
        began = loop.time()
        words = speech.text.split()
        pieces = range(0, len(speech.pcm), size)
        for n, start in enumerate(pieces):
            await peer.say(wire.AudioOutput(audio=speech.pcm[start : start + size]))
            share = words[n * len(words) // len(pieces) : (n + 1) * len(words) // len(pieces)]
            if share:
                text = " ".join(share) + " "
                peer.spoken += text
                await peer.say(wire.TurnOutputTextDelta(turn=peer.turn, role="assistant", text=text))
            await asyncio.sleep(max(0.0, began + (start + size) / (2 * RATE) * reply.pace - loop.time()))

    async def _over(self, peer: CartesiaPeer, *, interrupted: bool = False) -> None:
        await peer.say(
            wire.TurnEnded(
                turn=peer.turn,
                role="assistant",
                text=peer.spoken.strip(),
                interrupted=interrupted,
                start_time=0.0,
                end_time=1.0,
            )
        )
