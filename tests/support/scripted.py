"""Scripted stages for the local engine, and a client that checks every event against the openai package."""

import asyncio
import base64
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, Self

import numpy as np
from aiohttp import web
from numpy.typing import NDArray
from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import InputAudioBufferDtmfEventReceivedEvent, RealtimeServerEvent
from pydantic import Field, TypeAdapter

from device.local import stages
from device.local.cascade import Stages
from device.local.end_of_turn.completeness import completeness_rules
from device.local.server import Limits, make_app
from device.local.stages import Call, Choice, Cost, Doubt, Text, Tool, Turn
from device.web.gate import Allowed

ORACLE = TypeAdapter(Annotated[RealtimeServerEvent, Field(discriminator="type")])
PATIENCE = 20.0
LOUD = 8000


class Vad:
    """Loud is voice."""

    def probability(self, block: NDArray[np.int16]) -> float:
        return 0.95 if np.abs(block.astype(np.int32)).max() > LOUD // 4 else 0.02

    def reset(self) -> None:
        pass


class Recogniser:
    """Says what it is told to; each transcription of more than silence takes the next of `texts`, or the last."""

    def __init__(self, *texts: str):
        self.texts = list(texts) or ["what time is it"]
        self.heard: list[int] = []
        self.names: Collection[str] = ()
        """What it was told may be spoken of."""
        self.used = threading.Event()
        self.go = threading.Event()
        self.go.set()
        self.by_length: Callable[[int], str] | None = None
        self.fails = False
        self.doubtful: dict[str, Doubt] = {}
        """What it says that it was unsure of."""

    def warm_up(self) -> None:
        pass

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:
        assert self.go.wait(PATIENCE)
        if self.fails:
            raise RuntimeError("scripted")
        self.heard.append(len(pcm))
        self.names = names
        self.used.set()
        if self.by_length:
            return self.by_length(len(pcm))
        return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]

    def doubt(self, text: str) -> Doubt:
        return self.doubtful.get(text, "none")


class Prosody:
    """Takes every pause for the end, or whatever `probability` says."""

    def __init__(self, sounds: float = 1.0):
        self.sounds = sounds
        self.heard: list[int] = []

    def warm_up(self) -> None:
        pass

    def probability(self, pcm: NDArray[np.int16]) -> float:
        self.heard.append(len(pcm))
        return self.sounds


class Voice:
    """Speaks 100 ms of tone a word, a word a piece."""

    def __init__(self, rate: int = 16_000, words: int | None = None):
        self.rate = rate
        self.words = words
        self.pieces = 0
        self.speeds: list[float] = []
        self.closed = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def warm_up(self) -> None:
        pass

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        self.speeds.append(speed)
        try:
            for _ in range(self.words or len(text.split())):
                assert self.gate.wait(PATIENCE)
                self.pieces += 1
                t = np.arange(self.rate // 10)
                yield (6000 * np.sin(t * 2 * np.pi * 440 / self.rate)).astype(np.int16)
        finally:
            self.closed.set()


class Asked:
    """What the brain was asked once."""

    def __init__(self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice) -> None:
        self.turns = turns
        self.tools = tools
        self.instructions = instructions
        self.choice = choice


class Brain:
    """Replies by `script`: what it returns for an `Asked`, an Exception among it is raised."""

    def __init__(self, script: Callable[[Asked], Sequence[Any]] | None = None):
        self.script = script or (lambda asked: [Text("It is noon.")])
        self.asked: list[Asked] = []
        self.closed = 0
        self.known: set[str] = set()

    def warm_up(self) -> None:
        pass

    def knows(self, text: str) -> bool:
        return text in self.known

    def free_words(self, text: str) -> list[str] | None:
        return [] if text in self.known else None

    async def reply(
        self, turns: Sequence[Turn], tools: Sequence[Tool], instructions: str, choice: Choice
    ) -> AsyncGenerator[Text | Call | Cost, None]:
        asked = Asked(turns, tools, instructions, choice)
        self.asked.append(asked)
        try:
            for piece in self.script(asked):
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, asyncio.Event):
                    await piece.wait()
                else:
                    yield piece
        finally:
            self.closed += 1


