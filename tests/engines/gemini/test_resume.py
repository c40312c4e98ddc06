"""What a Gemini Live session goes on from in its next connection."""

from __future__ import annotations

from device.engines.gemini.resume import LONGEST, Resumption
from device.wire import gemini as wire


def heard(ms: int = 100) -> wire.ClientMessage:
    return wire.ClientMessage(realtime_input=wire.RealtimeInput(audio=wire.sound(bytes(32 * ms), 16_000)))


def test_a_handle_is_good_until_a_reply_and_covers_what_was_sent_before_it() -> None:
    resumption = Resumption()
    assert not resumption.good
    resumption.sent(heard())
    resumption.update("one")
    assert resumption.good
    assert resumption.input == ()
    resumption.sent(heard())
    assert len(resumption.input) == 1
    resumption.invalidate()
    assert not resumption.good
    assert resumption.input == ()
    resumption.update("")
    assert not resumption.good
    resumption.update("two")
    assert (resumption.good, resumption.handle) == (True, "two")


def test_a_handle_in_use_stays_the_newest_while_it_is_good() -> None:
    resumption = Resumption()
    resumption.update("one")
    assert resumption.use() == "one"
    resumption.sent(heard())
    resumption.update("two")
    assert (resumption.handle, len(resumption.input)) == ("one", 1)
    resumption.invalidate()
    resumption.update("three")
    assert resumption.handle == "three"
    resumption.release()


def test_a_minute_is_kept_at_the_most() -> None:
    resumption = Resumption()
    resumption.update("one")
    for _ in range(700):
        resumption.sent(heard())
    assert len(resumption.input) == LONGEST // 3200


def test_of_a_long_wait_the_newest_audio_is_kept_and_what_is_no_audio_counts_nothing() -> None:
    resumption = Resumption()
    resumption.update("one")
    began = wire.ClientMessage(realtime_input=wire.RealtimeInput(activity_start=wire.Activity()))
    resumption.sent(began)
    last = heard(ms=60_000)
    resumption.sent(last)
    assert resumption.input == (began, last)
    resumption.sent(heard(ms=1))
    assert resumption.input == (heard(ms=1),)


def test_once_released_a_new_handle_replaces_the_one_that_was_used() -> None:
    resumption = Resumption()
    resumption.update("one")
    resumption.use()
    resumption.release()
    resumption.sent(heard())
    resumption.update("two")
    assert (resumption.handle, resumption.input) == ("two", ())
