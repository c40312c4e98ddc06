"""What goes wrong with a machine, done to it on purpose."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from checks import Failed
from machine import pid, up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SEIZE, _INTERRUPT = 0x4206, 0x4207
_ANY_KIND = 0x40000000  # __WALL


@contextlib.contextmanager
def hung_thread(process: int) -> Iterator[None]:
    """Stop a process's main thread, on which the event loop runs, while all others go on, as if it waited for good."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    held, done = threading.Event(), threading.Event()
    wrong: list[str] = []

    def hold() -> None:  # whoever traces is a thread, and lets go when it ends
        if any(library.ptrace(request, process, None, None) < 0 for request in (_SEIZE, _INTERRUPT)):
            wrong.append(os.strerror(ctypes.get_errno()))
        held.set()
        while not done.is_set():  # it is also whoever traces that must bury the dead first
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(process, os.WNOHANG | _ANY_KIND)
                if found and not os.WIFSTOPPED(status):
                    break
            time.sleep(0.02)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        if wrong:
            raise Failed(f"the main thread of {process} cannot be stopped: {wrong[0]}")
        yield
    finally:
        done.set()
        thread.join()


def killed(unit: str, within: float) -> str:
    """End a service by SIGKILL; say how long it was gone."""
    before = pid(unit)
    os.kill(before, signal.SIGKILL)
    return f"up again after {up(unit, before, within):.1f} s"


class DeadEnd:
    """A server that takes what a client greets it with, and hangs up."""

    def __init__(self, port: int) -> None:
        self.greetings: list[str] = []
        self._server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                with client:
                    client.settimeout(2)
                    with contextlib.suppress(OSError):
                        self.greetings.append(client.recv(65536).decode(errors="replace"))

    def close(self) -> None:
        """Be gone."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        time.sleep(0.1)


class SlowBrain(ThreadingHTTPServer):
    """A chat-completions endpoint that thinks for a while before it says a sentence."""

    def __init__(self, port: int, seconds: float) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(seconds)
                said = json.dumps({"choices": [{"index": 0, "delta": {"content": "That took me a while."}}]})
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(f"data: {said}\n\ndata: [DONE]\n\n".encode())

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def server_close(self) -> None:
        """Be gone; its thread first, which would go round for ever else."""
        self.shutdown()
        super().server_close()


def fill(ballast: Path) -> None:
    """Write a file until there is no room for another byte."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)):
                    pass
