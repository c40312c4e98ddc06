"""The responses of a session: asked for, made, cancelled."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.local.cascade import Sound, Times
from device.local.session import config as settings
from device.local.session.items import Entry, settled
from device.local.session.response import Answer, tokens
from device.local.stages import Call, Cost, StageError, Text
from device.wire.errors import WireError
from device.wire.realtime_items import ErrorDetail, ResponseParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.local.cascade import Prompt, Reply
    from device.local.session.dialogue import Dialogue
    from device.local.session.speculation import Speculation

log = logging.getLogger(__name__)

BESIDE: Final = 8
"""How many responses outside the conversation may be in the making."""


class Running(Struct, eq=False):
    """A response and the task that makes it."""

    answer: Answer
    task: asyncio.Task[None] | None = None


class Responses:
    """The responses in the making. `ended` is called with each one of the conversation that is over."""

    def __init__(self, dialogue: Dialogue, ended: Callable[[Answer], None]) -> None:
        self._dialogue = dialogue
        self._ended = ended
        self._active: Running | None = None
        self._beside: dict[str, Running] = {}
        self.guess: Speculation | None = None
        """Where a reply to the last turn may be in the making already."""

    @property
    def active(self) -> bool:
        """True while a response of the conversation is in the making."""
        return self._active is not None

    def create(self, params: ResponseParams | None = None) -> None:
        """Begin a response. Raises `WireError`."""
        params = params or ResponseParams()
        dialogue = self._dialogue
        config = settings.for_response(dialogue.settings, params)
        aside = params.conversation == "none"
        if not aside and self._active:
            raise WireError(
                f"Conversation already has an active response in progress: {self._active.answer.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        if aside and len(self._beside) >= BESIDE:
            raise WireError(f"There are {BESIDE} responses in progress: wait for one.", code="rate_limit_exceeded")
        entries = None if params.input is None else self._entries(params)
        voice = params.audio and params.audio.output and params.audio.output.voice
        answer = Answer(
            dialogue.send,
            config,
            None if aside else dialogue.conversation,
            voice=voice if isinstance(voice, str) else dialogue.voice,
            metadata=params.metadata,
        )
        running = Running(answer)
        if aside:
            self._beside[answer.id] = running
        else:
            self._active = running
        answer.begin()
        running.task = dialogue.spawn(self._make(running, entries))

    def refuse(self, fault: ErrorDetail) -> None:
        """Answer a turn that cannot be answered: with a response that fails, so that somebody tells the user."""
        if self._active:
            return
        dialogue = self._dialogue
        answer = Answer(dialogue.send, dialogue.config, dialogue.conversation, voice=dialogue.voice)
        answer.begin()
        answer.finish("failed", error=fault)

    def cancel(self, response_id: str | None) -> None:
        """End a response for the client, by default the conversation's. Raises `WireError` if there is none."""
        running = self._active
        if response_id is not None and not (running and running.answer.id == response_id):
            running = self._beside.get(response_id)
        if not running:
            raise WireError("Cancellation failed: no active response found.", code="response_cancel_not_active")
        self._stop(running, "client_cancelled")

    def interrupt(self) -> None:
        """End the conversation's response, if there is one: the user speaks."""
        if self._active:
            self._stop(self._active, "turn_detected")

    def drop_guess(self) -> None:
        """Give up a reply that was begun on a guess."""
        if self.guess:
            self.guess.drop()
            self.guess = None

    def _stop(self, running: Running, reason: str) -> None:
        if running.task:
            running.task.cancel()
        running.answer.finish("cancelled", reason)
        self._over(running)

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

    async def _make(self, running: Running, entries: list[Entry] | None) -> None:
        answer, dialogue = running.answer, self._dialogue
        reply: Reply | None = None
        try:
            given = list(dialogue.conversation) if entries is None else entries
            await settled(given)
            prompt = dialogue.prompt(answer.config, given)
            answer.reads(_size(prompt), sum(entry.audio_ms for entry in given if entry.item.role == "user"))
            reply = self._begun(answer, prompt)
            await self._deliver(reply, answer)
            answer.finish()
        except StageError as error:
            log.warning("%s", error)
            answer.finish("failed", error=ErrorDetail(type="server_error", code=error.code, message=str(error)))
        except Exception:
            log.exception("response %s failed", answer.id)
            fault = ErrorDetail(
                type="server_error", code="server_error", message="The local engine failed; see its log."
            )
            answer.finish("failed", error=fault)
        finally:
            if reply:
                reply.close()
        self._over(running)

    def _begun(self, answer: Answer, prompt: Prompt) -> Reply:
        """Return the reply to a prompt: the guessed one, if the guess was right."""
        manner = self._dialogue.manner(answer.config)
        guessed = self.guess.take(prompt, manner) if self.guess else None
        return guessed or self._dialogue.cascade.reply(prompt, manner)

    async def _deliver(self, reply: Reply, answer: Answer) -> None:
        async with aclosing(reply.pieces()) as pieces:
            async for piece in pieces:
                match piece:
                    case Sound():
                        await self._dialogue.room()
                        answer.sound(piece.pcm)
                    case Times():
                        answer.time(piece.words)
                    case Text() if piece.text.strip():
                        answer.say(piece.text)
                    case Call():
                        answer.call(piece)
                    case Cost():
                        answer.costs(piece)
                if answer.full:
                    answer.finish("incomplete", "max_output_tokens")
                    return

    def _over(self, running: Running) -> None:
        self._beside.pop(running.answer.id, None)
        if self._active is running:
            self._active = None
            self._ended(running.answer)


def _size(prompt: Prompt) -> int:
    """Return about how many tokens the brain reads."""
    said = sum(tokens(turn.text) + tokens(turn.arguments or "") for turn in prompt.turns)
    return said + tokens(prompt.instructions)
