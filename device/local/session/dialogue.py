"""What the parts of a session share: its settings, its conversation, and the way to its client."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from device.audio.resample import resample
from device.local.cascade import Cascade, Manner, Prompt
from device.local.session.coding import RATES, decode
from device.local.session.config import default_session, read_config, update_session
from device.local.session.items import Conversation, Entry, fresh, turns
from device.sample_clock import CLOCK_RATE
from device.wire.errors import WireError
from device.wire.realtime import Message, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from numpy.typing import NDArray

    from device.local.session.config import Config
    from device.wire.realtime_items import Item, Session

log = logging.getLogger(__name__)

OWN_ITEMS: Final = ("message", "function_call", "function_call_output")
"""Types of item that a client may add here; the rest are for engines that call MCP servers."""

MOST_TRANSCRIBING: Final = 16
"""How many pieces of audio may wait to be written down. A choice: a conversation has one or two."""


class Dialogue:
    """A session's settings and conversation. `model` and `voice` are what clients are told of them.

    `write` takes a server event as JSON text and never waits; `room` waits until the client has taken most of what
    was written.
    """

    def __init__(
        self,
        cascade: Cascade,
        model: str,
        voice: str,
        write: Callable[[str], None],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self.cascade = cascade
        self.conversation = Conversation()
        self.room = room
        self.voice = voice
        self._write = write
        self._tasks: set[asyncio.Task[None]] = set()
        self._transcribing: set[asyncio.Task[str]] = set()
        self._turn = asyncio.Lock()
        """Of what is to be written down."""
        self.id = fresh("sess")
        self._session = default_session(self.id, model, voice, cascade.stages.recogniser_name)
        self._config = read_config(self._session)

    @property
    def session(self) -> Session:
        """The session as its client sees it."""
        return self._session

    @property
    def config(self) -> Config:
        """The session as the server goes by it."""
        return self._config

    def configure(self, change: Session) -> None:
        """Take what a `session.update` says. Raises `WireError`, and then nothing has changed."""
        self._session = update_session(self._session, change)
        self._config = read_config(self._session)

    def expire(self, at: int) -> None:
        """Have the session say when it ends, in seconds since 1970."""
        self._session = replace(self._session, expires_at=at)

    def send(self, event: Message) -> None:
        """Send an event as it is now."""
        event.event_id = fresh("event")
        self._write(encode(event))

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run something besides the session, until `close` at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spent)
        return task

    def close(self) -> None:
        """End all that was spawned."""
        for task in self._tasks:
            task.cancel()
        for waiting in self._transcribing:
            waiting.cancel()

    def transcribe(self, pcm: NDArray[np.int16]) -> asyncio.Future[str]:
        """Return what is said, as `Cascade.transcribe`: one after the other, so that no session has it to itself.

        Raises `WireError` if too many wait.
        """
        if len(self._transcribing) >= MOST_TRANSCRIBING:
            raise WireError(
                f"There are {MOST_TRANSCRIBING} pieces of audio to be written down already: wait for one.",
                code="rate_limit_exceeded",
            )
        task = asyncio.create_task(self._transcribe_in_turn(pcm))
        self._transcribing.add(task)
        task.add_done_callback(self._transcribing.discard)
        return task

    async def keep_up(self) -> None:
        """Wait until a turn of as much audio as an event may have could be written down."""
        while len(self._transcribing) > MOST_TRANSCRIBING // 2:
            await asyncio.wait(self._transcribing, return_when=asyncio.FIRST_COMPLETED)

    def prompt(self, config: Config, entries: Iterable[Entry]) -> Prompt:
        """Return what the brain is asked about these items."""
        return Prompt(turns(entries), config.tools, config.instructions, config.choice)

    @staticmethod
    def manner(config: Config) -> Manner:
        """Return how a reply is to be given."""
        return Manner(config.speak, RATES[config.output_format], config.speed)

    def entry(self, item: Item, path: str) -> Entry:
        """Return a client's item, ready for a conversation. Raises `WireError` for one that cannot be had here."""
        if item.type not in OWN_ITEMS:
            raise _refused(
                f"{path}.type", "invalid_value", f"the local engine takes {', '.join(OWN_ITEMS)}, not '{item.type}'"
            )
        for n, part in enumerate(item.content or ()):
            place = f"{path}.content[{n}]"
            if part.type == "output_audio":
                raise _refused(
                    f"{place}.type",
                    "invalid_value",
                    "an assistant's audio cannot be added: use 'output_text' for history",
                )
            if part.type == "input_image":
                raise _refused(f"{place}.type", "unsupported_content_type", "the local engine cannot see images")
            need = "audio" if part.type == "input_audio" else "text"
            if getattr(part, need) is None and not part.transcript:
                raise WireError(
                    f"Missing required parameter: '{place}.{need}'.",
                    code="missing_required_parameter",
                    param=f"{place}.{need}",
                )
        item.status = "completed"
        if item.type == "function_call" and not item.call_id:
            item.call_id = fresh("call")
        audio_ms, unheard = self._take_audio(item, path)
        entry = Entry(item, audio_ms)
        if unheard:
            heard = self.transcribe(np.concatenate(unheard))
            entry.transcribed_by(self.spawn(self._transcribe(entry, heard)))
        return entry

    def _take_audio(self, item: Item, path: str) -> tuple[float, list[NDArray[np.int16]]]:
        """Take the audio out of a user's item, which does not keep it.

        Return how many ms it lasts, and the pieces of it that came without a transcript: (n,) int16, 16 kHz mono.
        """
        kind, audio_ms, unheard = self.config.input_format, 0.0, []
        for n, part in enumerate(item.content or ()):
            if part.audio is not None:
                try:
                    pcm = decode(kind, part.audio)
                except ValueError as error:
                    raise _refused(f"{path}.content[{n}].audio", "invalid_value", str(error)) from error
                part.audio = None
                audio_ms += len(pcm) * 1000 / RATES[kind]
                if not part.transcript:
                    unheard.append(resample(pcm, RATES[kind], CLOCK_RATE))
        return audio_ms, unheard

    async def _transcribe_in_turn(self, pcm: NDArray[np.int16]) -> str:
        async with self._turn:
            return await self.cascade.transcribe(pcm, self.config.keywords + self.conversation.names)

    async def _transcribe(self, entry: Entry, heard: asyncio.Future[str]) -> None:
        entry.hear(await heard)

    def _spent(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a task of session %s failed", self.id, exc_info=error)


def _refused(param: str, code: str, why: str) -> WireError:
    return WireError(f"Invalid value for '{param}': {why}.", code=code, param=param)
