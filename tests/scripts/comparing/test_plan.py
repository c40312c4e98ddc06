"""What is done to each client: the same for all, and each time."""

from itertools import pairwise

import numpy as np
import pytest

from device.audio.measure import speech_level
from scripts.comparing import director
from scripts.comparing.plan import AFTER_S, FULL, GREETING_S, QUESTIONS, QUICK, Cast, Phase
from scripts.comparing.room import REPLY_DB


@pytest.fixture(scope="module")
def cast():
    return Cast.load()


def what(trials):
    return [(trial.line.kind, trial.line.text, trial.after_s) for trial in trials]


@pytest.mark.parametrize("phase", [*FULL, *QUICK])
def test_a_phase_has_as_many_trials_of_each_kind_as_it_says(cast, phase):
    trials = cast.trials(phase, 1)
    kinds = [trial.line.kind for trial in trials]
    assert kinds.count("interruptions") == phase.interruptions
    assert kinds.count("backchannels") == phase.backchannels
    assert len(kinds) == phase.interruptions + phase.backchannels
    assert all(AFTER_S[0] <= trial.after_s <= AFTER_S[1] for trial in trials)


def test_the_same_is_said_each_time_and_something_else_in_another_phase(cast):
    phase = Phase(-10.0, 5, 5, 0.0)
    assert what(cast.trials(phase, 2)) == what(Cast.load().trials(phase, 2))
    assert what(cast.trials(phase, 2)) != what(cast.trials(phase, 3))


def test_the_kinds_are_mixed(cast):
    kinds = [trial.line.kind for trial in cast.trials(Phase(0.0, 8, 8, 0.0), 0)]
    assert sum(one != other for one, other in pairwise(kinds)) > 1


def test_the_reply_is_long_and_loud_and_its_beginning_greets(cast):
    reply = np.frombuffer(cast.reply, "<i2")
    # The oldest reply that somebody speaks over goes on for as long as that is watched.
    assert len(reply) / 24_000 > director.REPLY_MOST_S + AFTER_S[1] + director.AFTER_S
    assert speech_level(reply.astype(float), 24_000) == pytest.approx(REPLY_DB, abs=1)
    assert cast.reply.startswith(cast.greeting)
    assert len(cast.greeting) == 2 * round(24_000 * GREETING_S)
    # A hiss under it, so that no moment of it is like silence.
    silent = np.flatnonzero(np.diff(np.flatnonzero(reply)) > 240)
    assert not len(silent)


def test_questions_differ(cast):
    assert len({question.text for question in cast.questions}) == QUESTIONS
    assert {question.kind for question in cast.questions} == {"complete"}
