"""pipecat at a local microphone and loudspeaker, with OpenAI's Realtime service; run by the peers' Python.

Put together from the project's own examples: the transport of getting-started/06a-voice-agent-local.py, service,
context and pipeline of realtime/realtime-openai.py (without its tools). Argument: the server's address.
"""

import asyncio
import sys

from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.openai.realtime.events import (
    AudioConfiguration,
    AudioInput,
    InputAudioNoiseReduction,
    InputAudioTranscription,
    SemanticTurnDetection,
    SessionProperties,
)
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.local.audio import LocalAudioTransport, LocalAudioTransportParams
from pipecat.workers.runner import WorkerRunner


async def main(url: str) -> None:
    """Talk with the server at `url` until killed."""
    transport = LocalAudioTransport(LocalAudioTransportParams(audio_in_enabled=True, audio_out_enabled=True))
    heard = AudioInput(
        transcription=InputAudioTranscription(),
        turn_detection=SemanticTurnDetection(),
        noise_reduction=InputAudioNoiseReduction(type="near_field"),
    )
    service = OpenAIRealtimeLLMService(
        api_key="none",
        base_url=url,
        settings=OpenAIRealtimeLLMService.Settings(
            system_instruction="You are a helpful and friendly AI.",
            session_properties=SessionProperties(audio=AudioConfiguration(input=heard)),
        ),
    )
    context = LLMContext([{"role": "developer", "content": "Say hello!"}])
    user, assistant = LLMContextAggregatorPair(context)
    worker = PipelineWorker(
        Pipeline([transport.input(), user, service, transport.output(), assistant]),
        params=PipelineParams(enable_metrics=True, enable_usage_metrics=True),
    )
    runner = WorkerRunner()
    await runner.add_workers(worker)
    await worker.queue_frames([LLMRunFrame()])
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
