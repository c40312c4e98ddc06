"""Recorded conversations with real servers, replayed against the pure machine (recorded by tests/clients)."""

from pathlib import Path

import pytest
from support.eventlog import replay

from device.conversation.engine import AudioDone, ReplyEnded, ReplyStarted, ToolCall

LOGS = Path(__file__).parents[2] / "engines" / "logs" / "realtime"
OWN = (
    "conversation.item.create",
    "response.create",
    "response.cancel",
    "conversation.item.truncate",
    "conversation.item.delete",
)
"""The messages that the machine is the author of."""


@pytest.mark.parametrize(
    ("server", "noon", "told"),
    [("speech_to_speech", "It is noon.", "It is set:"), ("parley", "It is noon exactly.", "It is set now.")],
)
def test_a_conversation_by_voice(server, noon, told):
    log = replay(LOGS / f"{server}.jsonl")
    log.check()
    heard = [words.lower().strip("?.") for words in log.words("user")]
    assert heard[0] == heard[3] == "what time is it"
    assert "timer" in heard[1]
    assert "story" in heard[2]
    said = [words.strip() for words in log.words("assistant")]
    assert said[0] == said[-1] == noon
    assert said[1].startswith(told)
    assert [(call.name, call.arguments) for call in log.of(ToolCall)] == [("set_timer", '{"seconds": 300}')]
    # The time, the call, what came of it, the story, the time again.
    assert [one.status for one in log.of(ReplyEnded)] == [
        "completed",
        "completed",
        "completed",
        "cancelled",
        "completed",
    ]
    assert len(log.of(ReplyStarted)) == 5
    # The story was cut off: its audio never was complete, and nothing came of it afterwards.
    lengths = log.audio_ms()
    assert len(lengths) == 4
    assert [one.item for one in log.of(AudioDone)] == [*list(lengths)[:2], list(lengths)[3]]
    received = list(lengths.values())[2]
    assert 300 <= received < 3000
    # 400 ms of it were heard, as the conversation has it; the server is told no more than it sent.
    truncated = [sent["audio_end_ms"] for sent in log.sent if sent["type"] == "conversation.item.truncate"]
    assert truncated == [min(400, received)]


def test_a_tool_call_in_writing():
    log = replay(LOGS / "aimock_tool.jsonl")
    log.check()
    assert [(call.call_id, call.name) for call in log.of(ToolCall)] == [("call_timer", "set_timer")]
    assert log.words("assistant") == ["It is set."]
    assert [one.status for one in log.of(ReplyEnded)] == ["completed", "completed"]


def test_a_cancellation_that_the_server_ignores():
    log = replay(LOGS / "aimock_story.jsonl")
    log.check()
    assert log.words("assistant") == []
    assert len(log.of(ReplyEnded)) == 1


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_machine_says_what_it_said_then(log):
    replayed = replay(log)
    recorded = [message for message in replayed.recorded if message["type"] in OWN]
    # History is the session's to send, not the machine's.
    said = [message for message in recorded if message.get("item", {}).get("role") not in {"user", "assistant"}]
    assert said
    assert replayed.sent == said
