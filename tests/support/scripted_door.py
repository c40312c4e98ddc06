"""A door without a daemon: a real Unix socket that greets, tells what the test wants told, and notes what is asked."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

import msgspec

from device.door import messages as door

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = door.About(name="Jarvis", version="0.0.0", language="en", wake_words=("hey_jarvis",))
LIGHTS = {
    "asleep": "#000000",
    "connecting": "#0073ff",
    "listening": "#0073ff",
    "thinking": "#5ec7ff",
    "speaking": "#00ff8f",
    "overlap": "#00ff8f",
    "muted": "#ff0000",
    "fault": "#ff8c00",
    "ringing": "#fff247",
    "updating": "#f078ff",
    "setting_up": "#5ec7ff",
    "code": "#5ec7ff",
}
"""Colours of the lights, as `device.panel.lights` has them."""


def state(turn: door.TurnState, light: door.Light | None = None, *, streaming: bool = False) -> door.State:
    """Return a state and its light."""
    shown = light or turn
    other = "#fff247" if shown == "overlap" else ""
    return door.State(
        state=turn,
        light=shown,
        colour=LIGHTS.get(shown, "#ffffff"),
        other=other,
        streaming=streaming,
        ringing=shown == "ringing",
    )


def snapshot(now: door.State | None = None, **more: Any) -> door.Snapshot:
    """Return a snapshot of an assistant that is asleep, but for what is given."""
    usual: dict[str, Any] = {
        "about": ABOUT,
        "state": now or state("asleep"),
        "engine": door.Engine(engine="local", engines=("local",)),
        "cost": door.Cost(today=1.5),
        "timers": door.Timers(),
        "muted": door.Muted(),
        "volume": door.Volume(percent=80),
        "code": door.CodeMade(seconds=60),
    }
    return door.Snapshot(**{**usual, **more})


class ScriptedDoor:
    """A door at `path`. `now` is the snapshot that whoever subscribes gets; `asked` is what was asked, in order."""

    def __init__(self, path: Path, now: door.Snapshot | None = None) -> None:
        self.path = path
        self.now = now or snapshot()
        self.asked: asyncio.Queue[door.Request] = asyncio.Queue()
        self.subscribed: asyncio.Queue[tuple[door.Topic, ...]] = asyncio.Queue()
        self.refuses: door.Error | None = None
        self.answers: dict[type[door.Request], door.Reply | bytes] = {}
        """How requests are answered that get more than a `Done`; bytes are sent as they are, id and all."""
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=door.LONGEST_REQUEST)

    async def close(self) -> None:
        """Hang up on everybody, and listen no more; harmless when repeated."""
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        with suppress(FileNotFoundError):
            self.path.unlink()
        self._server = None

    async def tell(self, *events: door.Event) -> None:
        """Tell all subscribers."""
        for event in events:
            for writer in tuple(self._writers):
                writer.write(door.encode(event))
                await writer.drain()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readline()
            writer.write(door.encode(door.Hello(version=door.VERSION, who="scripted")))
            while line := await reader.readline():
                request = msgspec.json.decode(line, type=door.AnyRequest)
                if self.refuses is not None and not isinstance(request, door.Subscribe):
                    writer.write(door.encode(msgspec.structs.replace(self.refuses, id=request.id)))
                else:
                    answer = self.answers.get(type(request), door.Done())
                    if not isinstance(answer, bytes):
                        answer = door.encode(msgspec.structs.replace(answer, id=request.id))
                    writer.write(answer)
                if isinstance(request, door.Subscribe):
                    self._writers.add(writer)
                    writer.write(door.encode(self.now))
                    self.subscribed.put_nowait(request.topics)
                else:
                    self.asked.put_nowait(request)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
