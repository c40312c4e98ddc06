"""Hours with a crowd on a virtual clock: what happened, and what must hold throughout."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
from support.chronicle import Chronicle, clock
from support.crowd import RATE, Crowd, Home, LoudnessDetector, ToneDetector
from support.puppet import Plan

from device.audio.playout import Playout
from device.conversation import entries
from device.conversation.events import Button, Mute
from device.daemon.build import build
from device.daemon.watcher import Watcher
from device.engines.uplink import SentAudio
from device.listen.detectors import Detectors
from device.listen.shared_recogniser import SharedRecogniser
from device.records.entry import Turn
from device.records.ledger import Ledger
from device.sample_clock import samples
from device.settings.tree import ListenSettings, Settings
from device.simulation import virtual_clock
from device.simulation.faults import Fault
from device.simulation.rehearsal import resident_mb
from device.simulation.scene import Acoustics, CardEvent, Scene
from device.simulation.timed_engine import speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.entries import Entry
    from device.conversation.states import State
    from device.daemon.daemon import Daemon

LONGEST_S = {"connecting": 30, "listening": 100, "thinking": 16, "speaking": 15, "overlap": 15, "fault": 120}
"""How long a state can last: the longest reply, pause and timeout there are."""
FAULTS: Final = (
    Fault(at=70, kind="stall", ms=(20, 400), every=300, spread=60),
    Fault(at=160, kind="sleep", ms=(20, 400), every=300, spread=60),
    Fault(at=240, kind="freeze", ms=(20, 400), every=300, spread=60),
)
"""What befalls the card, the process and its callbacks: one of them every 100 s."""
LONGEST_STALL: Final = samples(500)
SHAKEN: Final = samples(3000)
"""For how long after a stall nobody is judged: the echo must be found again, and what was said meanwhile is missing."""
LONGEST_WAKE: Final = samples(2200)
"""From the wake word's beginning to the question's."""
BEFORE: Final = samples(4000)
"""How long before a cut whoever caused it began at the most: the longest question, and a wake word before it."""
JUDGED_AFTER: Final = samples(60_000)
"""How long after a question or a mutter it is judged: what was lost with a session is sent again, an outage is over."""
RECOGNISED_S = 1.0
"""How long the recogniser takes: so long that, for its tones, the length of a voice decides."""
Result = TypeVar("Result")


class SlowThread(Executor):
    """Does its work at once, and is done with it `RECOGNISED_S` later: the same on a machine that is busy.

    The work is done in a thread of its own, as the device's recogniser is: each has memory of its own, too.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = ThreadPoolExecutor(1, "recogniser")

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        future: Future[Result] = Future()
        self._loop.call_later(RECOGNISED_S, self._settle, future, self._thread.submit(fn, *args, **kwargs).result())
        return future

    def _settle(self, future: Future[Result], result: Result) -> None:
        if not future.cancelled():
            future.set_result(result)


