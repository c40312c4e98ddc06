"""The whole daemon, in rooms where things go wrong."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener, spoken

from device.conversation.events import Button
from device.sample_clock import samples
from device.settings.tree import BargeInSettings
from device.simulation.scene import Acoustics, CardEvent
from device.simulation.scripted_reply import Call, Reply, Speech
from device.simulation.timed_engine import speech
from device.wire import realtime as wire
from device.wire.realtime_items import Response

QUESTION = "hey jarvis, what time is it?"
AGAIN = "how many kilometres is five miles?"
ROOM = Acoustics(rate=16_000, echo_db=-6)
"""A living room with an echo."""


def test_a_session_that_opens_slowly_loses_no_word(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 9)

    class Slow(Listener):
        async def greet(self, connection, event):
            await asyncio.sleep(2)
            await super().greet(connection, event)

    server = Slow()
    play(house, server)
    (wake,), (opened,), first = house.all("wake"), house.all("session_open"), house.all("sent_first")[0]
    assert opened.t - wake.t == pytest.approx(2, abs=0.1)
    assert first.at >= opened.at
    house.check_arrived(server, house.room.visits[0], whole=False)
    assert server.turns == 1
    assert house.states[-1] == "listening"


# An engine that cannot be reached or refuses


class Moody(Listener):
    """Answers the first handshakes with these statuses, later ones as it should."""

    def __init__(self, *moods):
        super().__init__()
        self.moods = list(moods)
        self.asked = 0

    def handshake(self):
        self.asked += 1
        return self.moods.pop(0) if self.moods else 0


def test_nobody_listens_until_the_engine_is_back(tmp_path, unused_tcp_port):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(QUESTION, after="fault", plus=1.0)], 26)
    url = f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime"
    server = Listener()

    async def script(house):
        await house.until("state", state="fault")
        house.urls["local"] = server.url

    play(house, server, script, url=url)
    assert set(house.codes()) == {"unreachable"}
    assert len(house.codes()) == 7  # at once, and six more attempts, each after a longer pause
    assert house.sounds == ["wake", "error", "wake"]
    assert house.states.count("fault") == 1
    assert server.turns == 1
    assert house.states[-1] == "listening"


def test_an_engine_that_takes_the_connection_and_says_nothing(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(QUESTION, after="fault", plus=1.0)], 42)

    class Silent(Listener):
        async def greet(self, connection, event):
            if len(self.connections) > 3:
                await super().greet(connection, event)

    server = Silent()
    play(house, server)
    assert len(house.codes()) == 3
    assert house.sounds == ["wake", "error", "wake"]
    fault = next(e for e in house.all("state") if e.state == "fault")
    assert fault.t < 35
    assert server.turns == 1


@pytest.mark.parametrize(("status", "fix"), [(401, "api_key"), (403, "key may do"), (404, "model")])
def test_a_refusal_that_lasts_stops_at_once_and_the_wake_word_tries_again(tmp_path, status, fix, caplog):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(QUESTION, after="fault", plus=1.0)], 11, engine="openai")
    server = Moody(status)
    play(house, server)
    assert house.codes() == [f"http_{status}"]
    assert server.asked == 2
    assert house.sounds == ["wake", "error", "wake"]
    assert house.states[:3] == ["connecting", "fault", "connecting"]
    assert [fix in r.getMessage() for r in caplog.records if r.name == "device.daemon.perform"] == [True]
    assert server.turns == 1
    assert house.summary.turns[-1].assistant


@pytest.mark.parametrize("status", [429, 500])
def test_trouble_that_passes_is_waited_out_and_the_words_meanwhile_are_answered(tmp_path, status):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 11)
    server = Moody(*[status] * 4)  # pauses of 0.25, 0.5, 1 and 2 s: longer than the question
    play(house, server)
    assert house.codes() == [f"http_{status}"] * 4
    assert house.sounds == ["wake"]
    (opened,) = house.all("session_open")
    assert opened.at > house.room.visits[0].offset
    house.check_arrived(server, house.room.visits[0], whole=False)
    assert server.turns == 1
    assert len(house.all("reply_last_audio")) == 1
    assert house.states[-1] == "listening"


# An engine that goes wrong in mid-reply


class Bad(Listener):
    """Does `harm` in the middle of its first reply, and is good afterwards."""

    def __init__(self, harm):
        super().__init__(spoken(2.0, pace=0.9))
        self.harm = harm
        self.replied = 0

    async def answer(self, connection):
        await super().answer(connection)
        self.replied += 1
        if self.replied == 1:
            self.task = asyncio.create_task(self._do_harm(connection))

    async def _do_harm(self, connection):
        await asyncio.sleep(0.9)
        await self.harm(connection)


def ongoing(connection):
    """Return what places an event in the reply in the making."""
    deltas = [e for e in connection.server.said if isinstance(e, wire.ResponseOutputAudioDelta)]
    last = deltas[-1]
    return {"response_id": last.response_id, "item_id": last.item_id, "output_index": 0, "content_index": 0}


async def aborts(connection):
    connection.abort()


async def closes(connection):
    await connection.close(1011, "internal error")


async def sends_20_mib(connection):
    await connection.send_text('{"type": "response.output_audio.delta", "delta": "' + "A" * (20 << 20) + '"}')


async def sends_no_json(connection):
    for text in ('{"type": "response.output_au', "", "[]", "null", "7", '{"type": 7}', '{"type": "x"}', "\\ud800"):
        await connection.send_text(text)


async def sends_binary(connection):
    for data in (b"", bytes(9600), b"\xff\xfe" * 4000):
        await connection.send_binary(data)


async def sends_odd_bytes(connection):
    for size in (1, 2401, 4799, 3):
        await connection.send(wire.ResponseOutputAudioDelta(bytes(size), **ongoing(connection)))


async def mixes_everything_up(connection):
    place = ongoing(connection)
    other = {**place, "response_id": "resp_x", "item_id": "item_x"}
    await connection.send(wire.ResponseOutputAudioDone(**other))
    await connection.send(wire.ResponseOutputAudioDelta(bytes(960), **{**place, "response_id": "resp_y"}))
    await connection.send(wire.InputAudioBufferSpeechStopped(item_id="nobody"))
    await connection.send(wire.ConversationItemInputAudioTranscriptionCompleted("late", None, item_id="nobody"))
    await connection.send(wire.ResponseDone(Response(id="resp_x", status="completed", output=[])))
    await connection.send(wire.ResponseDone(Response(id="resp_y", status="completed", output=[])))
    await connection.send(wire.ResponseCreated(Response(id=place["response_id"], status="in_progress")))
    await connection.send(wire.SessionCreated(connection.session))
    await connection.complain("server_error", "oh")


@pytest.mark.parametrize("harm", [aborts, closes, sends_20_mib])
def test_a_session_that_dies_in_mid_reply_is_told_of_once_and_the_next_question_is_answered(tmp_path, harm):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="reply_end", plus=0.8)], 15)
    server = Bad(harm)
    play(house, server)
    assert len(house.codes()) == 1
    assert house.sounds == ["wake", "error"]
    first, second = house.all("reply_last_audio")
    assert 600 <= first.ms <= 1200  # what had come of it was heard
    assert second.ms == 2000
    assert len(server.connections) == 2
    house.check_arrived(server, house.room.visits[1])
    assert house.states[-1] == "listening"


@pytest.mark.parametrize("harm", [sends_no_json, sends_binary, sends_odd_bytes, mixes_everything_up])
def test_nonsense_in_mid_reply_ends_neither_the_session_nor_the_reply(tmp_path, harm):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="reply_end", plus=0.8)], 15)
    server = Bad(harm)
    play(house, server)
    assert len(server.connections) == 1
    assert server.turns == 2
    assert house.codes() == []
    assert house.sounds == ["wake"]
    long = [e for e in house.all("reply_last_audio") if e.ms >= 2000]
    assert len(long) == 2
    assert house.states[-1] == "listening"


@pytest.mark.parametrize("turn", [0, 1])
def test_a_session_that_dies_in_mid_question_is_resumed_from_its_first_word(tmp_path, turn):
    house = House(tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="reply_end", plus=0.8)], 14)
    server = Listener(spoken(1.0))

    async def script(house):
        await house.until("voice_end" if turn else "sent_first")
        if turn:
            await house.until("engine_speech_started", 2)
        await asyncio.sleep(0.5)
        server.connection.abort()

    play(house, server, script)
    assert house.codes() == ["lost"]
    assert house.sounds == ["wake"]
    assert server.turns == 2
    house.check_arrived(server, house.room.visits[turn], whole=turn > 0, session=1)
    assert house.states[-1] == "listening"


def test_a_session_that_fails_in_an_unforeseen_way_is_tried_again(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 8)
    server = Listener()
    good, failures = house.session_at, [RuntimeError("never thought of")]

    async def session_at(url, tools):
        if failures:
            raise failures.pop()
        return await good(url, tools)

    house.session_at = session_at
    house.expects_tracebacks = True
    play(house, server)
    assert house.codes() == ["internal"]
    assert server.turns == 1
    assert house.states[-1] == "listening"


# The card, the timer, mute and sleep


LONG = spoken(6.0, "One two three four five six seven eight nine ten eleven twelve.", pace=0.3)


def test_a_card_that_vanishes_in_mid_reply(tmp_path):
    house = House(
        tmp_path,
        [says(QUESTION, at=1.0), says(QUESTION, at=10.0)],
        16,
        room=ROOM,
        card=[CardEvent(at=6.0, action="unplug"), CardEvent(at=8.0, action="plug")],
    )
    server = Listener(LONG, spoken(1.0))
    play(house, server)
    (began, _), (lost,) = house.all("reply_first_audio"), house.all("card_lost")
    (told,) = server.all(wire.ConversationItemTruncate)
    assert told.audio_end_ms == pytest.approx((lost.t - began.t) * 1000, abs=70)
    assert house.sounds == ["wake", "error"]
    assert house.all("card_back")[0].t == pytest.approx(8, abs=0.02)
    # Still listening, so that the question is a follow-up; and all of it arrives.
    assert server.turns == 2
    house.check_arrived(server, house.room.visits[1])
    assert house.states[-1] == "listening"


def test_a_card_that_vanishes_while_the_engine_thinks(tmp_path):
    house = House(
        tmp_path,
        [says(QUESTION, at=1.0), says(QUESTION, at=10.0)],
        16,
        card=[CardEvent(at=4.0, action="unplug"), CardEvent(at=8.0, action="plug")],
    )
    server = Listener(spoken(2.0, delay_s=1.5), spoken(1.0))
    play(house, server)
    assert house.sounds == ["wake", "error"]
    assert server.turns == 2
    heard = house.all("reply_last_audio")
    assert [e.ms for e in heard] == [1000], "a reply into a loudspeaker that is not there was not heard"


def test_a_timer_rings_asleep_and_stop_ends_it(tmp_path, models):
    models("moonshine_tiny_en/encoder_model.ort")
    house = House(
        tmp_path, [says("stop", after="ringing", plus=1.2), says("stop", after="ringing", nth=2, plus=1.0)], 14
    )
    server = Listener()

    async def script(house):
        house.daemon.timers.add(1)
        await house.until("stop")
        assert not house.daemon.ringing
        house.daemon.timers.add(2)
        await house.until("timer", 2)
        await asyncio.sleep(0.5)
        assert house.daemon.ringing
        house.daemon.on(Button(house.daemon.capture.now))
        assert not house.daemon.ringing
        house.daemon.timers.add(1)

    play(house, server, script)
    first, second, _ = house.all("timer")
    (stop,) = house.all("stop")[:1]
    visit = house.room.visits[0]
    assert 0 < stop.at - visit.offset < samples(800)
    # Silent soon after, until the next one rings.
    quiet = house.tracks().loudspeaker[stop.at + 1600 : second.at]
    assert not quiet.any()
    assert house.tracks().loudspeaker[first.at + 1600 : stop.at].any()
    assert not server.connections
    assert "connecting" not in house.states


def test_muted_nothing_is_sent_and_the_session_is_closed(tmp_path):
    house = House(
        tmp_path,
        [says(QUESTION, at=1.0), says(QUESTION, after="muted", plus=1.0), says(QUESTION, after="asleep", plus=0.5)],
        20,
    )
    server = Listener(LONG)

    async def script(house):
        await house.until("state", state="speaking")
        await asyncio.sleep(1.0)
        house.daemon.mute.want(on=True)
        await asyncio.sleep(0.3)
        assert server.connection.socket.closed
        assert house.daemon.sessions.rate is None
        await asyncio.sleep(5)
        assert len(server.connections) == 1
        house.daemon.mute.want(on=False)

    play(house, server, script)
    muted = next(e for e in house.all("state") if e.state == "muted")
    opened = next(e for e in house.all("state") if e.state == "asleep")
    spoken_while_muted, after = house.room.visits[1:]
    assert muted.at < spoken_while_muted.onset < spoken_while_muted.offset < opened.at
    assert all(end <= muted.at for _, end in house.sent(0))
    assert all(start > spoken_while_muted.offset for start, _ in house.sent(1))
    assert not house.tracks().loudspeaker[muted.at + samples(100) : opened.at].any()
    house.check_arrived(server, after, whole=False)
    assert len(server.connections) == 2


def test_muted_nothing_of_the_room_gets_past_the_card(tmp_path):
    house = House(tmp_path, [says(QUESTION, after="muted", plus=0.5), says(QUESTION, after="asleep", plus=0.5)], 12)
    kept = {}

    async def script(house):
        await asyncio.sleep(0.1)
        house.daemon.mute.want(on=True)
        await asyncio.sleep(0.1)
        begin = house.room.mic.position
        await asyncio.sleep(6)
        kept["muted"] = house.room.mic.cursor(begin).take(house.room.mic.position - begin)
        house.daemon.mute.want(on=False)
        await asyncio.sleep(0.1)
        begin = house.room.mic.position
        await asyncio.sleep(4)
        kept["after"] = house.room.mic.cursor(begin).take(house.room.mic.position - begin)

    play(house, Listener(LONG), script)
    assert len(kept["muted"]) > 5 * house.room.rate
    assert not kept["muted"].any()
    assert kept["after"].any()


def test_silence_and_the_engines_tool_put_it_to_sleep_and_the_session_is_closed(tmp_path):
    house = House(
        tmp_path,
        [
            says(QUESTION, at=1.0),
            says(QUESTION, after="asleep", plus=1.0),
            says(QUESTION, after="asleep", nth=1, plus=1),
        ],
        24,
        follow_up_s=2,
    )
    server = Listener(spoken(1.0), Reply((Call("sleep"), Speech(speech(0.5).tobytes(), "Goodbye."))))
    closed = []

    async def script(house):
        for nth in (1, 2):
            await house.until("state", nth, state="asleep")
            await asyncio.sleep(0.2)
            closed.append(server.connections[nth - 1].socket.closed)

    play(house, server, script)
    assert [e.why for e in house.all("sleep")[:2]] == ["silence", "a request"]
    first, second = house.all("sleep")[:2]
    assert first.t - house.all("reply_last_audio")[0].t == pytest.approx(2, abs=0.15)
    assert second.t - house.all("reply_last_audio")[1].t == pytest.approx(0, abs=0.1)  # the goodbye was heard
    assert house.all("reply_last_audio")[1].ms == 500
    assert closed == [True, True]
    assert house.sounds[:4] == ["wake", "sleep", "wake", "sleep"]
    assert len(server.connections) == 3, "the wake word opens a new session each time"


def test_a_ledger_on_a_full_disk_ends_no_conversation(tmp_path, caplog):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 8)
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")
    server = Listener()
    play(house, server)
    assert server.turns == 1
    assert house.all("reply_last_audio")
    assert sum("ledger cannot be written" in r.getMessage() for r in caplog.records) == 1


def test_the_device_can_find_the_ends_of_turns_itself(tmp_path):
    house = House(
        tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="reply_end", plus=0.8)], 11, end_of_turn="device"
    )
    server = Listener(spoken(1.0), silence_ms=60_000)
    heard = []

    async def commit(connection, event):
        heard.append(len(server.heard))
        await server.turn(connection)

    server.on(wire.InputAudioBufferCommit, commit)
    play(house, server)
    assert server.turns == 2
    for visit, length in zip(house.room.visits, heard, strict=True):
        house.check_arrived(server, visit, whole=False)
        # 500 ms of silence are part of the turn, and little more.
        sent = sum(min(end, visit.offset) - start for start, end in house.sent() if start < visit.offset)
        assert 450 < (length / 1.5 - sent) / 16 < 750


def test_the_button_interrupts_and_then_ends_the_conversation(tmp_path):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 9)
    server = Listener(LONG)

    async def script(house):
        await house.until("state", state="speaking")
        await asyncio.sleep(1.0)
        house.daemon.on(Button(house.daemon.capture.now))
        await asyncio.sleep(1.0)
        house.daemon.on(Button(house.daemon.capture.now))

    play(house, server, script)
    (told,) = server.all(wire.ConversationItemTruncate)
    assert told.audio_end_ms == pytest.approx(1000, abs=60)
    assert [e.why for e in house.all("sleep")] == ["the button"]
    assert server.connection.socket.closed
    assert house.states[-3:] == ["speaking", "listening", "asleep"]


# Interruptions


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
                await connection.send(wire.ResponseOutputAudioDelta(speech(0.2).tobytes(), **ongoing(connection)))
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
