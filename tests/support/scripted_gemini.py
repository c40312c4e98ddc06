"""A Gemini Live server that does what it is told; its messages are those of google-genai's types.

It finds the ends of turns by loudness, unless the client says where they are, and replies faster than real time. It
keeps sessions by their handles, each with what it had heard by then, so that a test can tell what a resumed session
has heard in all.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections import deque
from typing import TYPE_CHECKING, Any

from support.ears import Ears
from support.scripted_socket import Peer, ScriptedSocket

from device.listen.endpointer import Onset
from device.simulation.scripted_reply import Call, Reply, Speech
from device.wire import gemini as wire
from device.wire.gemini import ServerMessage

if TYPE_CHECKING:
    from aiohttp import web

RATE = 24_000
HEAR_RATE = 16_000


class GeminiPeer(Peer):
    """One connection."""

    server: ScriptedGemini
    setup: wire.Setup
    ears: Ears
    speaking: asyncio.Task[None] | None = None
    owed = 0
    """Turns that wait for the reply in the making."""
    seeding = False
    active = False
    turns = 0

    async def say(self, **content: Any) -> None:
        await self.send(wire.encode(ServerMessage(**content)))

    async def content(self, **content: Any) -> None:
        await self.say(server_content=wire.ServerContent(**content))

    async def go_away(self, seconds: float = 10.0) -> None:
        await self.say(go_away=wire.GoAway(time_left=f"{seconds:g}s"))

    async def handle(self, *, resumable: bool = True) -> str:
        """Send a handle for the session as it is."""
        name = self.server.new("handle") if resumable else ""
        if resumable:
            self.server.sessions[name] = copy.deepcopy(self.ears)
        update = wire.SessionResumptionUpdate(new_handle=name, resumable=resumable)
        await self.say(session_resumption_update=update)
        return name

    @property
    def reply(self) -> asyncio.Task[None] | None:
        """The reply in the making."""
        return None if self.speaking is None or self.speaking.done() else self.speaking


class ScriptedGemini(ScriptedSocket[GeminiPeer]):
    """The server; `replies` are given in turn, the last of them for ever."""

    path = "/ws/gemini"
    binary = True

    def __init__(self, *replies: Reply, transcript: str = "words", silence_ms: int = 500) -> None:
        super().__init__()
        self.replies = deque(replies or (Reply((Speech(bytes(RATE // 5), "Words."),)),))
        self.transcript = transcript
        self.silence_ms = silence_ms
        self.sessions: dict[str, Ears] = {}
        self.turns = 0
        self.forgets = False
        """Whether handles lead nowhere."""
        self.hold_setup: asyncio.Event | None = None
        """A resumed session is ready only then."""
        self.resuming = asyncio.Event()
        self.handles = True
        """Whether a handle comes after setup and after each turn."""

    def decode(self, data: str) -> wire.ClientMessage:
        return wire.decode_client(data)

    def make_peer(self, socket: web.WebSocketResponse, request: web.Request) -> GeminiPeer:
        return GeminiPeer(self, socket, request)

    @property
    def heard(self) -> bytes:
        """All that the newest session heard, in all its connections."""
        return bytes(self.peer.ears.pcm)

    async def on_message(self, peer: GeminiPeer, message: wire.ClientMessage) -> None:
        if message.setup is not None:
            await self.set_up(peer, message.setup)
        elif message.client_content is not None:
            await self._told(peer, message.client_content)
        elif message.tool_response is not None:
            if any(one.scheduling != "SILENT" for one in message.tool_response.function_responses):
                self.reply(peer)
        elif (heard := message.realtime_input) is not None:
            if heard.activity_start is not None:
                assert not peer.active
                peer.active = True
            elif heard.activity_end is not None:
                assert peer.active
                peer.active = False
                await self.turn(peer)
            elif heard.audio is not None:
                assert heard.audio.mime_type == "audio/pcm;rate=16000"
                await self._hear(peer, heard.audio.data)

    async def set_up(self, peer: GeminiPeer, setup: wire.Setup) -> None:
        handle = setup.session_resumption.handle if setup.session_resumption else None
        peer.setup = setup
        peer.seeding = bool(setup.history_config and setup.history_config.initial_history_in_client_content)
        if handle and (self.forgets or handle not in self.sessions):
            await peer.close(1007, "Request contains an invalid argument.")
            return
        if handle and self.hold_setup is not None:
            self.resuming.set()
            await self.hold_setup.wait()
        peer.ears = copy.deepcopy(self.sessions[handle]) if handle else Ears(HEAR_RATE, self.silence_ms)
        await peer.say(setup_complete=wire.SetupComplete(session_id=self.new("session")))
        if self.handles:
            await peer.handle()

    async def _told(self, peer: GeminiPeer, content: wire.ClientContent) -> None:
        if peer.seeding:
            peer.seeding = not content.turn_complete
            return
        await self.interrupt(peer)
        if content.turn_complete:
            self.reply(peer)

    async def _hear(self, peer: GeminiPeer, pcm: bytes) -> None:
        assert not peer.seeding
        config = peer.setup.realtime_input_config
        assert config is not None
        assert config.automatic_activity_detection is not None
        for found in peer.ears.take(pcm):
            if config.automatic_activity_detection.disabled:
                continue
            if not isinstance(found, Onset):
                await self.turn(peer)
            elif config.activity_handling == "START_OF_ACTIVITY_INTERRUPTS":
                await self.interrupt(peer)

    async def turn(self, peer: GeminiPeer) -> None:
        """End a turn of the user and reply to it."""
        self.turns += 1
        peer.turns += 1
        words = self.transcript
        await peer.content(input_transcription=wire.Transcription(text=words[:3]))
        await peer.content(input_transcription=wire.Transcription(text=words[3:], finished=True))
        self.reply(peer)

    async def interrupt(self, peer: GeminiPeer) -> None:
        """End the reply in the making, as a client message does."""
        if (reply := peer.reply) is not None:
            reply.cancel()
            peer.owed = 0
            await asyncio.wait([reply])
            await peer.content(interrupted=True)
            await self._over(peer)

    def reply(self, peer: GeminiPeer) -> None:
        """Begin the next reply, at once or after the one in the making."""
        if peer.reply is not None:
            peer.owed += 1
            return
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        peer.speaking = peer.start(self._speak(peer, reply))

    async def _speak(self, peer: GeminiPeer, reply: Reply) -> None:
        await asyncio.sleep(reply.delay_s)
        loop = asyncio.get_running_loop()
        began, spoken_s = loop.time(), 0.0
        called = False
        for item in reply.items:
            if isinstance(item, Call):
                call = wire.FunctionCall(
                    name=item.name, id=item.call_id or self.new("call"), args=json.loads(item.arguments)
                )
                await peer.handle(resumable=False)
                await peer.say(tool_call=wire.ToolCall(function_calls=[call]))
                called = True
                continue
            await self._sound(peer, item, reply)
            spoken_s += len(item.pcm) / (2 * RATE)
        if not called:
            await peer.content(generation_complete=True)
        # By the server's reckoning the reply plays now.
        await asyncio.sleep(max(0.0, began + spoken_s - loop.time()))
        await self._over(peer, reply)
        if peer.owed:
            peer.owed -= 1
            reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
            await self._speak(peer, reply)

    async def _sound(self, peer: GeminiPeer, speech: Speech, reply: Reply) -> None:
        size = 2 * (RATE * reply.delta_ms // 1000)
        loop = asyncio.get_running_loop()
        began = loop.time()
        words = speech.text.split()
        pieces = range(0, len(speech.pcm), size)
        for n, start in enumerate(pieces):
            blob = wire.Blob(data=speech.pcm[start : start + size], mime_type=f"audio/pcm;rate={RATE}")
            await peer.content(model_turn=wire.Content(role="model", parts=[wire.Part(inline_data=blob)]))
            share = words[n * len(words) // len(pieces) : (n + 1) * len(words) // len(pieces)]
            if share:
                await peer.content(output_transcription=wire.Transcription(text=" ".join(share) + " "))
            await asyncio.sleep(max(0.0, began + (start + size) / (2 * RATE) * reply.pace - loop.time()))

    async def _over(self, peer: GeminiPeer, reply: Reply | None = None) -> None:
        usage = None
        if reply is not None:
            usage = wire.UsageMetadata(
                prompt_token_count=reply.input_tokens,
                response_token_count=reply.output_tokens,
                total_token_count=reply.input_tokens + reply.output_tokens,
            )
        await peer.say(server_content=wire.ServerContent(turn_complete=True), usage_metadata=usage)
        if self.handles:
            await peer.handle()

    def all(self, kind: str) -> list[object]:
        """Return what was received of a kind so far."""
        return [one for message in self.received if (one := getattr(message, kind)) is not None]