class Soak(Watcher):
    """`hours` in a home. `trouble` is how often sessions fail; `say` is told of every hour what has become of it."""

    def __init__(
        self,
        hours: float,
        seed: int,
        folder: Path,
        *,
        trouble: float = 0.03,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._say = say
        self._began = time.monotonic()
        self.rng = random.Random(seed)
        self.chronicle = Chronicle()
        self.crowd = Crowd(random.Random(seed + 1), self.chronicle.note)
        self.plan = Plan(random.Random(seed + 2), speech(10))
        self.plan.trouble, self.plan.tools = trouble, 0.1
        seconds = hours * 3600
        away = np.arange(600, seconds - 60, 1800)  # every half an hour somebody trips over the cable
        card = [
            event
            for at in map(float, away)
            for event in (CardEvent(at=at, action="unplug"), CardEvent(at=at + 7, action="plug"))
        ]
        room = Acoustics(rate=RATE, echo_db=-20)
        self.room = Home(Scene(seconds=seconds, name="home", room=room, card=tuple(card), faults=FAULTS), self.crowd)
        self.ledger_file = folder / "ledger.jsonl"
        self.sent_audio = SentAudio()
        self.ledger = Ledger(self.ledger_file, on_entry=self._entry, sent_s=lambda: self.sent_audio.seconds)
        self.ledger.watch(lambda entry: self.chronicle.note(entry.at, _told(entry)))
        self.daemon: Daemon
        """The one that lives, or lived, there."""
        self.counts: Counter[str] = Counter()
        self.sent_pieces: list[tuple[int, int]] = []
        self.sent_s = 0.0
        """By the ledger's records of turns."""
        self.ended: list[int] = []
        """When replies ended by themselves."""
        self.unfair: list[tuple[int, int]] = []
        """When nobody could be understood: muted, card or engine gone, a conversation ended by the button."""
        self.sizes: list[dict[str, float]] = []
        """What the daemon held whenever it slept, one entry every ten minutes."""
        self.longest: Counter[str] = Counter()
        self.stalls = 0
        self.cut_by_nobody: list[str] = []
        """When a reply was cut off although nobody had said anything, and no button was pressed."""
        self.unheard: list[str] = []
        """The questions of which a part was never sent, although it could have been."""
        self.overheard: list[str] = []
        """What was said over a reply, too short to interrupt, and sent although the reply went on."""
        self._state, self._since = "asleep", 0
        self._playing: set[str] = set()
        self._total = 0
        self._lost_at = 0
        self._measured = self._told = 0
        self._missing = 0
        self._stalled = -LONGEST_STALL
        self._asked = self._muttered = 0  # how many of them were judged

    def run(self) -> None:
        virtual_clock.run(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, virtual_clock.VirtualLoop)
        detectors = Detectors(voice=LoudnessDetector(), wake=ToneDetector())
        settings = Settings(listen=ListenSettings(follow_up_s=8))
        recogniser = SharedRecogniser(settings.models_dir, SlowThread(loop))
        self.daemon = await build(
            settings,
            self.room,
            self.ledger,
            self.plan.session,
            sent=self.sent_audio,
            detectors=detectors,
            recogniser=recogniser,
        )
        self.daemon.watch(self)
        self.daemon.start(thread=False)
        loop.drive(self._step)
        users = [asyncio.create_task(work) for work in (self._buttons(), self._mutes(), self._outages())]
        while not self.room.over:
            await asyncio.sleep(1.0)
            self._judge()
            self._measure()
        for user in users:
            user.cancel()
        await self.daemon.stop()
        self.ledger.close()
        await asyncio.wait(users)
        self.left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    def _step(self) -> float:
        blocks = 1
        if not self.room.step():
            return 0.0
        while self.room.asleep and self.room.step():
            blocks += 1
        if self.room.lost > self._missing:
            self._missing = self.room.lost
            self._stall(self.daemon.capture.now)
        while self.daemon.capture.process():
            pass
        return 0.01 * blocks

    def _stall(self, now: int) -> None:
        """Note that something is missing; of one stall that is said more than once."""
        if now > self._stalled + LONGEST_STALL:
            self.stalls += 1
            self.chronicle.note(now, "a stall")
            self.unfair.append((now, now + SHAKEN))
        self._stalled = now

    async def _buttons(self) -> None:
        """Press the button a while after a timer rings, and now and then for no reason."""
        while True:
            await asyncio.sleep(self.rng.uniform(2, 8))
            if self.daemon.ringing or self.rng.random() < 0.01:
                self.counts["buttons"] += 1
                self.chronicle.note(self.daemon.capture.now, "the button")
                self._is_unfair()
                self.daemon.on(Button(self.daemon.capture.now))

    async def _mutes(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(300, 1500))
            began = self.daemon.capture.now
            self.chronicle.note(began, "muted")
            self.daemon.on(Mute(began, on=True))
            sent = self.daemon.uplink.sent_samples
            await asyncio.sleep(self.rng.uniform(1, 30))
            assert self.daemon.uplink.sent_samples == sent, "something was sent while muted"
            self.chronicle.note(self.daemon.capture.now, "unmuted")
            self.daemon.on(Mute(self.daemon.capture.now, on=False))
            self.unfair.append((began, self.daemon.capture.now))

    async def _outages(self) -> None:
        """Have the engine fail for longer than anybody waits for it."""
        usual = self.plan.trouble
        while True:
            await asyncio.sleep(self.rng.uniform(400, 1200))
            began = self.daemon.capture.now
            self.chronicle.note(began, "the engine fails")
            self.plan.trouble = 1.0
            for session in list(self.plan.sessions):
                session.die()
            await asyncio.sleep(40)
            self.plan.trouble = usual
            self.chronicle.note(self.daemon.capture.now, "the engine is well")
            self.unfair.append((began, self.daemon.capture.now))

    def _is_unfair(self) -> None:
        now = self.daemon.capture.now
        self.unfair.append((now, now))

    def state(self, state: State, at: int) -> None:
        self.longest[self._state] = max(self.longest[self._state], at - self._since)
        self._state, self._since = state.value, at
        self.crowd.notify(state.value, self.room.frame)

    def sent(self, at: int, total: int) -> None:
        length = total - self._total
        self._total += length
        start = at - length
        if self.sent_pieces and self.sent_pieces[-1][1] == start:
            start = self.sent_pieces.pop()[0]
        self.sent_pieces.append((start, at))

    def _entry(self, entry: Entry) -> None:
        self.counts[entry.event()] += 1
        match entry:
            case Turn(gathered=gathered):
                self.sent_s += gathered["sent_s"]
            case entries.ReplyFirstAudio(item=item):
                assert item not in self._playing
                self._playing.add(item)
            case entries.ReplyLastAudio(item=item):
                self._playing.remove(item)
                self.ended.append(entry.at)
            case entries.Truncate(item=item):
                self._playing.discard(item)
            case entries.Cut():
                self._blame(entry.at)
            case entries.Sleep(why=why):
                assert why == "the button" or not self._playing
                if why == "a request":  # which counts more than a voice that has just begun
                    self.unfair.append((entry.at, entry.at))
            case entries.CardLost() | entries.CardBack():
                self._card(entry.at, lost=isinstance(entry, entries.CardLost))
            case entries.StateEntered(state="muted" | "asleep"):
                self._playing.clear()

    def _card(self, at: int, *, lost: bool) -> None:
        self.crowd.hush = lost
        if lost:
            self._lost_at = at
        else:
            self.unfair.append((self._lost_at, at))

    def _blame(self, at: int) -> None:
        """Look who caused the cut at `at`."""
        if self.crowd.hush:
            return  # the card is gone: nobody would hear the rest
        said = (*self.crowd.asked[-5:], *self.crowd.muttered[-5:])
        # The wake word, which comes before a question, cuts a reply off, too.
        if not any(first - LONGEST_WAKE < at and last > at - BEFORE for first, last in (*said, *self.unfair[-5:])):
            self._found(self.cut_by_nobody, "a cut by nobody", at, at)

    def _found(self, kind: list[str], what: str, first: int, last: int) -> None:
        """Keep when something went wrong, and give an account of it."""
        kind.append(clock(first))
        sent = "".join(f"    sent from {clock(start)} to {clock(end)}\n" for start, end in self._sent_near(first, last))
        self._say(f"{clock(first)} to {clock(last)}: {what}\n{self.chronicle.around(first, last)}{sent}")

    def _tell(self) -> None:
        """Tell what has become of the hour that has ended."""
        last, lost = self.sizes[-1], self.daemon.capture.lost + self.daemon.uplink.lost
        self._say(
            f"{self.daemon.capture.now / samples(3_600_000):5.2f} h  {(time.monotonic() - self._began) / 60:5.1f} min  "
            f"{last['mb']:6.1f} MB  {last['objects']:6.0f} objects  {last['files']:2.0f} files  "
            f"{last['threads']:2.0f} threads  {len(self.crowd.asked):5} questions  {len(self.unheard)} not whole  "
            f"{self.counts['cut']:5} cuts  {len(self.cut_by_nobody)} by itself  {self.stalls:4} stalls  "
            f"{self.plan.died:4} sessions died  {lost} samples lost"
        )

    def _measure(self) -> None:
        now = self.daemon.capture.now
        if self._state != "asleep" or self._ringing() or now < self._measured + samples(600_000):
            return
        if now < self._since + samples(1000):  # its session is being closed
            return
        self._measured = now
        daemon = self.daemon
        assert isinstance(daemon.playout, Playout)
        gc.collect()
        if self.sizes and len(asyncio.all_tasks()) != self.sizes[0]["tasks"]:
            names = [task.get_coro() for task in asyncio.all_tasks()]
            self._say(f"{clock(now)}: other tasks than at first: {names}\n{self.chronicle.around(now, now)}")
        self.sizes.append(
            {
                "objects": len(gc.get_objects()) - 2 * len(self.crowd.asked),
                "tasks": len(asyncio.all_tasks()),
                "wakers": len(daemon.capture.clean._wakers),  # noqa: SLF001 - whether it grows is seen nowhere else
                "items": len(daemon.playout._items),  # noqa: SLF001 - whether it grows is seen nowhere else
                "notes": len(daemon.playout._notes),  # noqa: SLF001 - whether it grows is seen nowhere else
                "orders": len(daemon.uplink._orders),  # noqa: SLF001 - whether it grows is seen nowhere else
                "sessions": len(self.plan.sessions),
                "said": len(daemon.conversation._history.said),  # noqa: SLF001 - whether it grows is seen nowhere else
                "timers": len(daemon.timers.running),
                "files": len(list(Path("/proc/self/fd").iterdir())),
                "threads": threading.active_count(),
                "mb": resident_mb(),
            }
        )
        if now >= self._told + samples(3_600_000):
            self._told += samples(3_600_000)
            self._tell()

    def _ringing(self) -> bool:
        return self.daemon.ringing

    # Judgement

    def _judge(self) -> None:
        """Look at what was said a while ago: by now it was sent, if it ever is."""
        before = self.daemon.capture.now - JUDGED_AFTER
        asked, muttered = self.crowd.asked, self.crowd.muttered
        while self._asked < len(asked) and asked[self._asked][1] < before:
            first, last = asked[self._asked]
            self._asked += 1
            if not (self._excused(first, last) or self._sent_whole(first, last)):
                self._found(self.unheard, "a question that was not sent whole", first, last)
        while self._muttered < len(muttered) and muttered[self._muttered][1] < before:
            first, last = muttered[self._muttered]
            self._muttered += 1
            if self._sent_near(first, last) and not (self._heard_anyway(first, last) or self._excused(first, last)):
                self._found(self.overheard, "a mutter that was sent", first, last)
        self.sent_pieces = [piece for piece in self.sent_pieces if piece[1] > before - JUDGED_AFTER]

    def _sent_whole(self, first: int, last: int) -> bool:
        return any(start <= first and end >= last for start, end in self.sent_pieces)

    def _sent_near(self, first: int, last: int) -> list[tuple[int, int]]:
        return [(start, end) for start, end in self.sent_pieces if start < last and end > first]

    def _heard_anyway(self, first: int, last: int) -> bool:
        """Return whether a mutter may be sent: the reply was over, or a question followed."""
        over = any(first - samples(500) < at < last + samples(800) for at in self.ended[-100:])
        return over or any(first < at < last + samples(1000) for at, _ in self.crowd.asked[-100:])

    def _excused(self, first: int, last: int) -> bool:
        return any(a < last + samples(500) and b > first - samples(2000) for a, b in self.unfair[-100:])


def _told(entry: Entry) -> str:
    """Return an entry as a line of the chronicle, without its time."""
    return " ".join(str(value) for name, value in entry.line().items() if name != "t")
