"""What the conversation wants done, done: one action, one deed."""

from __future__ import annotations

import logging
from functools import singledispatchmethod
from typing import TYPE_CHECKING

from device.conversation.actions import (
    Action,
    Again,
    Announce,
    Ask,
    CloseSession,
    Commit,
    Cut,
    Discard,
    Duck,
    Earcon,
    Finish,
    Hold,
    Interrupt,
    Listen,
    Lower,
    Mask,
    OpenSession,
    Play,
    Prepare,
    Recognise,
    Record,
    Restore,
    ReturnTool,
    Ring,
    RunTool,
    Say,
    Show,
    StopTools,
    Switch,
    Unmask,
)
from device.conversation.entries import EngineError, HearsItself, HearsOthers
from device.conversation.events import ToolDone, Understood
from device.conversation.states import State
from device.system.service_status import HEARS_ITSELF

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from device.audio.last_reply import LastReply
    from device.audio.loudspeaker import Loudspeaker
    from device.daemon.announcer import Announcer
    from device.daemon.inbox import Inbox
    from device.daemon.sounds import Earcons, Ringer
    from device.daemon.tasks import Tasks
    from device.daemon.watcher import Watcher
    from device.engines.sessions import Sessions
    from device.engines.uplink import Uplink
    from device.listen.capture import Capture
    from device.listen.over_reply import OverReply
    from device.records.ledger import Ledger
    from device.settings.tree import BargeInSettings
    from device.tools.registry import Registry

log = logging.getLogger(__name__)

QUICK_FADE_MS = 4
"""For a reply that the button ends: no click, and over within one block."""
QUIET = (State.ASLEEP, State.MUTED, State.FAULT)
"""States in which nobody's voice matters, but for the wake word."""


