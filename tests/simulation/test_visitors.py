"""Visitors come when they shall, and say what they shall."""

import numpy as np
import pytest
from support.rooms import write_wav

from device.simulation.scene import Scene, SceneError, Visitor
from device.simulation.visitors import Visitors

RATE = 16_000
DRY = np.ones(1, np.float32)
LEAD, SPEECH = 800, 8000
"""Of what everybody says: silence, speech, and the same silence again."""


@pytest.fixture
def said(tmp_path):
    tone = 8000 * np.sin(2 * np.pi * 300 * np.arange(SPEECH) / RATE)
    whole = np.concatenate((np.zeros(LEAD), tone, np.zeros(LEAD))).astype(np.int16)
    return str(write_wav(tmp_path / "said.wav", whole, RATE))


def visitors_of(*visitors, response=DRY):
    coming = Visitors(Scene(name="test", seconds=30.0, visitors=visitors), RATE, lambda _: response)
    return coming, coming.visits


def render(visitors, seconds, *, since=0.0, block=160):
    """Let time pass; return what was said and what of it is heard."""
    starts = range(round(since * RATE), round((since + seconds) * RATE), block)
    parts = [visitors.render(start, block) for start in starts]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def test_a_visitor_comes_at_a_time(said):
    visitors, visits = visitors_of(Visitor(at=0.503, wav=said, label="one"))
    assert visitors.waiting == ["one"]
    clean, heard = render(visitors, 2.0)
    start = round(0.503 * RATE)
    (visit,) = visits
    assert (visit.label, visit.start, visit.end) == ("one", start, start + 2 * LEAD + SPEECH)
    # Speech is found to a few ms.
    assert visit.onset == pytest.approx(start + LEAD, abs=160)
    assert visit.offset == pytest.approx(start + LEAD + SPEECH, abs=160)
    assert not clean[: start + LEAD].any()
    assert np.abs(clean[start + LEAD : start + LEAD + SPEECH]).max() > 0.01
    assert not clean[visit.end :].any()
    assert heard == pytest.approx(clean, abs=1e-6)
    assert visitors.waiting == []


@pytest.mark.parametrize("level_db", [-20.0, -40.0])
def test_a_visitor_is_as_loud_as_the_scene_says(said, level_db):
    visitors, visits = visitors_of(Visitor(at=0.0, wav=said, level_db=level_db))
    clean, _ = render(visitors, 1.0)
    spoken = clean[visits[0].onset : visits[0].offset].astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(spoken**2))) == pytest.approx(level_db, abs=0.5)


def test_the_room_is_heard_with_the_visitor_but_not_said_by_them(said):
    echo = np.zeros(401, np.float32)
    echo[[0, 400]] = 1.0, 0.5
    visitors, _ = visitors_of(Visitor(at=0.1, wav=said), response=echo)
    clean, heard = render(visitors, 1.0)
    late = np.concatenate((np.zeros(400), clean))[: len(clean)]
    assert heard == pytest.approx(clean + 0.5 * late, abs=1e-5)


@pytest.mark.parametrize("block", [1, 160, 4000])
def test_blocks_make_no_difference(said, block):
    visitors, _ = visitors_of(Visitor(at=0.2, wav=said), Visitor(after="visitor", plus=0.1, wav=said))
    reference, _ = visitors_of(Visitor(at=0.2, wav=said), Visitor(after="visitor", plus=0.1, wav=said))
    assert (render(visitors, 2.0, block=block)[0] == render(reference, 2.0)[0]).all()


def test_a_visitor_speaks_after_the_one_before(said):
    visitors, visits = visitors_of(Visitor(at=0.2, wav=said), Visitor(after="visitor", plus=0.3, wav=said))
    render(visitors, 3.0)
    first, second = visits
    # From the end of the speech, not of the sound.
    assert second.start == first.offset + round(0.3 * RATE)


@pytest.mark.parametrize(
    ("states", "starts"),
    [
        # The state must be entered once the one before has begun to speak.
        ([("thinking", 0.05)], None),
        ([("thinking", 0.05), ("thinking", 1.0)], 1.2),
        ([("thinking", 1.5), ("thinking", 1.0)], 1.2),
        ([("speaking", 1.0)], None),
    ],
)
def test_a_visitor_waits_for_a_state_of_the_device(said, states, starts):
    visitors, visits = visitors_of(Visitor(at=0.2, wav=said), Visitor(after="thinking", plus=0.2, wav=said))
    for state, at in states:
        visitors.notify(state, round(at * RATE))
    render(visitors, 3.0)
    assert [visit.start for visit in visits[1:]] == ([] if starts is None else [round(starts * RATE)])
    assert len(visitors.waiting) == (starts is None)


def test_only_a_reply_that_ends_after_the_question_was_asked_counts(said):
    visitors, visits = visitors_of(Visitor(at=0.2, wav=said), Visitor(after="reply_end", plus=0.1, wav=said))
    # In the middle of the question an earlier reply ends.
    visitors.notify("reply_end", round(0.5 * RATE))
    visitors.notify("reply_end", round(1.4 * RATE))
    render(visitors, 3.0)
    assert visits[1].start == round(1.5 * RATE)


def test_a_visitor_may_wait_for_the_nth_time(said):
    visitors, visits = visitors_of(Visitor(after="speaking", nth=3, plus=0.0, wav=said))
    for at in (0.1, 0.2, 0.3, 0.4):
        visitors.notify("speaking", round(at * RATE))
    render(visitors, 1.5)
    assert [visit.start for visit in visits] == [round(0.3 * RATE)]


def test_who_should_have_come_before_comes_now(said):
    visitors, visits = visitors_of(Visitor(after="asleep", plus=0.0, wav=said))
    render(visitors, 1.0)
    visitors.notify("asleep", round(0.5 * RATE))
    render(visitors, 1.0, since=1.0)
    assert visits[0].start == RATE


def test_the_wake_words_end_is_known_where_it_is_told_or_spoken(said):
    visitors, visits = visitors_of(
        Visitor(at=0.0, wav=said, wake_end=0.25), Visitor(at=1.0, wav=said), Visitor(at=2.0, text="hey jarvis, go on")
    )
    render(visitors, 5.0)
    told, unknown, spoken = visits
    assert told.wake_end == round(0.25 * RATE)
    assert unknown.wake_end is None
    assert spoken.onset < spoken.wake_end < spoken.offset


def test_a_sound_that_cannot_be_had_is_named(tmp_path):
    with pytest.raises(SceneError, match=r"absent\.wav"):
        visitors_of(Visitor(at=0.0, wav=str(tmp_path / "absent.wav")))
