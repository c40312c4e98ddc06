"""livekit: an `AgentSession` with plugins-openai's `RealtimeModel`, at a microphone and loudspeaker that keep time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from livekit import rtc
from livekit.agents import Agent, AgentSession, ConversationItemAddedEvent, ErrorEvent, UserInputTranscribedEvent
from livekit.agents import function_tool as tool
from livekit.agents.utils import http_context
from livekit.agents.voice.io import AudioInput, AudioOutput, AudioOutputCapabilities
from livekit.plugins.openai.realtime import RealtimeModel
from openai.types.realtime.realtime_audio_input_turn_detection import ServerVad
from scenes import RATE, Stage, perform, timer_set


class Microphone(AudioInput):
    def __init__(self, stage: Stage) -> None:
        super().__init__(label="microphone")
        self._blocks = stage.microphone()

    async def __anext__(self) -> rtc.AudioFrame:
        block = await anext(self._blocks)
        return rtc.AudioFrame(block, RATE, 1, len(block) // 2)


class Loudspeaker(AudioOutput):
    """Plays by the clock; a segment is over when all of it was played, or when it is cleared."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(label="loudspeaker", capabilities=AudioOutputCapabilities(pause=False), sample_rate=RATE)
        self._stage = stage
        self._began, self._length = 0.0, 0.0
        self._end: asyncio.TimerHandle | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._length:
            self._began = time.monotonic()
            self.on_playback_started(created_at=time.time())
        self._length += frame.duration
        self._stage.sounded(bytes(frame.data.cast("b")))

    def flush(self) -> None:
        super().flush()
        if self._length:
            left = self._began + self._length - time.monotonic()
            self._end = asyncio.get_running_loop().call_later(left, self._over, self._length)

    def clear_buffer(self) -> None:
        played = time.monotonic() - self._began
        if self._length:
            self._stage.interrupted()
            self._over(min(played, self._length), interrupted=True)

    def _over(self, played: float, *, interrupted: bool = False) -> None:
        if self._end:
            self._end.cancel()
        self._length, self._end = 0.0, None
        self.on_playback_finished(playback_position=played, interrupted=interrupted)


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    @tool
    async def set_timer(seconds: int) -> str:
        """Set a timer."""
        stage.called("set_timer", {"seconds": seconds})
        return json.dumps(timer_set(seconds))

    def added(event: ConversationItemAddedEvent) -> None:
        if event.item.type == "message" and event.item.role == "assistant" and not event.item.interrupted:
            stage.spoke(event.item.text_content or "")
            stage.ended()

    def transcribed(event: UserInputTranscribedEvent) -> None:
        if event.is_final:
            stage.transcribed(event.transcript)

    def failed(event: ErrorEvent) -> None:
        stage.failed(event.error)

    turns = ServerVad(type="server_vad", create_response=True, interrupt_response=True)
    async with http_context.open():
        model = RealtimeModel(model="parley", base_url=url, api_key="none", turn_detection=turns)
        session = AgentSession(llm=model, aec_warmup_duration=None)  # there is no echo
        session.on("conversation_item_added", added)
        session.on("user_input_transcribed", transcribed)
        session.on("error", failed)
        session.input.audio = Microphone(stage)
        session.output.audio = Loudspeaker(stage)
        await session.start(Agent(instructions=stage.instructions, tools=[set_timer]))
        try:
            yield
        finally:
            await session.aclose()


if __name__ == "__main__":
    asyncio.run(perform("livekit_realtime", talk))
