"""pipecat: `OpenAIRealtimeLLMService` in a pipeline between a microphone and a loudspeaker that keep time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMRunFrame,
    OutputAudioRawFrame,
    StartFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import FunctionCallParams
from pipecat.services.openai.realtime.events import (
    AudioConfiguration,
    AudioInput,
    InputAudioTranscription,
    SessionProperties,
    TurnDetection,
)
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner
from scenes import RATE, TIMER, Stage, perform, timer_set


class Microphone(BaseInputTransport):
    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.ready = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.ready.set()


class Loudspeaker(BaseOutputTransport):
    """Takes audio as fast as it is played."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self._due = 0.0

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        self._due = max(self._due, time.monotonic()) + len(frame.audio) / (2 * frame.sample_rate)
        await asyncio.sleep(self._due - time.monotonic())
        return True


class Ear(FrameProcessor):
    """Tells the stage what the service heard, which goes up the pipeline."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case TranscriptionFrame():
                self._stage.transcribed(frame.text)
            case ErrorFrame():
                self._stage.failed(frame.error)
        await self.push_frame(frame, direction)


class Witness(FrameProcessor):
    """Tells the stage what comes down from the service, of which an interruption drops what is on its way."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self.silence = asyncio.Event()
        """Set unless the user speaks, as far as those know of it who come later in the pipeline."""
        self.silence.set()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        match frame:
            case TTSAudioRawFrame():
                self._stage.sounded(frame.audio)
            case TTSTextFrame():
                self._stage.spoke(frame.text)
            case LLMFullResponseEndFrame():
                self._stage.ended()
            case InterruptionFrame():
                self._stage.interrupted()
            case UserStartedSpeakingFrame():
                self.silence.clear()
            case UserStoppedSpeakingFrame():
                self.silence.set()
        await self.push_frame(frame, direction)


def make_service(url: str, stage: Stage, witness: Witness) -> OpenAIRealtimeLLMService:
    async def set_timer(params: FunctionCallParams) -> None:
        arguments: dict[str, Any] = dict(params.arguments)
        stage.called(params.function_name, arguments)
        # A result that comes before pipecat has passed on the end of the user's turn is never answered (pipecat-ai's
        # issue 5823), and our engine, which thinks ahead, calls within 2 ms of it.
        await witness.silence.wait()
        await params.result_callback(timer_set(**arguments))

    heard = AudioInput(transcription=InputAudioTranscription(), turn_detection=TurnDetection())
    service = OpenAIRealtimeLLMService(
        api_key="none",
        base_url=url.replace("http://", "ws://") + "/realtime",
        settings=OpenAIRealtimeLLMService.Settings(
            system_instruction=stage.instructions,
            session_properties=SessionProperties(audio=AudioConfiguration(input=heard)),
        ),
    )
    service.register_function("set_timer", set_timer)
    return service


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    parameters = TIMER["parameters"]
    timer = FunctionSchema(TIMER["name"], TIMER["description"], parameters["properties"], parameters["required"])
    user, assistant = LLMContextAggregatorPair(LLMContext(tools=ToolsSchema([timer])))
    params = TransportParams(
        audio_in_enabled=True, audio_out_enabled=True, audio_in_sample_rate=RATE, audio_out_sample_rate=RATE
    )
    microphone = Microphone(params)
    witness = Witness(stage)
    service = make_service(url, stage, witness)
    worker = PipelineWorker(
        Pipeline([microphone, user, Ear(stage), service, witness, Loudspeaker(params), assistant]),
        params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await worker.queue_frames([LLMRunFrame()])  # as its examples do: a service without a first context asks twice
    running = stage.beside(runner.run())

    async def listen() -> None:
        await microphone.ready.wait()
        async for block in stage.microphone():
            await microphone.push_audio_frame(InputAudioRawFrame(block, RATE, 1))

    listening = stage.beside(listen())
    try:
        yield
    finally:
        listening.cancel()
        await worker.cancel()
        await running


if __name__ == "__main__":
    asyncio.run(perform("pipecat_realtime", talk))
