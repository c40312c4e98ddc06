"""The whole daemon, with engines that cannot be reached or go wrong."""

import asyncio

import pytest
from support.house import House, play, says
from support.listener import Listener, ongoing, spoken

from device.wire import realtime as wire
from device.wire.realtime_items import Response

QUESTION = "hey jarvis, what time is it?"
AGAIN = "how many kilometres is five miles?"


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
        await connection.send(wire.ResponseOutputAudioDelta(bytes(size), **ongoing(connection.server)))


async def mixes_everything_up(connection):
    place = ongoing(connection.server)
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
