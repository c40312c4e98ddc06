"""The dialogue with a Cartesia agent, by tables and by the log of a whole conversation."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.conversation.engine import Audio, AudioDone, ReplyEnded, ReplyStarted, ToolCall, Words
from device.engines.cartesia.turns import Turns
from device.wire import cartesia as wire

LOG = Path(__file__).parents[2] / "engines" / "logs" / "cartesia.jsonl"
SOUND = wire.AudioOutput(audio=bytes(960))
CLEAR = wire.AudioOutputClear()
CALL = wire.ClientToolCall(tool_call_id="c", tool_name="look_up", parameters={"n": 1})


def began(turn: int, role: str = "assistant") -> wire.TurnStarted:
    return wire.TurnStarted(turn=turn, role=role)


def said(turn: int, text: str) -> wire.TurnOutputTextDelta:
    return wire.TurnOutputTextDelta(turn=turn, role="assistant", text=text)


def ended(turn: int, text: str = "", *, interrupted: bool = False, role: str = "assistant") -> wire.TurnEnded:
    return wire.TurnEnded(turn=turn, role=role, text=text, interrupted=interrupted)


def feed(turns: Turns, *events: wire.ServerEvent) -> list:
    return [one for event in events for one in turns.receive(event)]


def final(events: list) -> list[tuple[str, str]]:
    return [(event.role, event.text) for event in events if isinstance(event, Words) and event.final]


def test_a_recorded_conversation_means_what_it_meant() -> None:
    turns = Turns()
    got = []
    for line in LOG.read_text().splitlines():
        entry = json.loads(line)
        if entry["from"] == "server":
            got += turns.receive(wire.decode_server(json.dumps(entry["message"])))
        elif entry["message"]["type"] == "client_tool_result":
            turns.tool_result(entry["message"]["tool_call_id"], entry["message"]["result"])
            (sent,) = turns.drain()
            assert json.loads(wire.encode(sent)) == entry["message"]
    replies = [event.reply for event in got if isinstance(event, ReplyStarted)]
    assert len(replies) == len(set(replies)) == 3
    statuses = {event.reply: event.status for event in got if isinstance(event, ReplyEnded)}
    assert statuses == dict(zip(replies, ("completed", "cancelled", "completed"), strict=True))
    spoken = [text for role, text in final(got) if role == "assistant"]
    assert spoken[0] == "Let me see."
    assert spoken[1].startswith("It is noon")
    assert spoken[2] == "Five miles are eight kilometres."
    assert [text for role, text in final(got) if role == "user"] == ["words", "words"]
    assert sum(isinstance(event, ToolCall) for event in got) == 1


def test_what_was_really_said_of_a_turn_counts_but_for_what_came_before_a_call() -> None:
    turns = Turns()
    got = feed(turns, began(2), said(2, "Let me see. "), SOUND, CALL)
    turns.tool_result("c", "1")
    got += feed(turns, said(2, "It is "), SOUND, said(2, "noon"), ended(2, "Let me see. It is noon."))
    assert final(got) == [("assistant", "Let me see."), ("assistant", "It is noon.")]


def test_an_interrupted_turn_keeps_the_words_that_were_said() -> None:
    turns = Turns()
    got = feed(turns, began(2), SOUND, said(2, "It is noon and "), CLEAR, SOUND, said(2, "more"))
    assert [event.status for event in got if isinstance(event, ReplyEnded)] == ["cancelled"]
    assert sum(isinstance(event, Audio) for event in got) == 1
    got = feed(turns, ended(2, "It is noon", interrupted=True))
    assert got == [Words("assistant", "It is noon", final=True, item="reply_1_audio")]
    assert [type(event) for event in feed(turns, began(4), SOUND)] == [ReplyStarted, Audio]


def test_a_clear_after_the_turn_reaches_the_loudspeaker_once() -> None:
    turns = Turns()
    feed(turns, began(2), SOUND, ended(2, "Hello."))
    assert feed(turns, CLEAR) == [ReplyEnded("reply_1", "cancelled")]
    assert feed(turns, CLEAR) == []


def test_audio_that_waited_while_the_reply_was_cut_is_stale() -> None:
    turns = Turns()
    waiting = [event for event in feed(turns, began(2), SOUND) if isinstance(event, Audio)]
    assert not any(turns.stale(event) for event in waiting)
    turns.interrupt()
    assert all(turns.stale(event) for event in waiting)
    assert feed(turns, SOUND, CALL) == []


def test_audio_that_waited_stays_stale_when_the_next_reply_begins() -> None:
    turns = Turns()
    waiting = [event for event in feed(turns, began(2), SOUND) if isinstance(event, Audio)]
    turns.interrupt()
    feed(turns, ended(2, interrupted=True), began(4), SOUND)
    assert all(turns.stale(event) for event in waiting)


@pytest.mark.parametrize(
    ("output", "error"),
    [('{"seconds": 5}', None), ('{"error": "no such room"}', True), ('["error"]', None), ("plain words", None)],
)
def test_a_result_that_tells_of_a_failure_is_an_error(output: str, error: bool | None) -> None:
    turns = Turns()
    feed(turns, began(2), CALL)
    turns.tool_result("c", output)
    assert turns.drain() == [wire.ClientToolResult(tool_call_id="c", result=output, is_error=error)]


def test_a_call_whose_result_is_not_wanted_is_over_at_once() -> None:
    turns = Turns()
    feed(turns, began(2), wire.ClientToolCall(tool_call_id="c", tool_name="ring", expects_response=False))
    assert turns.tool_result("c", "{}") == [ReplyStarted("reply_2"), ReplyEnded("reply_2", "completed")]
    assert turns.drain() == []
    assert turns.tool_result("c", "{}") == []


EVENTS = st.sampled_from([began(2), SOUND, said(2, "words "), CLEAR, CALL, ended(2, "words"), began(3, "user"), None])


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(EVENTS, max_size=20))
def test_whatever_the_order_replies_begin_once_and_audio_is_theirs(events) -> None:
    turns = Turns()
    begun: dict[str, bool] = {}
    for event in events:
        if event is None:
            turns.interrupt()
            continue
        for one in turns.receive(event):
            if isinstance(one, ReplyStarted):
                assert one.reply not in begun
                assert not any(begun.values())
                begun[one.reply] = True
            elif isinstance(one, ReplyEnded):
                begun[one.reply] = False
            elif isinstance(one, Audio | ToolCall):
                assert begun[one.reply]
            elif isinstance(one, AudioDone):
                assert one.reply in begun
    # The next turn of the agent's is heard, whatever was before.
    assert isinstance(feed(turns, ended(8), began(9), SOUND)[-1], Audio)
