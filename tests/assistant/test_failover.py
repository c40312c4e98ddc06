"""Two engines and a daemon in a room: whatever becomes of the first, what was said is answered by the second."""

import asyncio
import contextlib

import pytest
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener, spoken

from device.conversation.engine import Expiring
from device.listen.endpointer import Onset
from device.simulation.scripted_engine import Connection
from device.wire import realtime as wire
from device.wire.realtime_items import Response

QUESTION = "hey jarvis, what time is it?"
AGAIN = "how many kilometres is five miles?"
FIRST, SECOND = "openai", "local"


def house_with_two(tmp_path, visitors, seconds, **listen):
    house = House(tmp_path, visitors, seconds, **listen)
    house.settings = replace(house.settings, engines=(FIRST, SECOND))
    return house


def play_two(house, first, second, script=None, first_url=""):
    """Let the scene pass with two engines; return when each session was opened, and with which."""

    async def enter(house):
        if script is not None:
            await script(house)

    class Both(contextlib.AsyncExitStack):
        url = ""

        async def __aenter__(self):
            await super().__aenter__()
            house.urls = {FIRST: first_url or (await self.enter_async_context(first)).url}
            house.urls[SECOND] = (await self.enter_async_context(second)).url
            return self

    play(house, Both(), enter, url="unused")
    return [(entry.engine, entry.t) for entry in house.all("session_open")]


def words_given(server):
    """The history that sessions were seeded with, as text."""
    created = [event.item for event in server.all(wire.ConversationItemCreate)]
    return [part.text for item in created for part in item.content or () if item.type == "message"]


@pytest.mark.parametrize("status", [401, 429, 500])
def test_one_that_refuses_is_left_at_once(tmp_path, status):
    house = house_with_two(tmp_path, [says(QUESTION, at=1.0)], 9)
    first, second = Listener(refuse=status), Listener()
    opened = play_two(house, first, second)
    assert [engine for engine, _ in opened] == [SECOND]
    assert opened[0][1] - house.all("wake")[0].t < 0.5
    assert house.codes() == [f"http_{status}"]
    assert (first.turns, second.turns) == (0, 1)
    house.check_arrived(second, house.room.visits[0], whole=False)
    assert house.sounds == ["wake"], "the user hears nothing of it"


def test_one_that_cannot_be_reached(tmp_path, unused_tcp_port):
    house = house_with_two(tmp_path, [says(QUESTION, at=1.0)], 9)
    second = Listener()
    play_two(house, Listener(), second, first_url=f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime")
    assert house.codes() == ["unreachable"]
    assert second.turns == 1


def test_one_that_opens_too_slowly_is_not_waited_for(tmp_path):
    class Slow(Listener):
        async def greet(self, connection, event):
            await asyncio.sleep(5)
            await super().greet(connection, event)

    house = house_with_two(tmp_path, [says(QUESTION, at=1.0)], 10)
    second = Listener()
    opened = play_two(house, Slow(), second)
    assert house.codes() == ["open_timeout"]
    assert opened[0][0] == SECOND
    assert opened[0][1] - house.all("wake")[0].t < 2.0
    house.check_arrived(second, house.room.visits[0], whole=False)


class Dies(Listener):
    """Answers `answers` turns and then breaks off where it is told to."""

    def __init__(self, answers, at):
        super().__init__(spoken(1.5, "Forty two."))
        self.answers, self.at = answers, at

    async def answer(self, connection: Connection) -> None:
        if self.turns <= self.answers:
            await super().answer(connection)
            return
        if self.at == "after response.created":
            response = Response(id="r", object="realtime.response", status="in_progress", output=[])
            await connection.send(wire.ResponseCreated(response))
        elif self.at == "close":
            await connection.close()
        elif self.at == "session_expired":
            await connection.complain("session_expired", "60 minutes")
        # "silence": it never says anything again


@pytest.mark.parametrize(
    ("at", "code", "bound_s"),
    [
        ("close", "closed_1001", 2.0),
        ("session_expired", "session_expired", 2.0),
        ("after response.created", "stalled", 7.0),
        ("silence", "no_reply", 10.0),
    ],
)
def test_one_that_dies_in_mid_conversation_hands_over_with_history(tmp_path, at, code, bound_s):
    house = house_with_two(tmp_path, [says(QUESTION, at=1.0), says(AGAIN, after="listening", plus=4.0)], 30)
    first, second = Dies(1, at), Listener(spoken(1.0, "Eight."))
    opened = play_two(house, first, second)
    assert [engine for engine, _ in opened][:2] == [FIRST, SECOND]
    assert house.codes()[0] == code
    stopped = [entry.t for entry in house.all("engine_speech_stopped")][1]
    assert opened[1][1] - stopped < bound_s
    assert second.turns == 1, "nobody had to say it again"
    house.check_arrived(second, house.room.visits[1])
    assert words_given(second) == ["words", "Forty two."]
    assert "error" not in house.sounds


class Deaf(Listener):
    """Takes everything and pings, but says nothing of what it hears, or only that it hears something."""

    def __init__(self, *, notices):
        super().__init__()
        self.notices = notices

    async def _append(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        for found in self._of[connection].take(event.audio):
            if self.notices and isinstance(found, Onset):
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))


