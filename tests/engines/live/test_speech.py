"""Replies, cut out of a stream and kept live."""

from __future__ import annotations

import numpy as np
import pytest

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyEnded, ReplyStarted, Words
from device.conversation.events import Heard
from device.engines.live.gate import HANGOVER_MS
from device.engines.live.speech import BEHIND_S, KEPT_MS, PAUSE_MS, REMEMBERED, Speech, Unheard

RATE = 24_000
FIRST = "s_speech_1"
SECOND = "s_speech_2"
STEP_S = 0.02
STEP = round(2 * RATE * STEP_S)
"""Bytes."""


def sound(ms: int, level: int = 8000) -> bytes:
    return (np.where(np.arange(RATE * ms // 1000) % 2, 1, -1) * level).astype(np.int16).tobytes()


def silence(ms: int) -> bytes:
    return sound(ms, 0)


def heard(ms: int, item: str = FIRST, *, whole: bool = False) -> Heard:
    return Heard(item, ms, whole=whole)


def lasts_ms(events: list[EngineEvent]) -> float:
    return sum(len(event.pcm) for event in events if isinstance(event, Audio)) * 1000 / (2 * RATE)


class Played:
    """A `Speech`, and a clock that runs as the stream does."""

    def __init__(self) -> None:
        self.speech = Speech(RATE, "s")
        self.now = 0.0

    def take(self, pcm: bytes, took_s: float | None = None) -> list[EngineEvent]:
        """Take what comes in pieces, live; or all at once, after `took_s`."""
        if took_s is not None:
            self.now += took_s
            return self.speech.take(pcm, self.now)
        return [event for at in range(0, len(pcm), STEP) for event in self.take(pcm[at : at + STEP], STEP_S)]


@pytest.fixture
def played() -> Played:
    return Played()


def test_speech_is_a_reply_and_the_silence_around_it_is_none(played: Played) -> None:
    assert played.take(silence(500)) == []
    events = played.take(sound(300))
    assert isinstance(events[0], ReplyStarted)
    assert {event.item for event in events[1:] if isinstance(event, Audio)} == {FIRST}
    assert played.speech.item == FIRST
    assert played.take(silence(HANGOVER_MS))[-2:] == [
        AudioDone("s_reply_1", FIRST),
        ReplyEnded("s_reply_1", "completed"),
    ]
    assert (played.speech.item, played.speech.next_item) == ("", SECOND)
    assert played.speech.ms == 800 + HANGOVER_MS


def test_silence_that_was_not_sent_ends_it_too(played: Played) -> None:
    played.take(sound(300))
    assert played.speech.lapse(HANGOVER_MS - 1) == []
    assert [type(event) for event in played.speech.lapse(1)] == [AudioDone, ReplyEnded]
    assert played.speech.lapse(5000) == []


def test_what_is_live_keeps_its_pauses(played: Played) -> None:
    played.take(sound(300))
    assert lasts_ms(played.take(silence(400))) == 400


def test_what_is_behind_is_brought_back_in_the_next_pause(played: Played) -> None:
    played.take(sound(1000), took_s=0.1)  # 0.9 s are yet to be played
    assert BEHIND_S < 0.9
    assert lasts_ms(played.take(silence(500))) == KEPT_MS


def test_the_loudspeaker_knows_best_how_far_it_is(played: Played) -> None:
    played.take(sound(1000), took_s=0.1)
    played.speech.played(heard(1000))
    assert lasts_ms(played.take(silence(500))) == 500
    played.speech.played(heard(0, "another"))
    assert lasts_ms(played.take(silence(100))) == 100


def test_an_interruption_ends_the_reply_and_drops_it_up_to_the_next_pause(played: Played) -> None:
    waiting = [event for event in played.take(sound(600)) if isinstance(event, Audio)]
    events, unheard = played.speech.interrupt([heard(250)])
    assert events == [ReplyEnded("s_reply_1", "cancelled")]
    assert unheard == [Unheard(FIRST, 250, 600)]
    assert played.speech.dropping
    assert all(played.speech.stale(event) for event in waiting)
    assert played.take(sound(500)) == []
    assert played.take(silence(PAUSE_MS)) == []
    assert not played.speech.dropping
    assert isinstance(played.take(sound(100))[0], ReplyStarted)


@pytest.mark.parametrize(("ms", "dropping"), [(PAUSE_MS - 1, True), (PAUSE_MS, False)])
def test_what_was_cut_off_is_over_in_silence_that_was_not_sent(played: Played, ms: int, dropping: bool) -> None:
    played.take(sound(600))
    played.speech.interrupt([heard(250)])
    assert played.speech.lapse(ms) == []
    assert played.speech.dropping is dropping


def test_one_that_pauses_already_is_not_dropped_on(played: Played) -> None:
    played.take(sound(600) + silence(PAUSE_MS))
    events, unheard = played.speech.interrupt([heard(900)])
    assert (len(events), unheard) == (1, [])  # all that sounds of it was heard
    assert not played.speech.dropping
    assert isinstance(played.take(sound(100))[0], ReplyStarted)


def test_one_that_is_over_may_not_have_been_heard_to_its_end(played: Played) -> None:
    played.take(sound(600) + silence(HANGOVER_MS))
    events, [unheard] = played.speech.interrupt([heard(100)])
    assert events == []
    assert (unheard.item, unheard.heard_ms) == (FIRST, 100)
    assert not played.speech.dropping


@pytest.mark.parametrize("one", [heard(600, whole=True), heard(100, "unknown")])
def test_what_was_heard_as_a_whole_or_is_not_known_is_left_alone(played: Played, one: Heard) -> None:
    played.take(sound(600))
    assert played.speech.interrupt([one]) == ([], [])
    assert played.speech.item == FIRST


def test_a_reply_is_cut_off_once(played: Played) -> None:
    played.take(sound(600))
    played.speech.interrupt([heard(100)])
    assert played.speech.interrupt([heard(100)]) == ([], [])


def test_what_was_not_cut_off_is_not_stale(played: Played) -> None:
    audio = played.take(sound(600))[-1]
    assert not played.speech.stale(audio)
    played.speech.interrupt([heard(100)])
    assert played.speech.stale(AudioDone("s_reply_1", FIRST))
    assert played.speech.stale(Words("assistant", "Hi", final=True, item=FIRST))
    assert not played.speech.stale(Words("user", "Hi", final=True, item=FIRST))
    assert not played.speech.stale(ReplyEnded("s_reply_1", "cancelled"))


def test_stopping_ends_what_is_said(played: Played) -> None:
    assert played.speech.stop() == []
    played.take(sound(100))
    assert [type(event) for event in played.speech.stop()] == [AudioDone, ReplyEnded]


def test_old_replies_are_forgotten(played: Played) -> None:
    for _ in range(REMEMBERED + 1):
        played.take(sound(100) + silence(HANGOVER_MS))
    assert played.speech.interrupt([heard(10)]) == ([], [])
    assert len(played.speech.interrupt([heard(10, SECOND)])[1]) == 1
