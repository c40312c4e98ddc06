"""The whole daemon, interrupted while it speaks."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener, ongoing, spoken

from device.sample_clock import samples
from device.settings.tree import BargeInSettings
from device.simulation.scene import Acoustics
from device.simulation.timed_engine import speech
from device.wire import realtime as wire

QUESTION = "hey jarvis, what time is it?"
AGAIN = "how many kilometres is five miles?"
LONG = spoken(6.0, "One two three four five six seven eight nine ten eleven twelve.", pace=0.3)
ROOM = Acoustics(rate=16_000, echo_db=-6)
"""A living room with an echo."""


def test_the_words_that_interrupt_arrive_from_their_onset_and_what_was_heard_is_told(tmp_path):
    interruption = says("wait, how many kilometres is that?", after="speaking", plus=1.5)
    wake = says("hey jarvis, how many miles?", after="speaking", plus=1.0)
    house = House(tmp_path, [says(QUESTION, at=1.0), interruption, wake], 17, room=ROOM)
    server = Listener(LONG)
    play(house, server)
    assert len(server.connections) == 1
    first, second = server.all(wire.ConversationItemTruncate)
    for told, turn in zip((first, second), [t for t in house.summary.turns if t.interrupted], strict=True):
        assert told.audio_end_ms == turn.heard_ms
        assert abs(turn.heard_true_ms - turn.heard_ms) <= 20
        assert turn.silence_ms < 800
    for visit in house.room.visits[1:]:
        house.check_arrived(server, visit)
    assert server.turns == 3
    assert "restore" not in [e.event() for e in house.entries]


def test_the_word_before_a_comma_arrives_too(tmp_path):
    house = House(
        tmp_path, [says(QUESTION, at=1.0), says("stop, I meant something else", after="speaking", plus=1.5)], 9
    )
    server = Listener(LONG)
    play(house, server)
    assert house.all("cut"), "whether it is known to interrupt or the rest does it"
    house.check_arrived(server, house.room.visits[1])
    assert server.turns == 2


@pytest.mark.parametrize("early_ms", [0, 30, 60, 90, 130])
def test_a_question_that_begins_as_the_reply_ends_is_sent_whole(tmp_path, early_ms):
    question = says(AGAIN, after="speaking", plus=2.0 - early_ms / 1000)
    house = House(tmp_path, [says(QUESTION, at=1.0), question], 11)
    server = Listener(spoken(2.0))
    play(house, server)
    house.check_arrived(server, house.room.visits[1])
    assert server.turns == 2


def test_a_short_agreement_restores_the_reply_and_none_of_it_is_sent(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0), says("uh-huh", after="speaking", plus=1.5)], 13, room=ROOM)
    server = Listener(LONG)
    play(house, server)
    (duck,), (restore,) = house.all("duck"), house.all("restore")
    agreement = house.room.visits[1]
    assert 0 < duck.at - agreement.onset < samples(250)
    assert restore.at > duck.at
    assert server.turns == 1
    assert not server.all(wire.ConversationItemTruncate)
    assert not server.all(wire.ResponseCancel)
    (last,) = house.all("reply_last_audio")
    assert last.ms == 6000
    assert not [(a, b) for a, b in house.sent() if a < agreement.offset and b > agreement.onset]


def test_the_wake_word_cuts_where_nothing_else_may(tmp_path):
    visitors = [says(QUESTION, at=1.0), says("how many miles?", after="speaking", plus=0.7)]
    visitors += [says("hey jarvis, how many miles?", after="visitor", plus=0.7)]
    house = House(tmp_path, visitors, 15)
    server = Listener(LONG)
    house.settings = replace(house.settings, barge_in=BargeInSettings(decide="off"))
    play(house, server)
    _, ignored, wake = house.room.visits
    (cut,) = house.all("cut")
    # While the device speaks, a lower score will do, and is reached before the last sound.
    assert wake.wake_end - samples(200) < cut.at < wake.wake_end + samples(500)
    assert not [(a, b) for a, b in house.sent() if a < ignored.offset and b > ignored.onset]
    house.check_arrived(server, wake, whole=False)
    assert server.turns == 2


def test_a_cancelled_reply_that_goes_on_coming_is_not_heard(tmp_path):
    """The server goes on sending for a second after the cancel, as some do."""

    class Stubborn(Listener):
        async def stubborn(self, connection, event):
            for _ in range(10):
                await connection.send(
                    wire.ResponseOutputAudioDelta(speech(0.2).tobytes(), **ongoing(connection.server))
                )
                await asyncio.sleep(0.1)
            await connection.cancel(event)

    house = House(tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="speaking", plus=1.0)], 13)
    server = Stubborn(LONG)
    server.on(wire.ResponseCancel, server.stubborn)
    play(house, server)
    silence = house.all("silence")[0]
    reply = house.all("reply_first_audio")[1]
    assert reply.t - silence.t > 1.5
    assert not house.tracks().loudspeaker[silence.at + samples(20) : reply.at - samples(20)].any()
    assert server.turns == 2


def test_to_be_stopped_in_mid_reply_fades_it_out_and_closes_the_session(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 8)
    server = Listener(spoken(4.0))

    async def script(house):
        await house.until("reply_first_audio")
        await asyncio.sleep(1.0)
        await house.daemon.stop()
        assert house.daemon.sessions.rate is None

    play(house, server, script)
    played = house.tracks().loudspeaker.astype(float)
    end = int(np.flatnonzero(played)[-1]) + 1
    fade = house.settings.barge_in.fade_ms * 16

    def level(part):
        return np.sqrt(np.mean(played[part] ** 2))

    assert level(slice(end - fade // 4, end)) < 0.25 * level(slice(end - 3 * fade, end - fade))
    assert all(connection.socket.closed for connection in server.connections)
