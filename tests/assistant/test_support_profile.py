"""The support profile as a user would have it: greeted, an order looked up, the answer spoken; in a simulated room."""

import json

import pytest
from support.house import House, play, says
from support.listener import Listener, spoken

from device.conversation.events import Button
from device.records.transcript_writer import TranscriptWriter
from device.records.transcripts import stored
from device.settings.loading import read
from device.simulation.scripted_reply import Call, Reply
from device.tools.profile import profile_tools
from device.wire import realtime as wire

RESULT = {
    "reason": "order",
    "order_number": "PL-4722",
    "solved": True,
    "call_back": False,
    "summary": "The customer asked when the kettle arrives.",
}
GREETING = "Kitchen shop, hello! What can I do for you?"


@pytest.fixture
def loaded(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('profile = "support"\nlisten.echo_canceller = "off"\nlisten.follow_up_s = 3\n')
    return read(path, {"HOME": str(tmp_path), "OPENAI_API_KEY": "x"}, tmp_path / "none.toml")


@pytest.fixture
def shop(tmp_path, loaded):
    """Return what makes a house with the profile in it: its settings and its tools."""

    def make(visitors, seconds):
        house = House(tmp_path, visitors, seconds, tools=profile_tools(loaded.profile))
        house.settings = loaded.settings
        return house

    return make


def items(server, kind):
    return [event.item for event in server.all(wire.ConversationItemCreate) if event.item.type == kind]


def calling(tool, **arguments):
    return Reply((Call(tool, json.dumps(arguments)),))


def answering(order):
    """A model that greets, looks an order up as it was said, speaks of it, and submits a result at the second try."""
    return Listener(
        spoken(1.0, GREETING),
        calling("find_order", number=order),
        spoken(1.5, "It is on its way and arrives on Thursday."),
        calling("submit_result", reason="ordre", solved=True, call_back=False, summary="Where the order is."),
        calling("submit_result", **RESULT),
    )


def test_an_order_is_looked_up_and_spoken_of(shop):
    visitors = [
        says("hey jarvis", at=0.5),
        says("where is my order P L four seven double two", after="reply_end", plus=0.5),
    ]
    house = shop(visitors, 16.0)
    server = answering("P L four seven double two")
    play(house, server)
    assert not house.summary.missed
    session = server.all(wire.SessionUpdate)[0].session
    assert "customer support of a shop" in session.instructions
    assert [tool.name for tool in session.tools] == ["get_time", "sleep", "find_order", "find_answer", "submit_result"]
    told = items(server, "message")[0]
    assert (told.role, told.content[0].text) == ("system", GREETING)
    output = items(server, "function_call_output")[0]
    (found,) = json.loads(output.output)["found"]
    assert (found["state"], found["arrives"]) == ("on its way", "Thursday")
    assert len(house.all("reply_first_audio")) == len(house.all("reply_last_audio")) == 2
    assert house.all("assistant")[-1].text.endswith("Thursday.")
    first, last = house.all("result")
    assert (first.valid, last.valid, json.loads(last.result)) == (False, True, RESULT)
    assert house.all("sleep")[-1].why == "silence"


def test_a_conversation_ends_with_a_checked_result_and_a_transcript(tmp_path, shop):
    wrong = {
        "reason": "order",
        "order_number": "PL-4722",
        "solved": "yes",
        "call_back": False,
        "summary": "On its way.",
    }
    right = wrong | {"solved": True}
    house = shop([says("hey jarvis, where is my order", at=0.5)], 12.0)
    server = Listener(
        spoken(1.0, "It arrives on Thursday."),
        Reply((Call("submit_result", json.dumps(wrong), call_id="one"),)),
        Reply((Call("submit_result", json.dumps(right), call_id="two"),)),
        transcript="Where is my order?",
    )
    path = tmp_path / "transcripts.sqlite"

    async def keep(house):
        transcripts = TranscriptWriter(7, path=path, profile="support")
        house.rehearsal.ledger.watch(transcripts.take)
        await house.until("sleep")
        asleep = house.daemon.capture.now
        await house.until("state", state="asleep")
        assert house.daemon.capture.now == asleep
        transcripts.close()

    play(house, server, keep)
    assert "is over" in items(server, "message")[-1].content[0].text
    (faults,) = items(server, "function_call_output")
    assert json.loads(faults.output)["faults"] == ["$.solved: 'yes' is not of type 'boolean'"]
    assert len(house.all("reply_last_audio")) == 1, "nobody hears how the result is asked for"
    assert house.sounds == ["wake", "sleep"]
    (one,) = stored(path=path)
    assert (one.result, one.valid, one.why, one.profile) == (right, True, "silence", "support")
    assert [(line.kind, line.text) for line in one.lines] == [
        ("engine", "openai"),
        ("user", "Where is my order?"),
        ("assistant", "It arrives on Thursday."),
        ("tool", "submit_result"),
        ("tool", "submit_result"),
    ]


def test_who_presses_the_button_is_greeted(shop):
    async def press(house):
        house.daemon.on(Button(house.daemon.capture.now))
        await house.until("reply_last_audio")

    house = shop([], 6.0)
    server = answering("")
    play(house, server, press)
    (told,) = items(server, "message")
    assert told.content[0].text == GREETING
    assert house.all("assistant")[0].text == GREETING
    assert server.turns == 0


def test_who_asks_in_one_breath_is_answered_and_not_greeted(shop):
    house = shop([says("hey jarvis, where is my order", at=0.5)], 8.0)
    server = Listener(spoken(1.0))
    play(house, server)
    assert server.turns == 1
    assert len(house.all("reply_last_audio")) == 1
    assert GREETING not in [told.content[0].text for told in items(server, "message")]


def test_a_number_that_was_misheard_is_asked_about_before_anything_is_told(shop):
    house = shop([says("hey jarvis, where is my order", at=0.5)], 10.0)
    server = Listener(calling("find_order", number="B L 4722"), spoken(1.0, "Is that P L four seven two two?"))
    play(house, server)
    (output,) = items(server, "function_call_output")
    assert json.loads(output.output)["near"] == [{"number": "PL-4722"}]
    assert "Leicester" not in output.output
    assert house.all("assistant")[-1].text.startswith("Is that")


@pytest.mark.parametrize("at", [0.4, 0.8, 1.0, 1.2, 1.6])
def test_whenever_the_user_begins_to_speak_no_word_is_lost_to_the_greeting(at, shop):
    async def press(house):
        house.daemon.on(Button(house.daemon.capture.now))
        await house.until("sleep")

    house = shop([says("I want to know where my order is", at=at)], 14.0)
    server = Listener(spoken(2.5, delay_s=0.3), spoken(1.0, "Which one?", delay_s=0.3))
    play(house, server, press)
    house.check_arrived(server, house.room.visits[0])
    assert house.all("reply_last_audio"), "what was asked is answered"