class Scripted:
    """A server of scripted stages on a free port."""

    def __init__(
        self,
        recogniser: stages.Recogniser | stages.RemoteRecogniser | None = None,
        brain: stages.Brain | None = None,
        voice: stages.Voice | stages.RemoteVoice | None = None,
        vad: Callable[[], stages.Vad] = Vad,
        prosody: stages.Prosody | None = None,
        *,
        allowed: Allowed | None = None,
        **limits: Any,
    ) -> None:
        self.recogniser = recogniser or Recogniser()
        self.brain = brain or Brain()
        self.voice = voice or Voice()
        self.vad = vad
        self.prosody = prosody or Prosody()
        self.limits = Limits(**limits)
        self.allowed = allowed
        self.url = ""

    async def __aenter__(self) -> Self:
        used = Stages(self.recogniser, self.brain, self.voice, self.vad, self.prosody, completeness_rules("en"))
        self._runner = web.AppRunner(
            make_app(used, self.limits, allowed=self.allowed), access_log=None, shutdown_timeout=0.5
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        for stage, gate in ((self.recogniser, "go"), (self.voice, "gate")):
            if hasattr(stage, gate):
                getattr(stage, gate).set()
        await self._runner.cleanup()

    async def shut_down(self) -> None:
        """Begin to stop, as the program does when it is told to."""
        await self._runner.shutdown()

    @asynccontextmanager
    async def connect(self, **extra: Any) -> AsyncIterator["Client"]:
        """Open a session with the official client; its `session.created` has been read."""
        async with (
            AsyncOpenAI(api_key="x", base_url=self.url, max_retries=0) as openai,
            openai.realtime.connect(model="parley", **extra) as connection,
        ):
            client = Client(connection)
            await client.until("session.created")
            yield client


class Client:
    """A session of the official client, with every event that came."""

    def __init__(self, connection: AsyncRealtimeConnection) -> None:
        self.connection = connection
        self.events: list[Any] = []
        self.read = 0

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.type == kind]

    async def next(self) -> Any:
        raw = await asyncio.wait_for(self.connection.recv_bytes(), PATIENCE)
        event = ORACLE.validate_json(raw)
        # The one event without an id is of telephones, of which we have none.
        assert not isinstance(event, InputAudioBufferDtmfEventReceivedEvent)
        assert event.event_id
        self.events.append(event)
        return event

    async def until(self, kind: str, count: int = 1) -> Any:
        """Read on until the `count`-th event of that type from now."""
        while True:
            event = await self.next()
            if event.type == kind:
                count -= 1
                if not count:
                    return event

    async def send(self, **fields: Any) -> None:
        event: Any = fields  # wrong ones are sent on purpose
        await self.connection.send(event)

    async def update(self, **session: Any) -> Any:
        await self.send(type="session.update", session={"type": "realtime", **session})
        return await self.until("session.updated")

    async def append(self, pcm: NDArray[np.int16] | bytes) -> None:
        data = pcm if isinstance(pcm, bytes) else pcm.astype("<i2").tobytes()
        await self.connection.input_audio_buffer.append(audio=base64.b64encode(data).decode())

    async def speak(self, ms: int = 600, silence_ms: int = 800, rate: int = 24_000) -> None:
        """Append a tone and then silence."""
        await self.append(tone(ms, rate))
        if silence_ms:
            await self.append(np.zeros(silence_ms * rate // 1000, np.int16))

    async def user(self, text: str, **more: Any) -> None:
        await self.send(
            type="conversation.item.create",
            item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
            **more,
        )
        await self.until("conversation.item.done")

    async def error(self) -> Any:
        """Read on until an error."""
        return (await self.until("error")).error


async def happens(event: threading.Event) -> None:
    """Wait until a thread has set an event."""
    assert await asyncio.to_thread(event.wait, PATIENCE)


def tone(ms: int, rate: int = 24_000) -> NDArray[np.int16]:
    made: NDArray[np.int16] = (LOUD * np.sin(np.arange(ms * rate // 1000) * 2 * np.pi * 300 / rate)).astype(np.int16)
    return made


def detection(**changes: Any) -> dict[str, Any]:
    """Session settings with this turn detection."""
    return {"audio": {"input": {"turn_detection": {"type": "server_vad", **changes}}}}


MANUAL = {"audio": {"input": {"turn_detection": None}}}


def audio_of(client: Client, response_id: str | None = None) -> bytes:
    return b"".join(
        base64.b64decode(event.delta)
        for event in client.of("response.output_audio.delta")
        if response_id in {None, event.response_id}
    )
