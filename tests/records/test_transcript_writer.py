"""What is written of a conversation as it happens."""

from datetime import UTC, datetime, timedelta

from support.transcripts import NOW, Desk

from device.conversation import entries
from device.conversation.states import State
from device.records.transcripts import Line, delete, stored


def test_both_sides_are_kept_with_times_of_the_clock_and_engines_tools_and_what_ended_it(desk, path):
    desk.wake(100)
    desk(101, entries.VoiceStart)
    desk(103, entries.Tool, name="get_time", arguments="{}")
    desk.reply(104)
    desk(104.5, entries.User, text="What time is it?")  # transcription comes late
    desk(110, entries.EngineError, code="closed", message="The line went dead", retry=True)
    desk(110.5, entries.SessionOpen, engine="local")
    desk(111, entries.SessionOpen, engine="local")
    desk.sleep(120)
    desk.close()
    (one,) = stored(path=path)
    assert (one.began, one.began.utcoffset()) == (NOW + timedelta(seconds=100), timedelta(hours=1))
    assert (one.length_ms, one.why, one.result, one.valid) == (20_000, "silence", None, None)
    assert one.lines == [
        Line(300, "engine", "openai"),
        Line(1000, "user", "What time is it?"),
        Line(3000, "tool", "get_time", arguments="{}"),
        Line(4000, "assistant", "one two three four"),
        Line(10_000, "error", "The line went dead"),
        Line(10_500, "engine", "local"),
    ]


def test_an_interruption_is_marked_at_the_word_last_heard(desk, path):
    desk.wake(10)
    desk.reply(12, heard=2, ms=900)
    desk(12.5, entries.Assistant, item="i1", text="one two three four")  # too late to matter
    desk.reply(15, item="i2", heard=0, ms=0)
    desk.sleep(30)
    desk.close()
    (one,) = stored(path=path)
    assert one.lines[1:] == [
        Line(2000, "assistant", "one two", unheard="three four", heard_ms=900),
        Line(5000, "assistant", "", unheard="one two three four", heard_ms=0),
    ]


def test_words_that_are_final_only_after_they_were_heard_are_corrected(desk, path):
    desk.wake(10)
    desk(12, entries.ReplyFirstAudio, item="i")
    desk(13, entries.Heard, item="i", ms=1000, whole=True, text="won too", unheard="")
    desk(13.1, entries.Assistant, item="i", text="one two")
    desk.sleep(30)
    desk.close()
    (one,) = stored(path=path)
    assert one.lines[1:] == [Line(2000, "assistant", "one two")]


def test_what_is_cut_off_by_the_end_is_no_more_than_begun(desk, path):
    desk.wake(10)
    desk(12, entries.Assistant, item="a", text="begun")
    desk(12, entries.ReplyFirstAudio, item="a")
    desk(12.5, entries.Assistant, item="b", text="never begun")
    desk(13, entries.StateEntered, state=State.MUTED)
    desk.close()
    (one,) = stored(path=path)
    assert one.lines[1:] == [
        Line(2000, "assistant", "begun", heard_ms=1000),
        Line(2500, "assistant", "", unheard="never begun", heard_ms=0),
    ]


def test_it_is_written_as_things_happen(desk, path):
    desk.wake(10)
    desk(12, entries.User, text="Remember the milk")
    desk(13, entries.Assistant, item="i", text="I will")
    desk.transcripts._store.flush()  # noqa: SLF001 - written by a thread of its own
    (one,) = stored(path=path)
    assert [line.text for line in one.lines] == ["openai", "Remember the milk", "I will"]
    assert one.length_ms is None, "it goes on"


def test_what_goes_on_when_the_device_is_stopped_ends_there(desk, path):
    desk.wake(10)
    desk(12, entries.User, text="Hello")
    desk.close()
    desk.close()
    (one,) = stored(path=path)
    assert (one.length_ms, one.why) == (2000, "")


def test_a_false_alarm_leaves_no_trace(desk, path):
    desk.wake(10)
    desk(11, entries.User, text="")
    desk.sleep(19)
    desk.wake(30)
    desk(31, entries.User, text="Hello")
    desk.sleep(40)
    desk.close()
    assert [one.began for one in stored(path=path)] == [NOW + timedelta(seconds=30)]


