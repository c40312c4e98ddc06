"""Visitors of a whole room: what of them is on its tracks, and what they wait for."""

import numpy as np
import pytest
from support.rooms import QUIET, Tape, changed, lag_of, play, room_of, write_wav

from device.audio.measure import dbfs, speech_bounds, speech_level
from device.simulation.room import Room
from device.simulation.scene import Visitor, load


@pytest.mark.parametrize("level_db", [-20.0, -35.0])
def test_a_visitor_speaks_at_a_time_and_a_level(tmp_path, level_db):
    visitor = Visitor(at=0.5, text="what can you do", level_db=level_db)
    room, tracks = play(room_of(3.0, visitors=(visitor,)), tmp_path)
    (visit,) = room.visits
    assert visit.start == 24_000
    assert (visit.onset, visit.offset) == pytest.approx(speech_bounds(tracks.visitors, 48_000), abs=48)
    assert not tracks.visitors[: visit.start].any()
    speech = slice(visit.onset, visit.offset)
    assert speech_level(tracks.visitors[speech], 48_000) == pytest.approx(level_db, abs=0.5)
    # The microphone hears the same, with the room around it.
    assert speech_level(tracks.microphone[speech], 48_000) == pytest.approx(level_db, abs=1.5)
    assert lag_of(tracks.microphone, tracks.visitors) == 0
    ringing = slice(visit.offset, visit.offset + 4800)
    assert dbfs(tracks.microphone[ringing]) > dbfs(tracks.visitors[ringing]) + 6


def test_a_wav_visitor_is_brought_to_the_rooms_rate(tmp_path):
    tone = (np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000) * 8000).astype(np.int16)
    file = write_wav(tmp_path / "tone.wav", np.column_stack((tone, tone)), 8000)
    room, tracks = play(room_of(visitors=(Visitor(at=0.25, wav=str(file)),)), tmp_path)
    heard = tracks.visitors[12_000:60_000].astype(float)
    assert np.argmax(np.abs(np.fft.rfft(heard))) == 1000
    assert (room.visits[0].label, room.visits[0].end) == ("tone", 60_000)


def test_a_person_speaks_by_recordings_in_a_folder(tmp_path):
    """As `parley room` plays it: from the scene file to what the microphone hears."""
    (tmp_path / "anna").mkdir()
    hertz = {"yes": 500, "no": 900}
    for name, high in hertz.items():
        tone = np.sin(2 * np.pi * high * np.arange(8000) / 16_000) * 8000
        write_wav(tmp_path / "anna" / f"{name}.wav", tone.astype(np.int16), 16_000)
    said = '[[visitor]]\nafter = "visitor"\nplus = 0.5\nfolder = "anna"\n'
    first = said.replace('after = "visitor"\nplus = 0.5', "at = 0.5")
    (tmp_path / "scene.toml").write_text(f"seconds = 3\n[room]\necho_db = -inf\nnoise_db = -inf\n{first}{said}")
    room, tracks = play(load(tmp_path / "scene.toml"), tmp_path)
    assert {visit.label for visit in room.visits} == {"anna: yes", "anna: no"}
    for visit in room.visits:
        heard = tracks.microphone[visit.start : visit.start + 24_000].astype(float)
        assert 2 * np.argmax(np.abs(np.fft.rfft(heard))) == hertz[visit.label.removeprefix("anna: ")]


def test_two_visitors_may_speak_at_once(tmp_path):
    one, two = Visitor(at=0.2, text="good morning", label="one"), Visitor(at=0.3, text="hello", voice="en-gb")
    both = play(room_of(visitors=(one, two)), tmp_path)[1].visitors.astype(int)
    alone = sum(play(room_of(visitors=(v,)), tmp_path)[1].visitors.astype(int) for v in (one, two))
    assert np.abs(both - alone).max() <= 1  # both were rounded


