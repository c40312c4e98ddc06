import numpy as np
import pytest

from device.bench.virtual_card import RATE
from scripts.comparing.director import AFTER_S, Director, Trial
from scripts.comparing.room import Line, Visit


def line(kind):
    return Line(kind, "hello", np.ones(RATE // 2, np.float32), 0, RATE // 2)


class World:
    """Room, client and engine in one: replies begin a second after a question, and end when interrupted."""

    def __init__(self, *, deaf=False, interruptible=True):
        self.now = self.quiet_since = 0
        self.playing_since = None
        self.in_session = False
        self.replies = 0
        self.woken = 0
        self.said = []
        self._deaf, self._interruptible = deaf, interruptible
        self._begins = self._ends = None

    def wake(self):
        self.woken += 1
        self.in_session = True

    def say(self, said):
        visit = Visit(said.kind, self.now, self.now + RATE // 2, said.text)
        self.said.append(visit)
        if not self._deaf and (self._interruptible or self.playing_since is None):
            self._ends = self.now + RATE // 4
            self._begins = self.now + 3 * RATE // 2
        return visit

    def step(self):
        self.now += RATE // 100
        if self._ends is not None and self.now >= self._ends:
            self.playing_since = self._ends = None
        if self._begins is not None and self.now >= self._begins:
            self.playing_since, self._begins = self.now, None
            self.replies += 1
        if self.playing_since is not None:
            self.quiet_since = self.now


def play(world, trials=(), alone_s=0.0, limit_s=200):
    ready = []
    director = Director(world, world, world, [line("complete")])
    for _ in director.phase(trials, alone_s, lambda: ready.append(world.now)):
        world.step()
        assert world.now < limit_s * RATE, "the director goes on for ever"
    assert len(ready) == 1
    return director.marks


def test_each_trial_is_said_over_a_reply_that_has_played_so_long():
    world = World()
    marks = play(world, [Trial(line("interruptions"), 2.0), Trial(line("backchannels"), 1.2)])
    assert [visit.kind for visit in marks.trials] == ["interruptions", "backchannels"]
    assert [visit.kind for visit in world.said] == ["complete", "interruptions", "backchannels"]
    assert world.woken == 1
    assert marks.failed == 0
    first, second = marks.trials
    assert second.onset - first.onset >= AFTER_S * RATE


def test_a_client_that_cannot_be_interrupted_is_not_asked_again():
    world = World(interruptible=False)
    play(world, [Trial(line("interruptions"), 1.0)] * 3)
    assert [visit.kind for visit in world.said] == ["complete", *["interruptions"] * 3]


def test_nobody_speaks_while_the_device_is_alone():
    world = World()
    (stretch,) = play(world, alone_s=5.0).alone
    assert stretch.end - stretch.start == pytest.approx(5 * RATE, abs=RATE // 50)
    assert all(not stretch.start <= visit.onset < stretch.end for visit in world.said)


def test_a_client_that_never_answers_is_given_up():
    marks = play(World(deaf=True), [Trial(line("interruptions"), 1.0)])
    assert marks.failed
    assert marks.trials == []
