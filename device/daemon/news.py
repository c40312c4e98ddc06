"""The news of the daemon: what subscribers at the door are told, gathered from what it does anyway.

What somebody waits to see is told at once: whose turn it is, words, faults. All else is looked at a few times a second,
as long as anybody is subscribed; without subscribers, nothing is looked at.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, cast

from device.audio.measure import dbfs
from device.conversation import entries
from device.daemon.captions import Captions
from device.daemon.watcher import Watcher
from device.door.messages import (
    Alarm,
    CodeMade,
    Cost,
    Engine,
    Fault,
    Faults,
    Latency,
    Level,
    Muted,
    Snapshot,
    State,
    Timer,
    Timers,
    Volume,
)
from device.panel.lights import PATTERNS, scene
from device.panel.meters import LevelMeter, StatusMeter
from device.records.response import Response
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from device.audio.ring import Cursor
    from device.conversation.engine import Words
    from device.conversation.entries import Entry
    from device.conversation.states import State as TurnState
    from device.daemon.controls import Controls
    from device.daemon.daemon import Daemon
    from device.door.codes import PageCodes
    from device.door.messages import About, Event, Light, Topic
    from device.panel.lights import Colour
    from device.records.costs import Costs

EVERY_S: Final = 1 / 15
"""Between two looks: a level that comes more often is not seen, and a caption's progress less often looks torn."""
SLOWLY: Final = 15
"""Looks between two at what changes slowly: costs, and for how long a code holds."""
QUIETEST_DBFS: Final = -100.0
"""What a level is told as at least: JSON has no infinity, and 16 bits end at -96."""


