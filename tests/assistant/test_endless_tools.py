"""Servers that call tools without end, or answer a result twice, in a room."""

import pytest
from support.house import House, play, says
from support.listener import Listener, spoken

from device.conversation.tool_rounds import ROUNDS
from device.simulation.scripted_engine import Connection
from device.simulation.scripted_reply import Call, Reply
from device.wire import realtime as wire

QUESTION = "hey jarvis, what time is it?"
LOOP = Reply((Call("get_time", "{}"),))


@pytest.mark.parametrize("obeys", [True, False])
def test_a_model_that_calls_tools_for_ever_is_made_to_speak_or_ended(tmp_path, obeys):
    class Loops(Listener):
        def __init__(self):
            super().__init__(LOOP)
            self.on(wire.ResponseCreate, self.create)

        async def create(self, connection: Connection, event: wire.ResponseCreate) -> None:
            without = event.response is not None and event.response.tool_choice == "none"
            await connection.answer(lambda: spoken(1.0) if without and obeys else LOOP, event.event_id)

    house = House(tmp_path, [says(QUESTION, at=1.0)], 20)
    server = Loops()
    play(house, server)
    assert len(house.all("tool")) == ROUNDS
    assert len(house.all("reply_first_audio")) == int(obeys)
    assert house.codes() == ([] if obeys else ["tools_without_end"])
    assert house.sounds == ["wake", *([] if obeys else ["error"]), "sleep"]
    assert len(server.all(wire.ResponseCreate)) == ROUNDS, "each is billed"


def test_a_server_that_answers_a_result_by_itself_and_as_it_is_asked_to_is_heard_once(tmp_path):
    class Eager(Listener):
        def __init__(self):
            super().__init__(LOOP, spoken(1.0, "It is noon."), spoken(1.0, "It is noon."), spoken(1.0, "Never."))
            self.on(wire.ConversationItemCreate, self.added)
            self.on(wire.ResponseCreate, self.create)

        async def added(self, connection: Connection, event: wire.ConversationItemCreate) -> None:
            if event.item.type == "function_call_output":
                self.own = connection.reply(self.next_reply())

        async def create(self, connection: Connection, event: wire.ResponseCreate) -> None:
            await self.own
            connection.reply(self.next_reply())

    house = House(tmp_path, [says(QUESTION, at=1.0)], 15)
    play(house, Eager())
    assert len(house.all("reply_first_audio")) == 1
    assert house.codes() == []
    assert house.all("reply_last_audio")[0].ms > 900
