"""The answer to a question by text, gathered from the ledger until it is over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.states import State
from device.door.messages import Answer
from device.door.server import Refusal

if TYPE_CHECKING:
    from device.conversation.entries import Entry


class Awaited:
    """Takes entries of the ledger from when the question is asked; `answer` is known once the reply is over."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        """Raises Refusal if there is none."""
        self._question: str | None = None
        self._heard: list[str] = []
        self._unheard: list[str] = []
        self._played = False
        self.wrong = ""
        """What went wrong last with an engine."""

    def take(self, entry: Entry) -> None:
        """Take an entry."""
        match entry:
            case _ if self.answer.done():
                pass
            case entries.User(text=text) if self._question is None:
                self._question = text
            case entries.Heard(text=text, unheard=unheard) if self._question is not None:
                self._heard.append(text)
                self._unheard.append(unheard)
            case entries.ReplyLastAudio() | entries.Silence():
                self._played = self._question is not None
            case entries.EngineError(message=message, code=code, retry=retry):
                self.wrong = message or code
                if code == "no_reply" and retry is None:  # nobody else is asked
                    self._over()
            case entries.StateEntered(state=State.LISTENING | State.ASLEEP | State.MUTED | State.FAULT as state):
                if self._played or (self.wrong and self._question is not None) or state is not State.LISTENING:
                    self._over()
            case _:
                pass

    def _over(self) -> None:
        if self._played:
            heard, unheard = " ".join(filter(None, self._heard)), " ".join(filter(None, self._unheard))
            self.answer.set_result(Answer(heard, unheard, self._question or ""))
        else:
            self.answer.set_exception(Refusal("failed", self.wrong or "the conversation ended without an answer"))
