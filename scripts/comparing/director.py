"""What happens in the room: who speaks when. Each step is a generator that the room resumes every 10 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct, field

from device.bench.virtual_card import RATE
from scripts.comparing.room import Line, Visit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    Step = Generator[None, None, None]

REPLY_MOST_S: Final = 40.0
"""What has been playing for longer may end by itself before a trial is over."""
ANSWER_S: Final = 4.0
"""How long to wait for an answer before asking again."""
ATTEMPTS: Final = 4
"""How often a reply is asked for, before that counts as a failure."""
AFTER_S: Final = 2.5
"""How long a trial is watched from the onset on."""
LONG_REPLY_S: Final = 10.0
"""How long to wait for a reply that goes on long enough to be interrupted."""
ENOUGH: Final = 2
"""After so many failures in a row, the rest of a phase is left out."""


class Stage(Protocol):
    """The room, as far as it concerns those who speak in it."""

    now: int
    playing_since: int | None
    quiet_since: int

    def say(self, line: Line) -> Visit:
        """Have a visitor say something at once."""


class Client(Protocol):
    """The client under test, as far as it concerns those who speak to it."""

    def wake(self) -> None:
        """Press its button, if it has one."""


class Answers(Protocol):
    """The engine, likewise."""

    @property
    def in_session(self) -> bool:
        """Whether the client is connected and configured."""

    @property
    def replies(self) -> int:
        """How many replies it has begun."""


class Trial(Struct, frozen=True):
    """Something said over a reply, `after_s` into it."""

    line: Line
    after_s: float


class Stretch(Struct, frozen=True):
    """A time in which nobody speaks but the device. Positions are frames of the recording."""

    start: int
    end: int


class Marks(Struct):
    """What came of the director's work."""

    trials: list[Visit] = field(default_factory=list)
    alone: list[Stretch] = field(default_factory=list)
    failed: int = 0
    """How often the client did not answer, or its reply did not last until it was to be interrupted."""


class Director:
    """Leads one client through a phase; `questions` are what replies are asked for with."""

    def __init__(self, stage: Stage, client: Client, engine: Answers, questions: Sequence[Line]) -> None:
        self.marks = Marks()
        self._stage = stage
        self._client = client
        self._engine = engine
        self._questions = questions
        self._asked = self._in_a_row = 0
        self._replies = 0
        self._replied = 0

    def phase(self, trials: Sequence[Trial], alone_s: float, ready: Callable[[], None]) -> Step:
        """Lead it through everything; `ready` is called once it talks."""
        yield from self._settle()
        yield from self._ask()
        ready()
        if alone_s:
            yield from self._alone(alone_s)
        for trial in trials:
            if self._in_a_row < ENOUGH:
                yield from self._try(trial)
        yield from self._wait(0.5)

    def _settle(self) -> Step:
        """Wait until the client is in session, and has said what it says of its own."""
        yield from self._enter()
        yield from self._until(lambda: self._quiet_s() > 1.5, 15.0)

    def _enter(self) -> Step:
        if not self._engine.in_session:
            self._client.wake()
            yield from self._until(lambda: self._engine.in_session, 20.0)
            yield from self._wait(1.0)

    def _ask(self) -> Step:
        """Ask for a reply until there is one."""
        for _ in range(ATTEMPTS):
            yield from self._enter()
            yield from self._until(lambda: self._quiet_s() > 0.5, 5.0)
            question = self._questions[self._asked % len(self._questions)]
            self._asked += 1
            visit = self._stage.say(question)
            yield from self._until(lambda end=visit.end: self._stage.now > end, 10.0)  # type: ignore[misc]
            yield from self._until(lambda: self._playing_s() > 0.4, ANSWER_S)
            if self._playing_s() > 0.4:
                return
        self.marks.failed += 1
        self._in_a_row += 1

    def _alone(self, seconds: float) -> Step:
        start = self._stage.now
        yield from self._wait(seconds)
        self.marks.alone.append(Stretch(start, self._stage.now))

    def _try(self, trial: Trial) -> Step:
        """Say something over a reply, once one has been playing for so long."""
        if self._age_s() > REPLY_MOST_S:
            yield from self._until(lambda: self._quiet_s() > 1.0, 30.0)
        due = self._stage.now + trial.after_s * RATE
        end = self._stage.now + LONG_REPLY_S * RATE
        while self._stage.now < due or self._playing_s() < trial.after_s:
            if self._quiet_s() > 2.5:
                yield from self._ask()
            if self._stage.now > end:
                self.marks.failed += 1
                self._in_a_row += 1
                return
            self._age_s()
            yield
        self._in_a_row = 0
        visit = self._stage.say(trial.line)
        self.marks.trials.append(visit)
        yield from self._until(lambda: self._stage.now > visit.onset + AFTER_S * RATE, 10.0)

    def _age_s(self) -> float:
        """Return how long ago the newest reply began, if it was looked at often enough."""
        if self._engine.replies != self._replies:
            self._replies, self._replied = self._engine.replies, self._stage.now
        return (self._stage.now - self._replied) / RATE

    def _playing_s(self) -> float:
        since = self._stage.playing_since
        return 0.0 if since is None else (self._stage.now - since) / RATE

    def _quiet_s(self) -> float:
        return (self._stage.now - self._stage.quiet_since) / RATE

    def _wait(self, seconds: float) -> Step:
        end = self._stage.now + seconds * RATE
        while self._stage.now < end:
            yield

    def _until(self, done: Callable[[], bool], seconds: float) -> Step:
        end = self._stage.now + seconds * RATE
        while not done() and self._stage.now < end:
            yield
