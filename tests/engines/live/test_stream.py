"""The dialogue with GPT-Live without a socket: tables, properties, and a recorded conversation."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted_live import thick

from device.conversation.engine import (
    Audio,
    AudioDone,
    Fault,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Words,
    Working,
)
from device.conversation.events import Heard
from device.engines.live.stream import Stream
from device.wire import live as wire

RATE = 24_000
LOG = Path(__file__).parents[2] / "engines" / "logs" / "live.jsonl"


def sound(ms, level=3000):
    return np.full(RATE * ms // 1000, level, np.int16).tobytes()


class Wire:
    """A stream that is fed by the millisecond, and what it told."""

    def __init__(self, tool="", rate=RATE):
        self.stream = Stream(rate, "t", tool)
        self.events = []
        self.now = 0.0
        self.ms = 0

    def take(self, event):
        got = self.stream.receive(event, self.now)
        self.events += got
        return got

    def plays(self, ms, level=3000, *, late=0.0):
        """Let so much of the stream come, in real time or `late` seconds later and then all at once."""
        got = []
        self.now += late
        for _ in range(ms // 100):
            self.now += 0.0 if late else 0.1
            self.ms += 100
            got += self.take(wire.SessionOutputAudioDelta(sound(100, level)))
        return got

    def misses(self, seconds):
        """Let the server be fed for so long, and send nothing."""
        got = []
        for _ in range(round(10 * seconds)):
            self.now += 0.1
            got += self.stream.hear(0.1, self.now)
        self.events += got
        return got

    def rests(self, ms, **more):
        return self.plays(ms, 0, **more)

    def user(self, text, start, end):
        return self.take(wire.SessionInputTranscriptDelta(delta=text, start_ms=start, end_ms=end))

    def model(self, text, start, end):
        return self.take(wire.SessionOutputTranscriptDelta(delta=text, start_ms=start, end_ms=end))

    def all(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def played_ms(self, events=None):
        return sum(len(e.pcm) for e in (events or self.events) if isinstance(e, Audio)) / 48


def test_what_the_user_writes_is_told_to_the_model_to_be_answered():
    line = Wire()
    line.stream.ask("When is it due?")
    (message,) = line.stream.drain()
    assert isinstance(message, wire.SessionCommentaryAppend)
    assert message.content.startswith("The user has written this to you")
    assert message.content.endswith("When is it due?")


def test_silence_is_no_reply_and_neither_is_a_click():
    line = Wire()
    line.rests(3000)
    line.take(wire.SessionOutputAudioDelta(sound(20) + sound(80, 0)))
    line.plays(1000, level=15)  # 0.0005 of full scale: what is sent as silence
    assert line.events == []


def test_a_reply_begins_with_its_soft_first_sounds_and_ends_after_a_pause():
    line = Wire()
    line.rests(500)
    line.take(wire.SessionOutputAudioDelta(sound(60, 30) + sound(40)))
    assert [type(e) for e in line.events] == [ReplyStarted, Audio]
    assert line.played_ms() == 80
    line.plays(400)
    assert not line.all(AudioDone)
    line.rests(700)
    assert not line.all(AudioDone)
    line.rests(200)
    (done,), (ended,) = line.all(AudioDone), line.all(ReplyEnded)
    assert done.reply == ended.reply == line.all(ReplyStarted)[0].reply
    assert ended.status == "completed"


def test_a_pause_within_a_reply_is_played_and_keeps_it_one():
    line = Wire()
    line.plays(500)
    line.rests(700)
    line.plays(500)
    line.rests(1000)
    assert len(line.all(ReplyStarted)) == 1
    assert line.played_ms() == pytest.approx(500 + 700 + 500 + 800, abs=20)


def test_what_comes_late_is_brought_back_in_the_next_pause():
    line = Wire()
    line.plays(500)
    line.plays(1000, late=1.5)  # nothing came for 1.5 s, then a second of it at once
    line.plays(500)
    before = line.played_ms()
    line.rests(600)
    # Behind by a second: of the pause only what makes it a pause is played.
    assert line.played_ms() - before == pytest.approx(100, abs=20)
    line.plays(300)
    assert len(line.all(ReplyStarted)) == 1


def test_what_the_loudspeaker_says_counts_over_what_was_reckoned():
    line = Wire()
    line.plays(2000)
    item = line.all(Audio)[0].item
    line.stream.played(Heard(item, 900, whole=False))  # it was held for a second
    before = line.played_ms()
    line.rests(500)
    assert line.played_ms() - before == pytest.approx(100, abs=20)


def test_samples_that_are_torn_apart_are_put_together():
    line, pcm = Wire(), sound(300)
    for start in range(0, len(pcm), 333):
        line.take(wire.SessionOutputAudioDelta(pcm[start : start + 333]))
    assert all(len(e.pcm) % 2 == 0 for e in line.all(Audio))
    assert set(np.frombuffer(b"".join(e.pcm for e in line.all(Audio)), np.int16)) == {3000}


def test_silence_that_is_left_out_ends_a_reply_like_any_other():
    line = Wire()
    line.user("hello", 0, 200)
    line.plays(600)
    line.model("It is noon.", 0, 500)
    line.misses(0.7)
    assert not line.all(AudioDone)
    line.misses(0.2)
    assert line.all(AudioDone)
    assert [w.text for w in line.all(Words) if w.final] == ["hello", "It is noon."]
    assert line.played_ms() == pytest.approx(600, abs=20)
    for _ in range(5):
        assert line.misses(30) == [], "it may leave out all of it"
        assert not line.rests(500)
    assert isinstance(line.plays(200)[0], ReplyStarted)


def test_to_be_fed_a_backlog_is_no_silence():
    line = Wire()
    line.plays(600)
    assert line.stream.hear(5.0, line.now) == []
    line.now += 0.3
    assert line.stream.hear(0.3, line.now) == []


def test_what_was_cut_off_is_over_when_nothing_comes_any_more():
    line = Wire()
    line.plays(600)
    interrupted(line, 200)
    line.misses(1.0)
    assert isinstance(line.plays(200)[0], ReplyStarted)


def test_a_server_that_sends_its_silence_and_then_nothing_is_dead():
    line = Wire()
    line.rests(2500)
    line.misses(2.9)
    assert not line.all(Fault)
    line.misses(0.2)
    (fault, *_) = line.all(Fault)
    assert (fault.code, fault.retry) == ("stalled", True)


# Words


def test_fragments_far_apart_are_two_turns_of_the_user():
    line = Wire()
    line.user("what time", 0, 400)
    line.rests(300)
    line.user(" is it", 600, 900)
    line.user("hello", 1800, 2000)
    line.rests(900)
    kinds = [type(e) for e in line.events if not (isinstance(e, Words) and not e.final)]
    assert kinds == [SpeechStarted, SpeechStopped, Words, SpeechStarted, SpeechStopped, Words]
    assert [w.text for w in line.all(Words) if w.final] == ["what time is it", "hello"]


def test_blank_fragments_are_no_voice():
    line = Wire()
    line.user(" ", 0, 200)
    line.rests(1000)
    assert line.events == []


@pytest.mark.parametrize("ahead", [True, False])
def test_words_belong_to_the_reply_that_they_come_with(ahead):
    line = Wire()
    if ahead:
        line.model("It is", 0, 200)
    line.plays(300)
    line.model(" noon.", 200, 400)
    line.plays(300)
    line.rests(900)
    line.model(" Really.", 500, 600)  # late
    line.rests(900)
    finals = [w for w in line.all(Words) if w.final]
    assert [w.text for w in finals] == ["It is noon." if ahead else "noon.", "Really."]
    assert {w.item for w in line.all(Words)} == {line.all(Audio)[0].item}
    order = [e for e in line.events if isinstance(e, AudioDone) or (isinstance(e, Words) and e.final)]
    assert [type(e) for e in order] == [Words, AudioDone, Words]


def test_words_without_a_sound_are_told_all_the_same():
    line = Wire()
    line.model("hm", 0, 200)
    line.rests(900)
    assert [(w.text, w.final) for w in line.all(Words)] == [("hm", False), ("hm", True)]


# Interruptions


def interrupted(line, ms, *, whole=False):
    item = line.all(Audio)[-1].item
    got = line.stream.interrupt([Heard(item, ms, whole=whole)])
    line.events += got
    return item, got, line.stream.drain()


def test_what_still_comes_of_what_was_cut_off_is_dropped_up_to_a_pause():
    line = Wire()
    line.model("one two three four", 0, 1000)
    line.plays(1000)
    item, got, sent = interrupted(line, 500)
    assert [(e.status) for e in got] == ["cancelled"]
    (told,) = sent
    assert isinstance(told, wire.SessionInstructionsAppend)
    assert 'heard up to "one two"' in told.content
    assert '"three four"' in told.content
    assert line.stream.stale(Audio("r", item, b""))
    assert line.stream.stale(Words("assistant", "x", final=True, item=item))
    assert line.plays(1000) == []
    assert line.model("five", 1000, 1200) == []
    assert line.rests(300) == []
    assert line.plays(500) == [], "that was no pause yet"
    line.rests(500)
    assert [type(e) for e in line.plays(200)][:2] == [ReplyStarted, Audio]
    assert not line.stream.stale(line.all(Audio)[-1])


def test_a_cut_in_the_pause_after_the_last_word_loses_nothing_and_is_not_told():
    line = Wire()
    line.plays(1000)
    line.rests(500)
    _, got, sent = interrupted(line, 1200)
    assert [e.status for e in got] == ["cancelled"]
    assert sent == []
    assert isinstance(line.plays(100)[0], ReplyStarted)


def test_a_reply_that_was_over_but_not_heard_to_its_end_is_told():
    line = Wire()
    line.plays(1000)
    line.rests(1000)
    _, got, sent = interrupted(line, 300)
    assert got == []
    assert "about 0.3 seconds" in sent[0].content
    assert interrupted(line, 300)[2] == [], "once"


def test_a_reply_that_began_while_the_old_one_faded_is_not_cut():
    line = Wire()
    line.plays(500)
    line.rests(1000)
    first = line.all(Audio)[0].item
    line.plays(300)
    line.stream.interrupt([Heard(first, 100, whole=False)])
    assert [type(e) for e in line.plays(200)] == [Audio, Audio]


def test_what_is_told_of_a_long_reply_is_short_enough():
    line = Wire()
    line.model("word " * 3000, 0, 1000)
    line.plays(1000)
    _, _, (told,) = interrupted(line, 500)
    assert len(told.content) <= 1000


# What it costs


def test_seconds_are_told_once_with_the_replies():
    line = Wire()
    for seconds in (3.0, 7.0):
        line.plays(300)
        line.take(wire.SessionUsageUpdated(wire.SessionUsage(seconds=seconds)))
        line.rests(900)
    line.take(wire.SessionClosed(reason="expired", usage=wire.SessionUsage(seconds=9.0)))
    assert [e.usage.seconds for e in line.all(ReplyEnded)] == [3.0, 4.0, 2.0]


# Any order


EVENTS = st.one_of(
    st.tuples(
        st.just("plays"), st.integers(1, 12), st.sampled_from([0, 10, 50, 3000]), st.sampled_from([0.0, 0.0, 2.0])
    ),
    st.tuples(st.just("user"), st.sampled_from(["a", " ", ""]), st.integers(0, 3000)),
    st.tuples(st.just("model"), st.sampled_from(["a", " ", ""]), st.integers(0, 3000)),
    st.tuples(st.just("interrupt"), st.integers(0, 3000), st.booleans()),
    st.tuples(st.just("closed")),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=30))
def test_in_any_order_replies_begin_and_end_once_and_only_what_came_is_played(script):
    line = Wire()
    came = 0
    for what, *arguments in script:
        if what == "plays":
            line.plays(100 * arguments[0], arguments[1], late=arguments[2])
            came += 100 * arguments[0]
        elif what == "interrupt" and line.all(Audio):
            interrupted(line, arguments[0], whole=arguments[1])
        elif what == "closed":
            line.take(wire.SessionClosed(reason="expired"))
        elif what != "interrupt":
            text, start = arguments
            getattr(line, what)(text, start, start + 200)
    line.rests(1000)
    started = [e.reply for e in line.all(ReplyStarted)]
    assert len(set(started)) == len(started)
    assert sorted(started) == sorted(e.reply for e in line.all(ReplyEnded))
    of_user = [type(e) for e in line.events if isinstance(e, SpeechStarted | SpeechStopped)]
    assert of_user == [SpeechStarted, SpeechStopped] * (len(of_user) // 2)
    assert line.played_ms() <= came + 1000
    ends = {e.reply: n for n, e in enumerate(line.events) if isinstance(e, ReplyEnded)}
    begins = {e.reply: n for n, e in enumerate(line.events) if isinstance(e, ReplyStarted)}
    for n, event in enumerate(line.events):
        if isinstance(event, Audio | AudioDone):
            assert begins[event.reply] < n < ends[event.reply]


# A recorded conversation (tests/engines/live/test_house.py, with PARLEY_RECORD)


def test_a_recorded_conversation_means_what_it_meant():
    log = [json.loads(line) for line in LOG.read_text().splitlines()]
    line = Wire()
    sent = []
    for entry in log:
        event = thick(entry["event"])
        if entry["from"] == "client":
            # What the conversation wanted then, as far as the machine is the author of what was sent.
            if event["type"] == "session.instructions.append":
                got = line.stream.interrupt([Heard(line.all(Audio)[-1].item, 2500, whole=False)])
                line.events += got
            elif event["type"] == "response.item.create":
                call = line.all(ToolCall)[-1].call_id
                line.events += line.stream.tool_result(call, event["item"]["output"], reply=True)
            continue
        line.now = entry["t"]
        line.take(wire.decode_server(json.dumps(event)))
        sent += line.stream.drain()
    finals = [(w.role, w.text) for w in line.all(Words) if w.final]
    assert [text for role, text in finals if role == "user"] == [
        "hey jarvis what time is it",
        "how many kilometres is five miles",
        "set a timer for ten minutes",
    ]
    assert [text for role, text in finals if role == "assistant"] == ["Five miles are eight kilometres.", "It is set."]
    ended = line.all(ReplyEnded)
    assert [e.status for e in ended if e.reply] == ["cancelled", "completed", "completed", "completed"]
    assert sum(e.usage.seconds or 0 for e in ended) == pytest.approx(log[-1]["event"]["usage"]["seconds"])
    assert [e.on for e in line.all(Working)] == [True, False]
    assert [(call.name, call.arguments) for call in line.all(ToolCall)] == [("set_timer", '{"seconds": 600}')]
    assert [type(message) for message in sent] == [
        wire.SessionInstructionsAppend,
        wire.ResponseItemCreate,
        wire.ResponseCreate,
    ]
    assert "It is noon" in sent[0].content
