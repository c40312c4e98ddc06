"""What the clients talk to and with: engines, a scripted language model, the user's voice, the programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.programs.scenes import TASKS
from support.speech import say

from device.audio.resample import resample
from device.engines.local_process import READY_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = 24_000
HOME = Path(
    os.environ.get("PARLEY_CLIENTS") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "parley", "clients")
).expanduser()
"""What scripts/clients installs, or in its place scripts/clients-newest."""
PYTHON, NODE_MODULES = HOME / "venv" / "bin" / "python", HOME / "node_modules"
HERE = Path(__file__).parent
PATIENCE_S = 200.0
"""For a program, which itself ends a session that takes longer than 60 s; all three of its scenes take 20 s."""
SIGNAL_S = 5.0
LAST = 4000
"""What is shown of a program's output, in characters, and of what it wrote as errors before where its tasks wait."""
LONGEST = 40_000
"""What is shown of where its tasks wait; pipecat has 50, and writes on."""
FIX = "the clients' environments are not there or not complete: run scripts/clients"

SAYS = {
    "time": "what time is it",
    "timer": "set a timer for five minutes",
    "story": "what is the story of the lighthouse",
    "castle": "who lives in the castle",
}
STORY = [
    f"{first} {second}."
    for second in ("and the sea was calm", "and the wind was cold", "and the moon was bright", "and the night was long")
    for first in ("A lighthouse stood on a rock", "A keeper lived in it with a cat", "A ship came by in the evening")
]
NOBODY = "Nobody lives there now."
SET = "It is set now."
CALL = {"index": 0, "id": "call_1", "function": {"name": "set_timer", "arguments": '{"seconds": 300}'}}


def prepared() -> None:
    """Fail without what scripts/clients installs."""
    assert PYTHON.exists(), FIX
    assert NODE_MODULES.exists(), FIX


def record(folder: Path) -> None:
    """Write down what the user says, as raw s16le mono at 24 kHz."""
    for name, words in SAYS.items():
        (folder / f"{name}.pcm").write_bytes(resample(say(words), 16_000, RATE).astype("<i2").tobytes())


@dataclass
class Model:
    """A language model's endpoint: tells a story, a sentence every 0.5 s, sets timers, and else knows of nobody."""

    url: str = ""
    asked: list[list[dict[str, Any]]] = field(default_factory=list)
    """The messages of each request."""

    def answer(self, last: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the answer to a message, in pieces."""
        if "timer" in last["content"]:
            return [{"tool_calls": [CALL]}]
        sentences = STORY if "story" in last["content"] else [SET] if last["role"] == "tool" else [NOBODY]
        return [{"content": f"{sentence} "} for sentence in sentences]

    @contextmanager
    def serving(self) -> Iterator[Model]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
                model.asked.append(messages)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    for delta in model.answer(messages[-1]):
                        self._write(json.dumps({"choices": [{"delta": delta}]}))
                        time.sleep(0.5)
                    self._write("[DONE]")
                except ConnectionError:
                    pass  # the reply was cut off

            def _write(self, data: str) -> None:
                self.wfile.write(f"data: {data}\n\n".encode())
                self.wfile.flush()

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()


@contextmanager
def engine(folder: Path, brain: str = "") -> Iterator[str]:
    """Run `parley engine`, with a language model at `brain`; yield its address. It must not complain."""
    config = folder / "parley.toml"
    config.write_text(f'[brain]\nurl = "{brain}"\n[local]\ntts = "espeak-ng"\n')
    arguments = ["engine", "--host", "127.0.0.1", "--port", "0", "--with-parent", "--config", str(config)]
    with program([sys.executable, "-m", "device", *arguments], folder / "engine.log") as url:
        yield url
    complaints = [line for line in (folder / "engine.log").read_text().splitlines() if not line.startswith("INFO ")]
    assert not complaints, complaints


def environ() -> dict[str, str]:
    """Return the environment of clients and servers: with the Node.js of their own."""
    path = f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "OPENAI_AGENTS_DISABLE_TRACING": "1", "PATH": path}


@contextmanager
def program(command: list[str], log: Path) -> Iterator[str]:
    """Run a server that prints its address and ends with its input; yield the address, ws://…/v1/realtime."""
    prepared()
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=HOME, env=environ()
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        try:
            ready = next((line for line in process.stdout if line.startswith(READY_LINE)), "")
            assert ready, f"{command} does not start: {log.read_text()}"
            yield ready.strip().removeprefix(READY_LINE)
        finally:
            process.stdin.close()
            process.wait(10)


@dataclass(frozen=True)
class Performance:
    """What a client's program played."""

    scenes: dict[str, dict[str, Any]]
    """What it says of each scene that came to its end."""
    trouble: str
    """How it ended and what it wrote, if it did not end well; empty if it did."""


def run(program: Path, *arguments: str, patience_s: float = PATIENCE_S) -> Performance:
    """Run a client's program; one that hangs is made to tell where its tasks wait, and ended."""
    prepared()
    with subprocess.Popen(
        [str(PYTHON), str(program), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environ(),
        cwd=HOME,
        start_new_session=True,  # what it started may hold its output open, and is ended with it
    ) as process:
        ended = ""
        try:
            out, errors = process.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            ended = f"did not end within {patience_s:g} s"
            process.send_signal(signal.SIGUSR1)
            try:
                out, errors = process.communicate(timeout=SIGNAL_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, errors = process.communicate()
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    scenes = {line["scene"]: line for line in lines}
    if process.returncode == 0:
        return Performance(scenes, "")
    ended = ended or f"ended with status {process.returncode}"
    said, *tasks = errors.split(TASKS)
    parts = [f"{program.stem} {ended}", out[-LAST:], said[-LAST:], *(TASKS + waiting[-LONGEST:] for waiting in tasks)]
    return Performance(scenes, "\n".join(parts))
