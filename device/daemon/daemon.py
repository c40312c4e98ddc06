"""The daemon: builds the parts, carries out what the conversation wants, and feeds it with what happens."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from device.audio.card.base import BLOCK_MS
from device.audio.earcons import earcon
from device.audio.echo.canceller import EchoCanceller
from device.audio.last_reply import LastReply
from device.audio.playout import Playout
from device.conversation import entries
from device.conversation.actions import (
    Action,
    Again,
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
    Switch,
)
from device.conversation.events import (
    CardBack,
    CardLost,
    Mute,
    PlayoutDone,
    Repeat,
    StopHeard,
    Tick,
    TimerRang,
    ToolDone,
    Understood,
    Voice,
    VoiceEnd,
)
from device.conversation.machine import Conversation
from device.conversation.rules import Rules
from device.conversation.states import State
from device.daemon.mute import MuteSwitch
from device.daemon.watcher import Watcher
from device.engines.sessions import HANDOVER_S, OPEN_TIMEOUT_S, Sessions
from device.engines.uplink import Uplink
from device.listen.capture import Capture
from device.listen.detectors import Detectors
from device.listen.lexicon import lexicon
from device.listen.over_reply import OverReply
from device.listen.shared_recogniser import SharedRecogniser
from device.listen.stop_word import StopWord
from device.records.entry import SentFirst
from device.sample_clock import CLOCK_RATE, samples
from device.tools.builtin import builtin_tools
from device.tools.result import NAME as RESULT
from device.tools.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from device.audio.card.base import Card
    from device.conversation.engine import EngineEvent, EngineSession, ToolSpec
    from device.conversation.events import DeviceEvent, Heard
    from device.records.ledger import Ledger
    from device.settings.tree import Settings
    from device.tools.registry import Tool

log = logging.getLogger(__name__)

QUICK_FADE_MS = 4
"""For a reply that the button ends: no click, and over within one block."""
QUIET = (State.ASLEEP, State.MUTED, State.FAULT)
"""States in which nobody's voice matters, but for the wake word."""


