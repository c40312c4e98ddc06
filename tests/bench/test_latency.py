"""Where the time of an answer goes."""

import numpy as np

from device.bench.latency import QUESTIONS, STAGES, stages

WHOLE = {"voice_end": 1.0, "engine_speech_stopped": 1.5, "reply_start": 1.51, "reply_received": 1.6}


def test_stages_are_the_medians_of_whole_turns():
    turns = [
        WHOLE | {"reply_first_audio": 1.7},
        WHOLE | {"reply_first_audio": 1.8},
        WHOLE | {"reply_first_audio": 1.65},
        {"voice_end": 3.0, "reply_first_audio": 9.0},
    ]
    ends = [0.5, 0.97, 2.0]
    assert [round(figure.value) for figure in stages(turns, ends)] == [30, 500, 10, 90, 100]


def test_each_stage_is_told_even_if_there_was_no_whole_turn():
    found = stages([], [])
    assert len(found) == len(STAGES)
    assert all(np.isnan(figure.value) for figure in found)
    assert [figure.name.removesuffix(", median") for figure in found[1:]] == [
        f"… → {name}" for name in list(STAGES.values())[1:]
    ]


def test_no_question_is_asked_twice():
    assert len({text for text, _ in QUESTIONS}) == len(QUESTIONS)