@pytest.mark.parametrize("text", ["hey jarvis, what time is it", "hey jarvis what time is it", "Alexa. Stop!"])
def test_the_end_of_the_wake_word_is_known(tmp_path, text):
    room, _ = play(room_of(3.0, visitors=(Visitor(at=0.5, text=text),)), tmp_path)
    (visit,) = room.visits
    alone = text.split(" what")[0].split(",")[0].split(".")[0]
    spoken, _ = play(room_of(3.0, visitors=(Visitor(at=0.5, text=alone),)), tmp_path)
    assert visit.wake_end == pytest.approx(spoken.visits[0].offset, abs=0.05 * 48_000)
    assert visit.onset < visit.wake_end < visit.offset


def test_the_end_of_another_wake_word_can_be_said(tmp_path):
    visitors = (Visitor(at=0.5, text="computer, stop", wake_end=0.7), Visitor(at=1, text="stop"))
    room, _ = play(room_of(visitors=visitors), tmp_path)
    assert [v.wake_end for v in room.visits] == [round(1.2 * 48_000), None]


# Triggers


def told(visitors: tuple[Visitor, ...], news: list[tuple[float, str]], seconds: float = 12.0) -> dict[str, float]:
    """Tell a room of states at the times (s) given; return when each visitor began."""
    room = Room(room_of(seconds, changed(QUIET, rate=16_000), visitors=visitors), pace="step")
    room.open(Tape())
    news = sorted(news)
    while True:
        while news and news[0][0] * 16_000 < room.frame:
            at, state = news.pop(0)
            room.notify(state, round(at * 16_000))
        if not room.step():
            break
    return {visit.label: visit.start / 16_000 for visit in room.visits}


HELLO = Visitor(at=1.0, text="hello there my friend", label="first")  # about 1.3 s


def test_a_visitor_waits_for_a_state():
    second = Visitor(after="speaking", plus=1.5, text="no", label="second")
    assert told((HELLO, second), [(4.0, "speaking")]) == {"first": 1.0, "second": 5.5}


def test_a_state_before_the_visitor_before_does_not_count():
    second = Visitor(after="listening", plus=0.5, text="no", label="second")
    assert told((HELLO, second), [(0.5, "listening"), (4.0, "listening")])["second"] == 4.5


def test_a_state_while_the_visitor_before_speaks_counts():
    second = Visitor(after="listening", plus=2.0, text="no", label="second")
    assert told((HELLO, second), [(1.4, "listening"), (4.0, "listening")])["second"] == pytest.approx(3.4)


def test_the_end_of_a_reply_that_a_visitor_cuts_off_does_not_count():
    second = Visitor(after="reply_end", plus=0.5, text="no", label="second")
    assert told((HELLO, second), [(1.5, "reply_end"), (6.0, "reply_end")])["second"] == 6.5


def test_the_nth_time_counts():
    second = Visitor(after="thinking", nth=3, text="no", label="second")
    assert told((HELLO, second), [(t, "thinking") for t in (2.0, 3.0, 4.0, 5.0)])["second"] == pytest.approx(
        4.0, abs=0.015
    )


def test_each_visitor_waits_for_the_one_before():
    visitors = (
        Visitor(after="asleep", plus=0.5, text="one", label="1"),
        Visitor(after="speaking", plus=1.0, text="two", label="2"),
        Visitor(after="speaking", plus=1.0, text="three", label="3"),
        Visitor(after="visitor", plus=0.25, text="four", label="4"),
    )
    began = told(visitors, [(0.0, "asleep"), (2.0, "speaking"), (5.0, "speaking")])
    assert began["1"] == 0.5
    assert began["2"] == 3.0
    assert began["3"] == 6.0
    assert 6.35 < began["4"] < 7.2


def test_news_that_come_late_start_a_visitor_at_once():
    room = Room(room_of(4.0, visitors=(Visitor(after="listening", plus=0.1, text="now"),)), pace="step")
    room.open(Tape())
    room.step(200)
    room.notify("listening", 16_000)  # a second ago
    assert room.waiting == ["now"]
    room.step()
    assert room.visits[0].start == 96_000
    assert room.waiting == []


def test_a_visitor_who_is_never_called_does_not_come():
    assert told((HELLO, Visitor(after="asleep", text="no")), [(3.0, "speaking")]) == {"first": 1.0}