class Performer:
    """Does what actions say, with the parts that they concern; for the event loop's thread.

    What is known only later (a tool's result, words over a reply) goes to the inbox. `state` is whose turn it is.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        tasks: Tasks,
        playout: Loudspeaker,
        capture: Capture,
        uplink: Uplink,
        sessions: Sessions,
        tools: Registry,
        over_reply: OverReply,
        ringer: Ringer,
        earcons: Earcons,
        last_reply: LastReply,
        announcer: Announcer,
        ledger: Ledger,
        watcher: Watcher,
        barge_in: BargeInSettings,
        state: Callable[[], State],
    ) -> None:
        self._inbox = inbox
        self._tasks = tasks
        self._playout = playout
        self._capture = capture
        self._uplink = uplink
        self._sessions = sessions
        self._tools = tools
        self._over_reply = over_reply
        self._ringer = ringer
        self._earcons = earcons
        self._last_reply = last_reply
        self._announcer = announcer
        self._ledger = ledger
        self._watcher = watcher
        self._barge_in = barge_in
        self._state = state
        self._running: dict[str, asyncio.Task[None]] = {}
        """The tools that run, by the ids of their calls."""

    @singledispatchmethod
    def perform(self, action: Action) -> None:
        """Do what `action` says."""
        raise NotImplementedError(f"nobody performs {action}")

    # The loudspeaker

    @perform.register
    def _play(self, action: Play) -> None:
        if (rate := self._sessions.rate) is not None:
            self._playout.play(action.item, action.pcm, rate)
            self._last_reply.add(action.item, action.pcm, rate)
            self._watcher.reply_audio(action.item, action.pcm, rate)

    @perform.register
    def _again(self, action: Again) -> None:
        self._playout.play(action.item, self._last_reply.pcm, self._last_reply.rate)
        self._playout.finish(action.item)

    @perform.register
    def _announce(self, action: Announce) -> None:
        self._announcer.play(action.item)

    @perform.register
    def _finish(self, action: Finish) -> None:
        self._playout.finish(action.item)

    @perform.register
    def _lower(self, _: Lower) -> None:
        self._playout.lower(self._barge_in.duck_db)

    @perform.register
    def _duck(self, _: Duck) -> None:
        self._playout.duck(self._barge_in.duck_db)

    @perform.register
    def _restore(self, _: Restore) -> None:
        self._playout.restore()

    @perform.register
    def _cut(self, action: Cut) -> None:
        self._playout.cut(QUICK_FADE_MS if action.quick else self._barge_in.fade_ms)

    @perform.register
    def _earcon(self, action: Earcon) -> None:
        self._earcons.play(action.name)

    @perform.register
    def _ring(self, action: Ring) -> None:
        self._ringer.ring(on=action.on, says=action.says)
        self._capture.want_voice(action.on or self._state() not in QUIET)

    # The microphone, and what is told to the engine between its blocks

    @perform.register
    def _listen(self, action: Listen) -> None:
        self._uplink.listen(action.at, again=action.again)

    @perform.register
    def _mask(self, action: Mask) -> None:
        self._uplink.mask(action.at)

    @perform.register
    def _unmask(self, action: Unmask) -> None:
        self._uplink.unmask(action.at)

    @perform.register
    def _hold(self, _: Hold) -> None:
        self._uplink.hold()

    @perform.register
    def _commit(self, action: Commit) -> None:
        self._uplink.commit(action.at)

    @perform.register
    def _interrupt(self, action: Interrupt) -> None:
        self._uplink.order(lambda session: session.interrupt(action.heard))

    @perform.register
    def _discard(self, _: Discard) -> None:
        self._uplink.order(lambda session: session.discard())

    @perform.register
    def _say(self, action: Say) -> None:
        without = {} if action.tools else {"tools": False}
        self._uplink.order(lambda session: session.say(action.text, **without))

    @perform.register
    def _ask(self, action: Ask) -> None:
        self._uplink.order(lambda session: session.ask(action.text))

    @perform.register
    def _return_tool(self, action: ReturnTool) -> None:
        self._uplink.order(lambda session: session.tool_result(action.call_id, action.output, reply=action.reply))

    # Sessions; while one is open, words over a reply are understood

    @perform.register
    def _open_session(self, action: OpenSession) -> None:
        self._uplink.forget()
        self._sessions.open(action.history, action.after_ms, action.engine)
        self._over_reply.want(self._barge_in.decide == "device")

    @perform.register
    def _prepare(self, action: Prepare) -> None:
        self._sessions.prepare(action.history, action.engine)

    @perform.register
    def _switch(self, _: Switch) -> None:
        self._sessions.switch()

    @perform.register
    def _close_session(self, _: CloseSession) -> None:
        self._sessions.close()
        self._over_reply.want(False)  # noqa: FBT003 - its only argument

    # What takes a while

    @perform.register
    def _recognise(self, action: Recognise) -> None:
        self._tasks.spawn(self._understand(action))

    async def _understand(self, action: Recognise) -> None:
        words = await self._over_reply.recognise(action.onset, action.end, ended=action.ended, since=action.since)
        made = Understood(self._capture.now, action.onset, action.end, words.kind, words.text, words.score)
        self._inbox.put(made)

    @perform.register
    def _run_tool(self, action: RunTool) -> None:
        running, call_id = self._tasks.spawn(self._call(action)), action.call.call_id
        self._running[call_id] = running
        running.add_done_callback(lambda _: self._running.pop(call_id, None))

    @perform.register
    def _stop_tools(self, action: StopTools) -> None:
        for call_id in action.call_ids:
            if (running := self._running.get(call_id)) is not None:
                running.cancel()

    async def _call(self, action: RunTool) -> None:
        call = action.call
        done = await self._tools.call(call.name, call.arguments)
        self._inbox.put(
            ToolDone(
                self._capture.now, call.call_id, done.output, sleep=done.sleep, reply=done.reply, result=done.result
            )
        )

    # Whoever looks on

    @perform.register
    def _show(self, action: Show) -> None:
        alert = action.state in (State.SPEAKING, State.OVERLAP)
        self._capture.want_voice(action.state not in QUIET or self._ringer.on, alert=alert)
        self._watcher.state(action.state, self._capture.now)

    @perform.register
    def _record(self, action: Record) -> None:
        self._ledger.record(action.entry)
        match action.entry:
            case EngineError() as fault:
                log.error("Engine: %s", fault.message or fault.code)
            case HearsItself(why=why):
                log.warning("%s: %s. Only the wake word and the button are believed now.", HEARS_ITSELF, why)
            case HearsOthers():
                log.warning("It no longer hears itself: voices are believed again.")
            case _:
                pass
