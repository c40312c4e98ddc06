"""The dialogue with a Realtime server, in every order of events."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.realtime_responses import RATE, added, call_done, created, delta, done, feed, item_done, kinds

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyEnded, ReplyStarted
from device.conversation.events import Heard
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items

REPLIES = st.sampled_from(["", "r", "s"])
ITEMS = st.sampled_from(["i", "j"])
EVENTS = st.one_of(
    st.builds(created, REPLIES),
    st.builds(done, REPLIES, st.sampled_from(["completed", "cancelled", "failed", None])),
    st.builds(delta, st.binary(max_size=5), ITEMS, REPLIES, st.integers(0, 1)),
    st.builds(added, ITEMS, REPLIES, st.sampled_from(["message", "function_call"])),
    st.builds(item_done, ITEMS, REPLIES, st.sampled_from(["message", "function_call"])),
    st.builds(call_done, st.sampled_from(["c", "d"]), st.sampled_from(["", "f"]), REPLIES, ITEMS),
    st.builds(
        lambda item, reply: wire.ResponseOutputAudioTranscriptDelta("x", item_id=item, response_id=reply),
        ITEMS,
        REPLIES,
    ),
    st.just(wire.InputAudioBufferSpeechStarted(item_id="u")),
)
WISHES = st.one_of(
    st.builds(lambda item, ms: ("interrupt", [Heard(item, ms, whole=False)]), ITEMS, st.integers(0, 3)),
    st.builds(lambda call, reply: ("tool_result", (call, reply)), st.sampled_from(["c", "d"]), st.booleans()),
    st.just(("commit", None)),
    st.just(("say", "x")),
    st.builds(
        lambda code: ("refused", code),
        st.sampled_from(["response_cancel_not_active", "conversation_already_has_active_response"]),
    ),
)


def act(responses: Responses, step: Any) -> list[EngineEvent]:
    """Take one step: an event of the server, or a wish of the conversation."""
    match step:
        case ("interrupt", heard):
            responses.interrupt(heard)
        case ("tool_result", (call, reply)):
            responses.tool_result(call, "{}", reply=reply)
        case ("commit", _):
            responses.commit()
        case ("say", text):
            responses.say(text)
        case ("refused", code):
            return responses.refused(items.ErrorDetail(code=code))
        case event:
            return feed(responses, event)
    return []


@given(st.lists(EVENTS | WISHES, max_size=40))
def test_no_order_of_events_breaks_the_rules(steps: list[Any]) -> None:
    responses = Responses(RATE)
    begun, ended, open_items, asked = set(), [], set(), 0
    told = []
    for step in steps:
        for one in act(responses, step):
            if isinstance(one, ReplyStarted):
                begun.add(one.reply)
            elif isinstance(one, Audio):
                assert one.reply in begun
                assert one.pcm
                assert len(one.pcm) % 2 == 0
                open_items.add(one.item)
            elif isinstance(one, AudioDone):
                open_items.remove(one.item)
            elif isinstance(one, ReplyEnded):
                ended.append(one.reply)
        if isinstance(step, wire.ResponseCreated) or step == ("refused", "conversation_already_has_active_response"):
            asked = 0
        sent = responses.drain()
        asked += kinds(sent).count(wire.ResponseCreate)
        assert asked <= 1
        told += [one.item_id for one in sent if isinstance(one, wire.ConversationItemTruncate)]
    named = [reply for reply in ended if reply]
    assert len(named) == len(set(named))
    assert set(ended) <= begun
    assert len(told) == len(set(told))