@pytest.mark.parametrize("notices", [False, True])
@pytest.mark.parametrize("follow_up_s", [3, 8])
def test_one_that_hangs_while_it_listens_is_left_and_nobody_has_to_say_it_again(tmp_path, notices, follow_up_s):
    house = house_with_two(tmp_path, [says(QUESTION, at=1.0)], 20, follow_up_s=follow_up_s)
    second = Listener(spoken(1.0, "Eight."))
    opened = play_two(house, Deaf(notices=notices), second)
    assert [engine for engine, _ in opened] == [FIRST, SECOND]
    assert house.codes() == ["unheard"]
    assert opened[1][1] - house.all("voice_end")[0].t < 9.5
    assert second.turns == 1
    house.check_arrived(second, house.room.visits[0], whole=False)
    assert "error" not in house.sounds


@pytest.mark.parametrize("notices", [False, True])
def test_a_hanging_engine_that_is_the_only_one_is_told_of(tmp_path, notices):
    house = House(tmp_path, [says(QUESTION, at=1.0)], 32)
    play(house, Deaf(notices=notices))
    assert house.codes() == ["no_reply"]
    assert house.sounds == ["wake", "error", "sleep"]


def test_the_better_one_takes_over_again_in_a_pause(tmp_path):
    visitors = [says(QUESTION, at=1.0), says(AGAIN, at=9.0), says(AGAIN, at=22.0)]
    house = house_with_two(tmp_path, visitors, 32, follow_up_s=30)

    class Back(Listener):
        def handshake(self):
            asked, self.asked = self.asked, True
            return 0 if asked else 503

    first, second = Back(), Listener(spoken(1.0, "Eight."))
    first.asked = False
    play_two(house, first, second)
    (switch,) = house.all("session_switch")
    assert switch.engine == FIRST
    visits = house.room.visits
    assert visits[1].offset < switch.at < visits[2].onset
    assert (first.turns, second.turns) == (1, 2)
    house.check_arrived(first, visits[2])
    assert words_given(first) == ["words", "Eight."] * 2
    assert house.states.count("connecting") == 1


def test_a_session_near_its_cap_is_renewed_in_a_pause_and_nobody_notices(tmp_path):
    visitors = [says(QUESTION, at=1.0), says(AGAIN, at=9.0), says(AGAIN, at=18.0)]
    house = House(tmp_path, visitors, 27, follow_up_s=30)
    server = Listener(spoken(1.0, "Eight."))

    async def script(house):
        await house.until("session_open")
        await house.until("reply_last_audio")
        house.daemon.on(Expiring(120.0))

    play(house, server, script)
    (switch,) = house.all("session_switch")
    assert house.room.visits[0].offset < switch.at < house.room.visits[1].onset
    assert server.turns == 3
    assert house.states.count("connecting") == 1
    assert [len(ears.samples) > 0 for ears in server.ears] == [True, True]
    assert words_given(server) == ["words", "Eight."]


def test_a_network_that_is_gone_for_30_s_in_mid_sentence(tmp_path):
    house = house_with_two(tmp_path, [says(QUESTION, at=1.0)], 60)
    first, second = Listener(), Listener()

    async def script(house):
        await house.until("session_open")
        await asyncio.sleep(0.3)
        for server in (first, second):
            server.refuse = 503
            for connection in server.connections:
                await connection.close()
        await asyncio.sleep(30)
        first.refuse = second.refuse = 0

    play_two(house, first, second, script)
    # Nobody waits that long for an answer: the user is told, and may ask again.
    assert house.sounds == ["wake", "error"]
    assert house.states[-1] == "fault"
    assert "http_503" in house.codes()
    assert first.turns + second.turns == 0
