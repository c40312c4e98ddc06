"""A reply and its queue by themselves; what is done about them is in test_machine."""

from device.conversation import entries
from device.conversation.actions import Cut, Finish, Play, Record
from device.conversation.current_reply import LONGEST_S, MOST_ITEMS, STALLED, CurrentReply
from device.conversation.engine import Audio
from device.conversation.events import Heard


def begun(*items, reply="r1"):
    """A reply of which the engine has sent a piece of each of `items` at 0."""
    current = CurrentReply()
    current.begin(reply, 0)
    for item in items:
        current.audio(Audio(reply, item, bytes(4800)), 0)
    return current


def test_the_first_piece_of_an_item_is_recorded_and_each_is_played():
    current = begun()
    assert current.audio(Audio("r1", "i1", b"ab"), 5) == [
        Record(entries.ReplyReceived(5, "i1")),
        Play("i1", b"ab"),
    ]
    assert current.audio(Audio("r1", "i1", b"cd"), 6) == [Play("i1", b"cd")]


def test_an_item_is_finished_once_by_itself_or_with_its_reply_or_its_session():
    current = begun("i1", "i2", "i3")
    assert current.audio_done("i1") == [Finish("i1")]
    assert current.audio_done("i1") == current.audio_done("unknown") == []
    current.audio(Audio("r2", "i4", b"ab"), 0)
    assert current.end("r1") == [Finish("i2"), Finish("i3")]
    assert not current.running
    assert current.lose() == [Finish("i4")]
    assert current.queued


def test_the_end_of_another_reply_is_not_the_end_of_this_one():
    current = begun("i1")
    current.end("r0")
    assert current.running
    assert current.audio_done("i1") == [Finish("i1")]


def test_an_engine_has_stalled_when_nothing_comes_and_nothing_is_left_to_play():
    current = begun("i1")
    assert not current.stalled(STALLED)
    current.starved("i1")
    assert current.stalled(STALLED)
    assert not current.stalled(STALLED - 1)
    current.audio(Audio("r1", "i1", b"ab"), STALLED)
    assert not current.stalled(2 * STALLED)
    current.starved("i1")
    current.end("r1")
    assert not current.stalled(9 * STALLED)


def test_the_share_that_was_heard_is_of_what_was_received():
    current = begun("i1")  # 100 ms at 24 kHz
    current.repeat("repeat-1")
    assert current.share(Heard("i1", 25, whole=False), 24_000) == 0.25
    assert current.share(Heard("i1", 99, whole=True), 24_000) == 1.0
    assert current.share(Heard("repeat-1", 25, whole=False), 24_000) is None
    assert current.share(Heard("unknown", 25, whole=False), 24_000) is None


def test_what_begins_while_the_old_reply_fades_is_kept():
    current = begun("i1")
    assert current.cut(9, 5, "speech") == [Record(entries.Cut(9, "speech")), Cut()]
    assert current.cut(9, 6) == [], "one at a time"
    assert current.cut_from == 5
    current.begin("r2", 10)
    current.audio(Audio("r2", "i2", b"ab"), 10)
    current.keep_new()
    assert not current.cutting
    assert current.dropped("r1")
    assert not current.dropped("r2")
    assert current.running
    assert current.speaks("r2")
    assert not current.speaks("r1")


def test_a_reply_that_was_dropped_does_not_come_back():
    current = begun()
    assert current.cut(9, 5, quick=True) == [Record(entries.Cut(9)), Cut(quick=True)]
    current.await_more()
    current.keep_new()
    assert not current.to_come
    current.forget()
    assert current.dropped("r1")
    current.clear()
    assert not current.dropped("r1")


def test_what_is_repeated_is_none_of_the_engines():
    current = begun()
    current.end("r1")
    current.repeat("repeat-1")
    assert current.repeats("repeat-1")
    assert current.audio_done("repeat-1") == []
    assert current.played("repeat-1").repeated
    assert not current.queued
    assert current.played("repeat-1") is None


def test_what_ran_dry_and_is_not_known_changes_nothing():
    current = begun("i1")
    current.starved("unknown")
    assert not current.stalled(100 * STALLED), "there is something to play"
    current.starved("i1")
    assert current.stalled(100 * STALLED)


def test_nobody_says_so_much_that_minutes_of_it_wait_to_be_played():
    current = begun()
    second = bytes(2 * 8000)
    for _ in range(LONGEST_S):
        current.audio(Audio("r1", "i1", second), 0)
    assert not current.endless(8000)
    current.audio(Audio("r1", "i1", second), 0)
    assert current.endless(8000)
    current.played("i1")
    assert not current.endless(8000)
    for n in range(MOST_ITEMS + 1):
        assert not current.endless(8000)
        current.audio(Audio("r1", f"i{n}", b"ab"), 0)
    assert current.endless(8000)
