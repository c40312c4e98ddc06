"""What the owner's door answers about upkeep: transcripts, costs and log are real, the doctor reads from a script."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from support.transcripts import NOW, Desk

from device.conversation import entries
from device.conversation.states import State
from device.daemon.aside import Aside
from device.daemon.upkeep.answers import Upkeep
from device.daemon.upkeep.doctor import Doctor
from device.daemon.upkeep.last_conversation import LastConversation
from device.daemon.upkeep.records import Records
from device.door import messages as m
from device.door import upkeep as u
from device.records import costs, transcripts
from device.records.ledger import Ledger
from device.records.store import change
from device.sample_clock import samples
from device.settings.last_good import InForce
from device.settings.loading import settle
from device.system.paths import state_dir
from device.system.recent_log import RecentLog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.daemon.upkeep.answers import Answer
    from device.door.server import Peer

FINDINGS = (
    ("settings", "ok", "engine openai, wake word hey_jarvis", ""),
    ("clock", "warn", "the network has not told the time since the start", "connect the network"),
    ("card", "fail", "no microphone was found that can be opened", "plug one in, or set card.input"),
)


class Kept:
    """A device called Ada on which something was said and paid for; `asked` are requests that were only noted."""

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self.found = InForce(settle({"name": "Ada", "ledger": {"budget_per_day": 2.0}, **(settings or {})}, {}))
        self.recent, self.last, self.ledger = RecentLog(), LastConversation(), Ledger()
        self.ledger.watch(self.last.take)
        self.reset = asyncio.Event()
        self.asked: asyncio.Queue[m.Request] = asyncio.Queue()
        self.findings = FINDINGS
        self.timers = m.TimersSet()
        self.version = u.VersionIs("1.2.3", "- One thing is new, `code` too.\n- Another\n  one.", "idle", 1.8e9)
        self.goes = u.ResetIs("Ada", ("settings", "transcripts", "keys"), ("models",))
        self.bundle = b"a bundle"

    @property
    def others(self) -> dict[type[m.Request], Answer]:
        """Who answers."""
        aside = Aside()
        upkeep = Upkeep(self.found, self.recent, self.last, aside, reset=self.reset.set)
        upkeep._doctor = _Scripted(self)  # noqa: SLF001 - the one thing that takes a minute
        return {
            **Records(self.found.settings, aside).answers,
            **upkeep.answers,
            m.GetTimers: self._told("timers"),
            m.CancelTimer: self._note,
            m.CancelAlarm: self._note,
            m.Stop: self._note,
            u.GetVersion: self._told("version"),
            u.GetReset: self._told("goes"),
            u.Update: self._note,
        }

    def _told(self, name: str) -> Answer:
        async def tell(_: m.Request, __: Peer) -> m.Reply:
            return getattr(self, name)  # type: ignore[no-any-return]

        return tell

    async def _note(self, request: m.Request, _: Peer) -> m.Reply:
        self.asked.put_nowait(request)
        return m.Done()

    def say(self, *texts: str, answer: str = "It is twelve, my friend.") -> None:
        """Have conversations kept, the latest last."""
        for number, text in enumerate(texts):
            desk = Desk(state_dir() / transcripts.FILE, began=NOW - timedelta(hours=len(texts) - number))
            desk.wake(10)
            desk(11, entries.User, text=text)
            desk(11.5, entries.Tool, name="get_time", arguments="{}")
            desk.reply(13, answer, heard=3)
            desk.sleep(20)
            desk.close()

    def pay(self, days: int, *engines: tuple[str, str]) -> None:
        """Have engines, each with its model, used on so many days, today being the last."""
        path = state_dir() / costs.FILE
        costs.Costs({}, {}, lambda: 0.0, path=path).close()
        names = costs._AMOUNTS  # noqa: SLF001 - the columns
        sql = f"INSERT INTO day VALUES ({', '.join('?' * (3 + len(names)))})"
        for ago in range(days):
            day = (datetime.now().astimezone() - timedelta(days=ago)).date().isoformat()
            for number, (engine, model) in enumerate(engines):
                used = {"replies": 3 + (ago * 7 + number) % 11, "sent_s": 90.0 + 40 * ((ago * 5 + number) % 9)}
                used |= {"output_tokens": 2000 * ((ago * 3 + number) % 7), "output_audio_tokens": 2000 * (ago % 5)}
                change(path, costs.SCHEMA, sql, day, engine, model, *(used.get(one, 0) for one in names))

    def converse(self, text: str = "What time is it?") -> None:
        """Have a conversation happen, with an interruption."""

        def at(second: float, kind: Any, **fields: Any) -> None:
            self.ledger.record(kind(samples(1000 * second), **fields))

        at(1.0, entries.Wake, word="hey_jarvis", score=0.9)
        at(1.1, entries.StateEntered, state=State.CONNECTING)
        at(1.2, entries.VoiceStart)
        at(1.4, entries.SessionOpen, engine="openai")
        at(1.4, entries.StateEntered, state=State.LISTENING)
        at(2.8, entries.VoiceEnd, voiced_ms=1500)
        at(3.0, entries.StateEntered, state=State.THINKING)
        at(3.0, entries.User, text=text)
        at(3.1, entries.Tool, name="get_time", arguments="{}")
        at(3.2, entries.Assistant, item="i", text="It is twelve, my friend, and the day is long.")
        at(3.3, entries.ReplyReceived, item="i")
        at(3.4, entries.ReplyFirstAudio, item="i")
        at(3.4, entries.StateEntered, state=State.SPEAKING)
        at(4.6, entries.VoiceStart)
        at(4.7, entries.Duck)
        at(4.7, entries.StateEntered, state=State.OVERLAP)
        at(4.8, entries.Hold)
        at(5.2, entries.Cut, why="words")
        at(5.2, entries.Truncate, item="i", ms=1300, whole=False)
        heard = {"text": "It is twelve,", "unheard": "my friend, and the day is long."}
        at(5.25, entries.Heard, item="i", ms=1300, whole=False, **heard)
        at(5.25, entries.Silence)
        at(5.25, entries.StateEntered, state=State.LISTENING)
        at(6.0, entries.VoiceEnd, voiced_ms=900)
        at(9.0, entries.Sleep, why="silence")
        at(9.0, entries.StateEntered, state=State.ASLEEP)


class _Scripted(Doctor):
    """Finds what it is told to, and packs it."""

    def __init__(self, kept: Kept) -> None:
        names = ("name", "status", "message", "fix")
        lines = [json.dumps(dict(zip(names, one, strict=True))) for one in kept.findings]
        script = f"for line in {lines!r}: print(line, flush=True)"
        super().__init__(command=(sys.executable, "-c", script))
        self._kept = kept

    async def bundle(self) -> bytes:
        return self._kept.bundle