def test_what_happens_outside_a_conversation_and_replies_without_words_leave_no_line(desk, path):
    desk(5, entries.Timer, name="tea")
    desk(6, entries.User, text="to nobody")
    desk.wake(10)
    desk(10.5, entries.StateEntered, state=State.LISTENING)
    desk(11, entries.User, text="Hello")
    desk(12, entries.Assistant, item="i1", text="")
    desk.sleep(20)
    desk.close()
    (one,) = stored(path=path)
    assert [line.kind for line in one.lines] == ["engine", "user"]


def test_a_voice_that_was_no_interruption_does_not_date_later_words(desk, path):
    desk.wake(10)
    desk(15, entries.VoiceStart)
    desk(15.5, entries.Restore)
    desk(20, entries.VoiceStart)
    desk(22, entries.User, text="Now")
    desk.sleep(40)
    desk.close()
    (one,) = stored(path=path)
    assert one.lines[1].at_ms == 10_000


def test_a_clock_that_is_set_in_mid_conversation_is_right_from_then_on(path):
    desk = Desk(path)
    desk.clock = lambda second: datetime(1970, 1, 2, tzinfo=UTC)
    desk.wake(10)
    desk(11, entries.User, text="Hello")
    desk.clock = lambda second: NOW + timedelta(seconds=second)
    desk.sleep(40)
    desk.close()
    (one,) = stored(path=path)
    assert one.began == NOW + timedelta(seconds=10)
    assert one.lines[1].at_ms == 1000


def test_the_result_is_kept_valid_or_not(desk, path):
    desk.wake(10)
    desk(12, entries.Result, result='{"solved": true}', valid=True, faults=[])
    desk.sleep(20)
    desk.wake(30)
    desk(31, entries.User, text="Hello")
    desk(32, entries.Result, result="not even JSON", valid=False, faults=["is not JSON"])
    desk.sleep(40)
    desk.close()
    one, two = stored(path=path)
    assert (one.result, one.valid, one.faults) == ({"solved": True}, True, [])
    assert (two.result, two.valid, two.faults) == ("not even JSON", False, ["is not JSON"])


def test_old_ones_go_and_zero_days_keep_none(path):
    for days in (8, 6):
        desk = Desk(path, profile="support", began=NOW - timedelta(days=days))
        desk.wake(10)
        desk(11, entries.User, text="Hello")
        desk.sleep(20)
        desk.close()
    Desk(path).close()
    (one,) = stored(path=path)
    assert one.began == NOW - timedelta(days=6) + timedelta(seconds=10)
    assert one.profile == "support"
    desk = Desk(path, keep_days=0)
    desk.wake(10)
    desk(11, entries.User, text="Hello")
    desk.sleep(20)
    desk.close()
    assert not list(path.parent.iterdir())
    assert stored(path=path) == []


def test_one_that_is_deleted_while_it_goes_on_stays_deleted(desk, path):
    desk.wake(10)
    desk(11, entries.User, text="Forget this")
    desk.transcripts._store.flush()  # noqa: SLF001 - written by a thread of its own
    (one,) = stored(path=path)
    assert delete([one.id], path) == 1
    desk(12, entries.User, text="and this")
    desk.sleep(20)
    desk.wake(30)
    desk(31, entries.User, text="Keep this")
    desk.sleep(40)
    desk.close()
    (other,) = stored(path=path)
    assert other.lines[1].text == "Keep this"
    assert b"this" in path.read_bytes()
    assert b"Forget" not in path.read_bytes()
    assert delete(None, path) == 1


def test_what_is_forgotten_while_a_conversation_goes_on_is_gone_and_the_rest_of_it_is_not_kept(desk, path):
    desk.wake(10)
    desk(11, entries.User, text="Forget this")
    assert desk.transcripts.forget(NOW - timedelta(hours=1)) == 1  # though it may not have been written yet
    desk.sleep(20)
    desk.close()
    assert stored(path=path) == []
    assert b"Forget" not in path.read_bytes()


def test_where_nothing_is_kept_nothing_is_forgotten(path):
    assert Desk(path, keep_days=0).transcripts.forget(None) == 0
