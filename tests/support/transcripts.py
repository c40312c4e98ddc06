"""Transcripts of conversations that a test makes up, second by second."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from device.conversation import entries
from device.conversation.entries import Entry
from device.conversation.states import State
from device.records.ledger import Ledger
from device.records.transcript_writer import TranscriptWriter
from device.sample_clock import samples

BERN = timezone(timedelta(hours=1))
NOW = datetime.now(BERN).replace(microsecond=0)


class Desk:
    """Transcripts that watch a ledger; the wall clock follows the card's unless it is set."""

    def __init__(self, path: Path, keep_days: int = 7, profile: str = "", began: datetime = NOW) -> None:
        self.clock: Callable[[float], datetime] = lambda second: began + timedelta(seconds=second)
        self.second = 0.0
        self.ledger = Ledger()
        self.transcripts = TranscriptWriter(keep_days, path=path, profile=profile, now=lambda: self.clock(self.second))
        self.ledger.watch(self.transcripts.take)

    def __call__(self, second: float, kind: Callable[..., Entry], **fields: Any) -> None:
        self.second = second
        self.ledger.record(kind(samples(1000 * second), **fields))

    def wake(self, second: float, engine: str = "openai") -> None:
        self(second - 0.7, entries.VoiceStart)
        self(second, entries.StateEntered, state=State.CONNECTING)
        self(second + 0.3, entries.SessionOpen, engine=engine)

    def reply(
        self, second: float, text: str = "one two three four", item: str = "i1", heard: int = 4, ms: int = 2000
    ) -> None:
        """Have a reply begin at `second`, of which `heard` words are heard."""
        words = text.split()
        self(second - 0.2, entries.Assistant, item=item, text=text)
        self(second, entries.ReplyFirstAudio, item=item)
        rest = " ".join(words[heard:])
        said = " ".join(words[:heard])
        self(second + ms / 1000, entries.Heard, item=item, ms=ms, whole=not rest, text=said, unheard=rest)

    def sleep(self, second: float, why: str = "silence") -> None:
        self(second, entries.Sleep, why=why)
        self(second, entries.StateEntered, state=State.ASLEEP)

    def close(self) -> None:
        self.transcripts.close()
