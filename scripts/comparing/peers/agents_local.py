"""openai-agents at a local microphone and loudspeaker; run by the peers' Python.

It is the project's own example, examples/realtime/cli/demo.py of its source distribution, with another server. As it
is, the example sends the microphone over a reply only when it is louder than a gate: that is `--gate`. Without, the
microphone is sent all the time, as the library's documentation has it, and interrupting is left to the server.
Arguments: the server's address, the path of the example, `--gate`.
"""

import asyncio
import importlib.util
import sys
from typing import Any

from agents.realtime import RealtimeRunner


def load(path: str) -> Any:
    """Return the example as a module."""
    spec = importlib.util.spec_from_file_location("demo", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lead_to(demo: Any, url: str) -> None:
    """Have the example connect to another server than OpenAI's."""

    class Runner(RealtimeRunner):
        async def run(self, **options: Any) -> Any:
            options["model_config"] = options["model_config"] | {"url": url, "api_key": "none"}
            return await super().run(**options)

    demo.RealtimeRunner = Runner


def make(demo: Any, *, gate: bool) -> Any:
    """Return the example's program; it prints no raw events, which would cost more than all the rest."""

    class Program(demo.NoUIDemo):
        async def _on_event(self, event: Any) -> None:
            if event.type != "raw_model_event":
                await super()._on_event(event)

    class Open(Program):
        async def capture_audio(self) -> None:
            size = int(demo.SAMPLE_RATE * demo.CHUNK_LENGTH_S)
            while self.recording:
                if self.audio_stream.read_available < size:
                    await asyncio.sleep(0.01)
                else:
                    data, _ = self.audio_stream.read(size)
                    await self.session.send_audio(data.tobytes())

    return Program() if gate else Open()


def main() -> None:
    """Talk with the server until killed."""
    url, path, *options = sys.argv[1:]
    demo = load(path)
    lead_to(demo, url)
    asyncio.run(make(demo, gate="--gate" in options).run())


if __name__ == "__main__":
    main()