class Daemon:
    """A whole assistant on a card.

    `session` makes a session with an engine, by its name, for the tools it may call: the built-in ones that the
    settings name, and `tools`. Engines that are `barred` are passed over. Everything but `run` is for the event loop's
    thread.
    """

    def __init__(
        self,
        settings: Settings,
        card: Card,
        ledger: Ledger,
        session: Callable[[Sequence[ToolSpec], str], Awaitable[EngineSession]],
        watcher: Watcher | None = None,
        *,
        tools: Sequence[Tool] = (),
        barred: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.settings = settings
        self.card = card
        self.ledger = ledger
        self.watcher = watcher or Watcher()
        self.playout = Playout(card.rate, prebuffer_ms=settings.playout.prebuffer_ms, volume=settings.playout.volume)
        self.playout.latency = lambda: card.output_latency
        listen, barge_in = settings.listen, settings.barge_in
        self.conversation = Conversation(
            Rules(
                engines=settings.engines,
                follow_up_ms=round(listen.follow_up_s * 1000),
                greeting=settings.greeting,
                cut_ms=barge_in.cut_ms,
                barge_in=barge_in.decide,
                recogniser=lexicon(settings.language) is not None,
                commit_after_ms=listen.silence_ms if listen.end_of_turn == "device" else None,
                silence_ms=listen.silence_ms,
                result_tool=RESULT if any(tool.name == RESULT for tool in tools) else "",
            ),
            barred,
        )
        self.mute = MuteSwitch(self._muted)
        self.attend: Callable[[], None] = lambda: None
        """Called when what lights show may have changed; on the event loop."""
        self._last_reply = LastReply()
        self.timers = Timers(self._position)
        self.tools = builtin_tools(
            timers=self.timers,
            volume=self._volume,
            set_volume=self._set_volume,
            mute=lambda: self.mute.want(on=True),
            stop_ringing=self._stop,
        ).offering(settings.tools, tools)
        self.sessions = Sessions(
            lambda engine: session(self.tools.specs(), engine),
            self.on,
            self._spawn,
            open_s=OPEN_TIMEOUT_S if len(settings.engines) == 1 else HANDOVER_S,
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self._capture: Capture | None = None
        self._uplink: Uplink | None = None
        self.recogniser = SharedRecogniser(settings.models_dir)
        self._stopword: StopWord | None = None
        self._overheard: OverReply | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()

    @property
    def capture(self) -> Capture:
        """The capture thread; there once `start` has returned."""
        if self._capture is None:
            raise RuntimeError("the daemon has not been started")
        return self._capture

    @property
    def uplink(self) -> Uplink:
        """What sends to the engine; there once `start` has returned."""
        if self._uplink is None:
            raise RuntimeError("the daemon has not been started")
        return self._uplink

    async def start(self, detectors: Detectors | None = None, *, thread: bool = True) -> None:
        """Open the card and begin to listen. Raises CardError or ModelError.

        Without `thread`, whoever drives a virtual clock calls `capture.process`.
        """
        self._loop = asyncio.get_running_loop()
        self.card.on_presence = lambda present: self._post((CardBack if present else CardLost)(self._position()))
        # The card's ring keeps what is heard while the models load.
        self.card.open(self.playout)
        if detectors is None:
            detectors = await asyncio.to_thread(Detectors.load, self.settings)
        listen = self.settings.listen
        self._capture = Capture(
            self.card,
            self.playout,
            canceller=EchoCanceller(listen.echo_tail_ms) if listen.echo_canceller == "device" else None,
            voice=detectors.voice,
            wake=detectors.wake,
            emit=self._post,
            vad_threshold=listen.vad_threshold,
        )
        self._uplink = Uplink(self.capture.clean, on_first=self._sent_first, on_sent=self.watcher.sent)
        self.sessions.send = self._uplink.serve
        self.ledger.sent_s = lambda: self.uplink.sent_samples / CLOCK_RATE
        self._stopword = StopWord(self.settings.language, self.capture.clean, self.recogniser)
        self._overheard = OverReply(self.settings.language, self.capture.clean, self.recogniser)
        if thread:
            self.capture.start()
        self.sound("ready")
        self.watcher.state(State.ASLEEP, self._position())

    async def stop(self) -> None:
        """Fade out and close everything; harmless when repeated."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self.conversation.state in (State.SPEAKING, State.OVERLAP):
            fade_ms = self.settings.barge_in.fade_ms
            self.playout.cut(fade_ms)
            await asyncio.sleep(fade_ms / 1000 + self.card.output_latency / self.card.rate + BLOCK_MS / 500)
        self.sessions.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        for task in self._tasks:
            task.cancel()
        if self._capture is not None:
            self._capture.stop()
        self.card.close()

    async def run(self) -> None:
        """Start, serve until cancelled, stop."""
        try:
            await self.start()
            await self._stopped.wait()
        finally:
            await self.stop()

    def on(self, event: DeviceEvent | EngineEvent) -> None:
        """Let the conversation know of `event` and do what it wants."""
        if self._stopped.is_set():
            return
        if isinstance(event, Tick):
            for timer in self.timers.due(event.at):
                self.on(TimerRang(event.at, timer.name))
        if isinstance(event, (Tick, PlayoutDone)) and self.sessions.wants_playback:
            self._report_playback(event.heard if isinstance(event, PlayoutDone) else self.playout.playing)
        for action in self.conversation.on(event, self._position()):
            self._perform(action)
        if isinstance(event, (Voice, VoiceEnd)) and self.ringing:
            self._spawn(self._hear_stop(event))

    def _post(self, event: DeviceEvent) -> None:
        """Hand an event over from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.on, event)

    def _report_playback(self, heard: Heard | None) -> None:
        if heard is not None:
            self.uplink.order(lambda session: session.played(heard))

    @property
    def position(self) -> int:
        """The present position on the device's clock."""
        return self._position()

    def repeat(self) -> None:
        """Play the last reply again; the sound of an error if there is none."""
        if self._last_reply.pcm:
            self.on(Repeat(self._position()))
        else:
            self.sound("error")

    def _position(self) -> int:
        return self._capture.now if self._capture is not None else self.card.now

    def _perform(self, action: Action) -> None:  # noqa: C901, PLR0912, PLR0915 - a table of actions
        match action:
            case Play(item, pcm):
                if (rate := self.sessions.rate) is not None:
                    self.playout.play(item, pcm, rate)
                    self._last_reply.add(item, pcm, rate)
                    self.watcher.reply_audio(item, pcm, rate)
            case Again(item):
                self.playout.play(item, self._last_reply.pcm, self._last_reply.rate)
                self.playout.finish(item)
            case Finish(item):
                self.playout.finish(item)
            case Lower():
                self.playout.lower(self.settings.barge_in.duck_db)
            case Duck():
                self.playout.duck(self.settings.barge_in.duck_db)
            case Restore():
                self.playout.restore()
            case Cut(quick):
                self.playout.cut(QUICK_FADE_MS if quick else self.settings.barge_in.fade_ms)
            case Listen(at, again):
                self.uplink.listen(at, again=again)
            case Hold():
                self.uplink.hold()
            case Commit(at):
                self.uplink.commit(at)
            case Interrupt(heard):
                self.uplink.order(lambda session: session.interrupt(heard))
            case Discard():
                self.uplink.order(lambda session: session.discard())
            case Say(text):
                self.uplink.order(lambda session: session.say(text))
            case ReturnTool(call_id, output, reply):
                self.uplink.order(lambda session: session.tool_result(call_id, output, reply=reply))
            case Recognise(onset, end, ended):
                self._spawn(self._overhear(onset, end, ended=ended))
            case OpenSession(history, after_ms, engine):
                self.uplink.forget()
                self.sessions.open(history, after_ms, engine)
                self._want_words(wanted=True)
            case Prepare(history, engine):
                self.sessions.prepare(history, engine)
            case Switch():
                self.sessions.switch()
            case CloseSession():
                self.sessions.close()
                self._want_words(wanted=False)
            case RunTool(call):
                self._spawn(self._run_tool(call.call_id, call.name, call.arguments))
            case Earcon(name):
                self.sound(name)
            case Ring(on):
                self._ring(on)
            case Show(state):
                alert = state in (State.SPEAKING, State.OVERLAP)
                self.capture.want_voice(state not in QUIET or self.ringing, alert=alert)
                self.watcher.state(state, self._position())
                self.attend()
            case Record(entry):
                self._record(entry)

    # Voices over a reply

    def _want_words(self, *, wanted: bool) -> None:
        if self._overheard is not None and self.settings.barge_in.decide == "device":
            self._overheard.want(wanted)

    async def _overhear(self, onset: int, end: int, *, ended: bool) -> None:
        if self._overheard is not None:
            words = await self._overheard.look(onset, end, ended=ended)
            self.on(Understood(self._position(), onset, end, words.kind, words.text))

    async def _run_tool(self, call_id: str, name: str, arguments: str) -> None:
        called = await self.tools.call(name, arguments)
        at = self._position()
        self.on(ToolDone(at, call_id, called.output, sleep=called.sleep, reply=called.reply, result=called.result))

    # Tools act on the device through these

    def _muted(self, on: bool) -> None:  # noqa: FBT001 - what the switch calls
        self.card.deaf = on
        self.on(Mute(self._position(), on=on))

    def _volume(self) -> int:
        return round(self.playout.volume * 100)

    def _set_volume(self, percent: int) -> None:
        self.playout.volume = percent / 100

    def _stop(self) -> bool:
        ringing = self.ringing
        if ringing:
            self.on(StopHeard(self._position()))
        return ringing

    # Sounds

    def sound(self, name: str) -> None:
        """Play an earcon, if they are wanted."""
        if self.settings.playout.earcons and not self.ringing:
            self.playout.sound(earcon(name, self.card.rate))

    @property
    def ringing(self) -> bool:
        """Whether a timer rings."""
        return self._stopword is not None and self._stopword.wanted

    def _ring(self, on: bool) -> None:  # noqa: FBT001 - the action's field
        if self._stopword is not None:
            self._stopword.want(on)
        self.playout.sound(earcon("timer", self.card.rate) if on else None, repeat=on)
        self.capture.want_voice(on or self.conversation.state not in QUIET)

    async def _hear_stop(self, event: Voice | VoiceEnd) -> None:
        if self._stopword is not None and await self._stopword.heard(event):
            self.on(StopHeard(self._position()))

    def _sent_first(self, position: int) -> None:
        self.ledger.record(SentFirst(self._position(), round(position / samples(1000), 3)))

    def _record(self, entry: entries.Entry) -> None:
        self.ledger.record(entry)
        if isinstance(entry, entries.EngineError):
            log.error("Engine: %s", entry.message or entry.code)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A task of the daemon failed: %r", error, exc_info=error)
