"""The responses of a session: asked for, made, cancelled."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.local import unmet
from device.local.cascade import Sound, Times
from device.local.session.config import response_config
from device.local.session.items import Entry, settled
from device.local.session.response import ResponseStream, tokens
from device.local.session.speculation import Speculation
from device.local.stages import Call, Cost, StageError, Text, Unmet
from device.wire.errors import WireError
from device.wire.realtime_items import ErrorDetail, ResponseParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.local.cascade import Manner, Prompt, Reply
    from device.local.session.dialogue import Dialogue

log = logging.getLogger(__name__)

MOST_OUT_OF_BAND: Final = 8
"""How many responses outside the conversation a client may have asked for and not yet got."""
AT_ONCE: Final = 2
"""How many of them are made at once, so that no client has the brain and the voice to itself. A choice."""


class Running(Struct, frozen=True, eq=False):
    """A response and the task that makes it."""

    stream: ResponseStream
    task: asyncio.Task[None]


class Responses:
    """The responses in the making. `ended` is called with each one of the conversation that is over."""

    def __init__(self, dialogue: Dialogue, ended: Callable[[ResponseStream], None]) -> None:
        self._dialogue = dialogue
        self._ended = ended
        self._active: Running | None = None
        """The one of the conversation."""
        self._out_of_band: dict[str, Running] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        """Of those outside the conversation."""
        self._speculation: Speculation | None = None
        """Where a reply to the last turn may be in the making already."""

    @property
    def active(self) -> bool:
        """True while a response of the conversation is in the making."""
        return self._active is not None

    @property
    def speculated(self) -> asyncio.Future[str] | None:
        """What the turn says of which the reply may be in the making; None if there is no such turn."""
        return self._speculation.transcript if self._speculation else None

    def speculate(self, transcript: asyncio.Future[str], ask: Callable[[str], tuple[Prompt, Manner] | None]) -> None:
        """Begin with the reply to a turn that may be over, as `Speculation`; one begun before is given up."""
        self.drop_speculation()
        self._speculation = Speculation(self._dialogue.cascade, transcript, ask)

    def confirm_speculation(self) -> asyncio.Future[str] | None:
        """Take the turn for over; return what it says, or None if nothing was begun."""
        return self._speculation.confirm() if self._speculation else None

    def drop_speculation(self) -> None:
        """Give up a reply that was begun on a turn that is not over, or not as it was."""
        if self._speculation:
            self._speculation.drop()
            self._speculation = None

    def create(self, params: ResponseParams | None = None) -> None:
        """Begin a response. Raises `WireError`."""
        params = params or ResponseParams()
        dialogue = self._dialogue
        config = response_config(dialogue.session, params)
        out_of_band = params.conversation == "none"
        if not out_of_band and self._active:
            raise WireError(
                f"Conversation already has an active response in progress: {self._active.stream.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        if out_of_band and len(self._out_of_band) >= MOST_OUT_OF_BAND:
            raise WireError(
                f"There are {MOST_OUT_OF_BAND} responses in progress: wait for one.", code="rate_limit_exceeded"
            )
        entries = None if params.input is None else self._entries(params)
        voice = params.audio and params.audio.output and params.audio.output.voice
        stream = ResponseStream(
            dialogue.send,
            config,
            None if out_of_band else dialogue.conversation,
            voice=voice if isinstance(voice, str) else dialogue.voice,
            metadata=params.metadata,
        )
        stream.begin()
        make = self._make_in_turn if out_of_band else self._make
        running = Running(stream, dialogue.spawn(make(stream, entries)))
        if out_of_band:
            self._out_of_band[stream.id] = running
        else:
            self._active = running

    def refuse(self, fault: ErrorDetail) -> None:
        """Answer a turn that cannot be answered: with a response that fails, so that somebody tells the user."""
        if self._active:
            return
        dialogue = self._dialogue
        stream = ResponseStream(dialogue.send, dialogue.config, dialogue.conversation, voice=dialogue.voice)
        stream.begin()
        stream.finish("failed", error=fault)

    def cancel(self, response_id: str | None) -> None:
        """End a response for the client, by default the conversation's. Raises `WireError` if there is none."""
        running = self._active
        if response_id is not None and not (running and running.stream.id == response_id):
            running = self._out_of_band.get(response_id)
        if not running:
            raise WireError("Cancellation failed: no active response found.", code="response_cancel_not_active")
        self._stop(running, "client_cancelled")

    def interrupt(self) -> None:
        """End the conversation's response, if there is one: the user speaks."""
        if self._active:
            self._stop(self._active, "turn_detected")

    def _stop(self, running: Running, reason: str) -> None:
        running.task.cancel()
        running.stream.finish("cancelled", reason)
        self._over(running.stream)

    def _entries(self, params: ResponseParams) -> list[Entry]:
        """Return the items that a client wants the response to go by."""
        entries = []
        for n, item in enumerate(params.input or ()):
            if item.type != "item_reference":
                entries.append(self._dialogue.entry(item, f"response.input[{n}]"))
            elif known := self._dialogue.conversation.find(item.id or ""):
                entries.append(known)
            else:
                raise WireError(
                    f"The item with id '{item.id}' does not exist in the conversation.",
                    code="invalid_value",
                    param=f"response.input[{n}].id",
                )
        return entries

    async def _make_in_turn(self, stream: ResponseStream, entries: list[Entry] | None) -> None:
        async with self._turn:
            await self._make(stream, entries)

    async def _make(self, stream: ResponseStream, entries: list[Entry] | None) -> None:
        dialogue = self._dialogue
        reply: Reply | None = None
        try:
            given = list(dialogue.conversation) if entries is None else entries
            await settled(given)
            prompt = dialogue.prompt(stream.config, given)
            stream.count_input(_size(prompt), sum(entry.audio_ms for entry in given if entry.item.role == "user"))
            reply = self._begin(stream, prompt)
            await self._deliver(reply, stream)
            stream.finish()
        except StageError as error:
            log.warning("%s", error)
            stream.finish("failed", error=ErrorDetail(type="server_error", code=error.code, message=str(error)))
        except Exception:
            log.exception("response %s failed", stream.id)
            fault = ErrorDetail(
                type="server_error", code="server_error", message="The local engine failed; see its log."
            )
            stream.finish("failed", error=fault)
        finally:
            if reply:
                reply.close()
        self._over(stream)

    def _begin(self, stream: ResponseStream, prompt: Prompt) -> Reply:
        """Return the reply to a prompt: the one that is in the making already, if it is to this prompt."""
        manner = self._dialogue.manner(stream.config)
        begun = self._speculation.take(prompt, manner) if self._speculation else None
        return begun or self._dialogue.cascade.reply(prompt, manner)

    async def _deliver(self, reply: Reply, stream: ResponseStream) -> None:
        async with aclosing(reply.pieces()) as pieces:
            async for piece in pieces:
                match piece:
                    case Sound():
                        await self._dialogue.room()
                        stream.sound(piece.pcm)
                    case Times():
                        stream.time(piece.words)
                    case Text() if piece.text.strip():
                        stream.say(piece.text)
                    case Call():
                        stream.call(piece)
                    case Unmet():
                        self._dialogue.spawn(asyncio.to_thread(unmet.note, piece.kind))
                    case Cost():
                        stream.count(piece)
                if stream.full:
                    stream.finish("incomplete", "max_output_tokens")
                    return

    def _over(self, stream: ResponseStream) -> None:
        self._out_of_band.pop(stream.id, None)
        if self._active and self._active.stream is stream:
            self._active = None
            self._ended(stream)


def _size(prompt: Prompt) -> int:
    """Return about how many tokens the brain reads."""
    said = sum(tokens(turn.text) + tokens(turn.arguments or "") for turn in prompt.turns)
    return said + tokens(prompt.instructions)