class News(Watcher):
    """Gathers what happens to `daemon`, and has it published by `publish`, once that is set.

    `costs` counts what engines cost, of which `budget` is the day's limit; `broken` are faults that stay. `asking`
    is whether a factory reset waits for its confirmation.
    """

    def __init__(
        self,
        daemon: Daemon,
        controls: Controls,
        *,
        about: About,
        engines: tuple[str, ...],
        costs: Costs,
        codes: PageCodes,
        budget: float = 0.0,
        broken: Iterable[Fault] = (),
        asking: Callable[[], bool] = lambda: False,
    ) -> None:
        self._daemon, self._controls, self._about = daemon, controls, about
        self._costs, self._budget, self._codes = costs, budget, codes
        self.publish: Callable[[Event], None] = lambda _: None
        """Where news goes."""
        self._playing = LevelMeter(daemon.card)
        self._status = StatusMeter(controls, asking)
        self._captions = Captions(self._tell)
        self._engine = Engine(engines=engines)
        self._broken = tuple(broken)
        self._faults: dict[str, Fault] = {}
        self._latency: Latency | None = None
        self._response = Response()
        self._told: dict[type[Event], object] = {}
        self._microphone: Cursor | None = None
        self._wanted: frozenset[Topic] = frozenset()
        self._looking: asyncio.TimerHandle | None = None
        self._looks = 0

    def now(self) -> Snapshot:
        """Return the state of everything."""
        return Snapshot(
            about=self._about,
            state=self._state(),
            engine=self._engine,
            cost=self._cost(),
            timers=self.timers(),
            muted=self._muted(),
            volume=self._volume(),
            faults=self._all_faults(),
            captions=self._captions.all,
            heard=self._captions.heard,
            latency=self._latency,
            code=CodeMade(round(self._codes.seconds)),
        )

    def attend(self, wanted: frozenset[Topic], loop: asyncio.AbstractEventLoop) -> None:
        """Look at what changes by itself, as long as anything is wanted."""
        self._wanted = wanted
        if wanted and self._looking is None:
            self._wanted = frozenset()
            self._compare()  # with what the first subscriber's snapshot said
            self._wanted = wanted
            self._looking = loop.call_later(EVERY_S, self._look, loop)
        elif not wanted and self._looking is not None:
            self._looking.cancel()
            self._looking = None
        if "level" not in wanted:
            self._microphone = None
        elif self._microphone is None:
            self._microphone = self._daemon.card.mic.cursor()

    # What is told at once: a Watcher of the daemon, and of the ledger

    def state(self, state: TurnState, at: int) -> None:  # noqa: ARG002 - it is asked for, with all that the lights show
        """Know that the turn has changed."""
        self._change(self._state())

    def reply_audio(self, item: str, pcm: bytes, rate: int) -> None:
        """Know that there is more sound of an item."""
        self._captions.audio(item, len(pcm) * 500 / rate)

    def words(self, words: Words) -> None:
        """Know what somebody says."""
        self._captions.words(words)

    def announced(self, item: str, text: str) -> None:
        """Know what the device says by itself."""
        self._captions.announced(item, text)

    def take(self, entry: Entry) -> None:
        """Take an entry of the ledger."""
        self._captions.take(entry)
        self._time(entry)
        match entry:
            case entries.SessionOpen(engine=engine) | entries.SessionSwitch(engine=engine):
                self._tell_engine(Engine(engine, self._engine.engines, open=True))
                self._fault(f"engine {engine}", None)
            case entries.EngineError(message=message, code=code):
                self._tell_engine(Engine(self._engine.engine, self._engine.engines, open=False, why=message or code))
            case entries.EngineUnable(engine=engine, message=message):
                self._fault(f"engine {engine}", Fault("engine", message))
            case entries.StateEntered(state="asleep" | "muted" | "fault") if self._engine.open:
                self._tell_engine(Engine(self._engine.engine, self._engine.engines, why=self._engine.why))
            case entries.HearsItself(why=why):
                self._fault("hears itself", Fault("hears_itself", why))
            case entries.HearsOthers():
                self._fault("hears itself", None)
            case entries.CardLost():
                self._fault("card", Fault("card", f"the sound card {self._about.card} is gone"))
            case entries.CardBack():
                self._fault("card", None)
            case entries.ReplyEnd():
                self._change(self._cost())
            case _:
                pass

    # What is looked at

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._looking = loop.call_later(EVERY_S, self._look, loop)
        self._looks += 1
        self._captions.playing(self._daemon.playout.playing)
        self._compare(slow=self._looks % SLOWLY == 0)
        if self._microphone is not None:
            self.publish(Level(self._level(self._microphone), round(self._playing.read(time.monotonic()), 2)))

    def _compare(self, *, slow: bool = True) -> None:
        """Tell what is not as it was told last, also of what changes slowly if `slow`."""
        for event in (self._state(), self._volume(), self._muted()):
            self._change(event)
        self._change(self.timers(), key=self._set())
        if slow:
            self._change(self._cost())
            self._change(self._all_faults())
            self._change(CodeMade(round(self._codes.seconds)), key=self._codes.seconds > 0)

    def _level(self, microphone: Cursor) -> float:
        """Return how loud the microphone was since the last time, in dBFS."""
        rate = self._daemon.card.rate
        if microphone.lag > rate:  # nobody has looked for a while
            microphone.seek(self._daemon.card.mic.position - int(EVERY_S * rate))
        return round(max(QUIETEST_DBFS, dbfs(microphone.take(rate))), 1)

    def _state(self) -> State:
        status = self._status.read(time.monotonic())
        shown = scene(status)
        pattern = PATTERNS[shown]
        return State(
            status.state.value,
            cast("Light", shown),
            _hex(pattern.colour),
            _hex(pattern.other) if pattern.other is not None else "",
            streaming=status.streaming,
            ringing=status.ringing,
            updating=status.updating,
        )

    def _cost(self) -> Cost:
        return Cost(round(self._costs.spent_today, 4), self._budget)

    def _muted(self) -> Muted:
        mute = self._daemon.mute
        return Muted(on=mute.on, switch=mute.switched)

    def _volume(self) -> Volume:
        return Volume(round(self._daemon.playout.volume * 100))

    def _all_faults(self) -> Faults:
        over = self._budget and self._costs.spent_today >= self._budget
        spent = (Fault("budget", f"the day's budget of {self._budget:g} US dollars is spent"),) if over else ()
        return Faults((*self._broken, *self._faults.values(), *spent))

    def _set(self) -> object:
        """Return what is told anew when it has changed: time that passes is no news."""
        return self._daemon.timers.running, self._daemon.alarms.all, self._daemon.ringing

    def timers(self) -> Timers:
        """Return the timers and alarms that are set."""
        timers, alarms, now = self._daemon.timers, self._daemon.alarms, time.time()
        return Timers(
            tuple(
                Timer(
                    timer.name,
                    timer.seconds,
                    timers.remaining_s(timer),
                    round(now + timers.left(timer) / CLOCK_RATE, 1),
                    timer.paused is not None,
                )
                for timer in timers.running
            ),
            tuple(
                Alarm(alarm.number, alarm.kind, alarm.text, alarms.rings_at(alarm), alarm.days) for alarm in alarms.all
            ),
            self._daemon.ringing,
        )

    # The rest

    def _time(self, entry: Entry) -> None:
        """Tell how long a turn took once its reply is heard."""
        if times := self._response.take(entry):
            self._latency = Latency(times["reply_first_audio"], {str(stage): ms for stage, ms in times.items()})
            self._tell(self._latency)

    def _fault(self, name: str, fault: Fault | None) -> None:
        if fault is not None:
            self._faults[name] = fault
        elif self._faults.pop(name, None) is None:
            return
        self._change(self._all_faults())

    def _tell_engine(self, engine: Engine) -> None:
        self._engine = engine
        self._change(engine)

    def _change(self, event: Event, key: object = None) -> None:
        """Tell an event, unless it says what was told before."""
        key = event if key is None else key
        if self._told.get(type(event)) != key:
            self._told[type(event)] = key
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if self._wanted:
            self.publish(event)


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
