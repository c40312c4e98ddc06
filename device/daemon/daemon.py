"""The daemon's life: it feeds the conversation with what happens, and has done what the conversation wants."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from device.audio.card.base import BLOCK_MS
from device.conversation.engine import Words
from device.conversation.events import PlayoutDone, Repeat, Tick, TimerRang, Voice, VoiceEnd, Wake
from device.conversation.states import State
from device.conversation.turn_taking import WAKEABLE

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from device.audio.card.base import Card
    from device.audio.last_reply import LastReply
    from device.audio.loudspeaker import Loudspeaker
    from device.conversation.engine import EngineEvent
    from device.conversation.events import DeviceEvent, Heard
    from device.conversation.machine import Conversation
    from device.daemon.alarm_clock import AlarmClock
    from device.daemon.announcer import Announcer
    from device.daemon.earshot import Earshot
    from device.daemon.inbox import Inbox
    from device.daemon.kept import Kept
    from device.daemon.mute import MuteSwitch
    from device.daemon.perform import Performer
    from device.daemon.sounds import Earcons, Ringer
    from device.daemon.tasks import Tasks
    from device.daemon.watcher import Watcher, Watchers
    from device.engines.sessions import Sessions
    from device.engines.uplink import Uplink
    from device.listen.capture import Capture
    from device.listen.wake_check import WakeCheck
    from device.skills.alarms.alarms import Alarms
    from device.skills.timers.timers import Timers

Result = TypeVar("Result")


class Daemon:
    """A whole assistant on a card that is open; `build` makes one. Everything is for the event loop's thread.

    `fade_ms` is how long a reply fades that the end of the daemon breaks off.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        tasks: Tasks,
        card: Card,
        playout: Loudspeaker,
        capture: Capture,
        uplink: Uplink,
        sessions: Sessions,
        conversation: Conversation,
        wake_check: WakeCheck,
        performer: Performer,
        timers: Timers,
        alarms: Alarms,
        alarm_clock: AlarmClock,
        kept: Kept,
        mute: MuteSwitch,
        ringer: Ringer,
        earcons: Earcons,
        announcer: Announcer,
        last_reply: LastReply,
        watchers: Watchers,
        earshot: Earshot | None,
        fade_ms: int,
    ) -> None:
        self.card = card
        self.playout = playout
        self.capture = capture
        self.uplink = uplink
        self.sessions = sessions
        self.conversation = conversation
        self._wake_check = wake_check
        self.timers = timers
        self.alarms = alarms
        self._alarm_clock = alarm_clock
        self.mute = mute
        self._kept = kept
        self.earcons = earcons
        self.announcer = announcer
        self._inbox = inbox
        self._tasks = tasks
        self._performer = performer
        self._ringer = ringer
        self._last_reply = last_reply
        self._watchers = watchers
        self._earshot = earshot
        self._fade_ms = fade_ms
        self._stopped = False

    @property
    def position(self) -> int:
        """The present position on the device's clock."""
        return self.capture.now

    @property
    def ringing(self) -> bool:
        """Whether a timer or an alarm rings."""
        return self._ringer.on

    def watch(self, watcher: Watcher) -> None:
        """Let `watcher` know of all that the daemon does from now on."""
        self._watchers.add(watcher)

    def start(self, *, thread: bool = True) -> None:
        """Begin to listen, and say so.

        Without `thread`, whoever drives a virtual clock calls `capture.process`.
        """
        self._kept.recall()
        self._alarm_clock.recall()
        if self._earshot is not None:
            self._earshot.open(self._take)
        self._inbox.open(self.on)
        if thread:
            self.capture.start()
        self.earcons.play("ready")
        self._watchers.state(State.ASLEEP, self.position)
        self.mute.announce()

    def on(self, event: DeviceEvent | EngineEvent) -> None:
        """Let the conversation know of `event` and do what it wants."""
        if not (self._stopped or (self._earshot is not None and self._earshot.keeps(event))):
            self._take(event)

    def _take(self, event: DeviceEvent | EngineEvent) -> None:
        if isinstance(event, Tick):
            for timer in self.timers.due(event.at):
                self.on(TimerRang(event.at, timer.name))
            for rang in self._alarm_clock.look(event.at):
                self.on(rang)
            self._kept.look(ringing=self.ringing or self._alarm_clock.near)
            self.mute.look()
        if isinstance(event, (Tick, PlayoutDone)) and self.sessions.wants_playback:
            self._report_playback(event.heard if isinstance(event, PlayoutDone) else self.playout.playing)
        if isinstance(event, Words):
            self._watchers.words(event)
        if isinstance(event, Wake) and self._asleep and self._wake_check.doubts(event):
            self._tasks.spawn(self._wake_check.hear(event, self._confirmed))
            return
        self._perform(event)
        if isinstance(event, (Voice, VoiceEnd)) and self.ringing:
            self._tasks.spawn(self._ringer.hear(event, alone=self.conversation.state in WAKEABLE))

    @property
    def _asleep(self) -> bool:
        """Whether the wake word would begin a conversation, and do nothing else."""
        return self.conversation.state in WAKEABLE and not self.ringing

    def _confirmed(self, wake: Wake) -> None:
        if not self._stopped:
            self._perform(wake)

    def _perform(self, event: DeviceEvent | EngineEvent) -> None:
        for action in self.conversation.on(event, self.position):
            self._performer.perform(action)

    @property
    def can_repeat(self) -> bool:
        """Whether there is a reply that can be heard again."""
        return bool(self._last_reply.pcm)

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin some work that goes on until it is done, or the daemon ends."""
        return self._tasks.spawn(work)

    def repeat(self) -> None:
        """Play the last reply again; the sound of an error if there is none."""
        if self._last_reply.pcm:
            self.on(Repeat(self.position))
        else:
            self.earcons.play("error")

    async def stop(self) -> None:
        """Fade out and close everything; harmless when repeated."""
        if self._stopped:
            return
        self._stopped = True
        if self.conversation.state in (State.SPEAKING, State.OVERLAP):
            self.playout.cut(self._fade_ms)
            latency_s = self.card.output_latency / self.card.rate
            await asyncio.sleep(self._fade_ms / 1000 + latency_s + BLOCK_MS / 500)
        self._kept.close()
        if self._earshot is not None:
            self._earshot.close()
        self.sessions.close()
        await self._tasks.close()
        self.capture.stop()
        self.card.close()

    def _report_playback(self, heard: Heard | None) -> None:
        """Tell an engine that counts the playout how far it is."""
        if heard is not None:
            self.uplink.order(lambda session: session.played(heard))
