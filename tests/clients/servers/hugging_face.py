"""Hugging Face speech-to-speech's Realtime server, as it is, with a scripted pipeline in place of its models.

Its own router and service speak the protocol; the two threads here stand for voice detection and recognition, and for
the language model and the voice. Runs in the clients' environment. Prints its address, and ends with its input.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from queue import Queue

import numpy as np
import uvicorn
from openai.types.realtime.realtime_conversation_item_function_call import RealtimeConversationItemFunctionCall
from speech_to_speech.api.openai_realtime.pipeline_unit import PipelineUnit
from speech_to_speech.api.openai_realtime.service import RealtimeService
from speech_to_speech.api.openai_realtime.websocket_router import create_app
from speech_to_speech.pipeline.cancel_scope import CancelScope
from speech_to_speech.pipeline.control import PipelineControlMessage
from speech_to_speech.pipeline.events import (
    AssistantOutputEvent,
    AssistantResponseDoneEvent,
    SpeechStartedEvent,
    SpeechStoppedEvent,
    TranscriptionCompletedEvent,
)
from speech_to_speech.pipeline.messages import (
    AUDIO_RESPONSE_DONE,
    AssistantTextPart,
    AssistantToolCallPart,
    AudioOutput,
    GenerateResponseRequest,
)

RATE = 16_000
LOUD = 500
SILENCE_MS = 300
HEARD = ("what time is it", "set a timer for five minutes", "what is the story of the lighthouse", "what time is it")
STORY = ["A lighthouse stood on a rock and the sea was calm."] * 40


class Pipeline:
    """The queues of one pipeline, and the threads that stand for its stages."""

    def __init__(self) -> None:
        self.prompts: Queue = Queue()
        self.sound: Queue = Queue()
        self.out: Queue = Queue()
        self.words: Queue = Queue()
        self.scope = CancelScope()
        listening = threading.Event()
        listening.set()
        self.unit = PipelineUnit(
            index=0,
            service=RealtimeService(text_prompt_queue=self.prompts, should_listen=listening),
            cancel_scope=self.scope,
            should_listen=listening,
            response_playing=threading.Event(),
            input_queue=self.sound,
            output_queue=self.out,
            text_output_queue=self.words,
            text_prompt_queue=self.prompts,
            handlers=[],
        )
        for work in (self.listen, self.answer):
            threading.Thread(target=work, daemon=True).start()

    def listen(self) -> None:
        """Find turns by loudness, and understand what the script says."""
        speaking, turns, at, voiced = False, 0, 0.0, 0.0
        while True:
            item = self.sound.get()
            if isinstance(item, PipelineControlMessage):
                self.out.put(item)
                turns = 0
                continue
            pcm = np.frombuffer(item[0], np.int16).astype(float)
            at += len(pcm) * 1000 / RATE
            if np.sqrt(np.mean(pcm**2)) > LOUD:
                voiced = at
                if not speaking:
                    speaking = True
                    self.words.put(SpeechStartedEvent(audio_start_ms=round(at)))
            elif speaking and at - voiced >= SILENCE_MS:
                speaking = False
                self.words.put(SpeechStoppedEvent(duration_s=1.0, audio_end_ms=round(at)))
                self.words.put(TranscriptionCompletedEvent(transcript=HEARD[turns]))
                turns += 1

    def answer(self) -> None:
        """Say what the script says."""
        while True:
            request = self.prompts.get()
            if not isinstance(request, GenerateResponseRequest):
                continue
            key, generation = request.response_key, self.scope.generation
            chat = request.runtime_config.chat
            last = chat.buffer[-1]
            if last.type == "function_call_output":
                self.say(key, generation, [f"It is set: {last.output}."])
            elif "timer" in last.content[0].model_dump_json():
                call = RealtimeConversationItemFunctionCall(
                    type="function_call", call_id="call_timer", name="set_timer", arguments='{"seconds": 300}'
                )
                chat.add_item(call)
                tool = call.model_dump(include={"type", "call_id", "name", "arguments"})
                self.out.put(AssistantOutputEvent(response_key=key, parts=[AssistantToolCallPart(tool=tool)]))
            else:
                self.say(key, generation, STORY if "story" in last.content[0].model_dump_json() else ["It is noon."])
            self.out.put(AssistantResponseDoneEvent(response_key=key, cancel_generation=generation))
            done = AudioOutput(audio=AUDIO_RESPONSE_DONE, response_key=key, cancel_generation=generation)
            self.out.put(done)

    def say(self, key: str, generation: int, sentences: list[str]) -> None:
        """Speak a tone of half a second for each sentence, twice as fast as it is played."""
        tone = (8000 * np.sin(np.arange(RATE // 2) * 2 * np.pi * 440 / RATE)).astype(np.int16).tobytes()
        for sentence in sentences:
            if self.scope.is_stale(generation):
                return
            part = AssistantTextPart(text=f"{sentence} ")
            self.out.put(AssistantOutputEvent(response_key=key, parts=[part], cancel_generation=generation))
            self.out.put(AudioOutput(audio=tone, response_key=key, cancel_generation=generation))
            time.sleep(0.25)


def main() -> None:
    pipeline = Pipeline()
    app = create_app(pool=[pipeline.unit], stop_event=threading.Event())
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))

    def end() -> None:
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=end, daemon=True).start()
    print(f"Listening on ws://127.0.0.1:{listener.getsockname()[1]}/v1/realtime", flush=True)  # noqa: T201 - for who started it
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
