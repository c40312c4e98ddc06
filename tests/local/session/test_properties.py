"""Whatever a client does, in whatever order: the session's events stay valid and hang together."""

import asyncio
import base64
import itertools
import json
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.scripted import ORACLE, PATIENCE, Brain, Prosody, Recogniser, Vad, Voice, tone

from device.local.cascade import Cascade, Stages
from device.local.session.client_events import Session
from device.local.stages import BrainError, Call, Cost, Text

IDS = st.sampled_from(["a", "b", "c", "nowhere", "$last"])


def event(kind, **fields):
    return st.fixed_dictionaries({"type": st.just(kind), **fields})


def frame(event):
    """Return an event as text; "voice 700", "silence 700" and "turn 700" stand for so many ms of audio."""
    sound = re.fullmatch(r"(voice|silence|turn) (\d+)", event, re.ASCII) if isinstance(event, str) else None
    if sound is None:
        return event if isinstance(event, str) else json.dumps(event)
    length = int(sound[2])
    parts = {"voice": [tone(length)], "silence": [tone(0)], "turn": [tone(length), tone(0)]}[sound[1]]
    pcm = np.concatenate([part if len(part) else np.zeros(24 * length, np.int16) for part in parts])
    audio = base64.b64encode(pcm.tobytes()).decode()
    return json.dumps({"type": "input_audio_buffer.append", "audio": audio})


def message(role, kind):
    return st.builds(
        lambda name, words: {"id": name, "type": "message", "role": role, "content": [{"type": kind, "text": words}]},
        IDS,
        st.sampled_from(["", "hello", "call"]),
    )


DETECTIONS = st.none() | st.fixed_dictionaries(
    {"type": st.just("server_vad"), "silence_duration_ms": st.sampled_from([0, 100, 500])},
    optional={
        "create_response": st.booleans(),
        "interrupt_response": st.booleans(),
        "idle_timeout_ms": st.sampled_from([1, 5000]),
    },
)
EVENTS = st.one_of(
    *[st.sampled_from([f"{sound} {ms}" for ms in (10, 200, 700)]) for sound in ("voice", "silence")],
    *[st.just("turn 700")] * 5,
    event("input_audio_buffer.commit"),
    event("input_audio_buffer.clear"),
    event("response.create"),
    event(
        "response.create",
        response=st.fixed_dictionaries(
            {},
            optional={
                "conversation": st.sampled_from(["auto", "none"]),
                "output_modalities": st.sampled_from([["text"], ["audio"]]),
                "max_output_tokens": st.sampled_from([1, "inf"]),
                "input": st.lists(message("user", "input_text"), max_size=1),
            },
        ),
    ),
    event("response.cancel"),
    event("conversation.item.create", item=message("user", "input_text") | message("assistant", "output_text")),
    event("conversation.item.delete", item_id=IDS),
    event("conversation.item.retrieve", item_id=IDS),
    event(
        "conversation.item.truncate", item_id=IDS, content_index=st.just(0), audio_end_ms=st.sampled_from([0, 50, 9999])
    ),
    DETECTIONS.map(
        lambda chosen: {
            "type": "session.update",
            "session": {"type": "realtime", "audio": {"input": {"turn_detection": chosen}}},
        }
    ),
    st.sampled_from(["audio/pcm", "audio/pcmu"]).map(
        lambda kind: {
            "type": "session.update",
            "session": {
                "type": "realtime",
                "audio": {"input": {"format": {"type": kind}}, "output": {"format": {"type": kind}}},
            },
        }
    ),
    st.just("pause"),
    st.text(max_size=5),
)


def script(asked):
    words = asked.turns[-1].text if asked.turns else ""
    if words == "call":
        return [Text("One moment."), Call("f", "{}"), Text("And more."), Cost(1, 2)]
    return [Text("It is noon."), BrainError("away")] if words == "" else [Text("Fine."), Text("And you?")]


class Log:
    """What a session said, checked."""

    def __init__(self):
        self.events = []

    def write(self, text):
        self.events.append(ORACLE.validate_python(json.loads(text)))

    def of(self, kind):
        return [event for event in self.events if event.type == kind]

    def last_item(self):
        added = self.of("conversation.item.added")
        return added[-1].item.id if added else "none"

    def check(self):
        ids = [event.event_id for event in self.events]
        assert len(ids) == len(set(ids))
        assert not [event for event in self.of("error") if event.error.type == "server_error"]
        created = [event.response.id for event in self.of("response.created")]
        assert sorted(created) == sorted(event.response.id for event in self.of("response.done"))
        items = [event.item.id for event in self.of("conversation.item.added")]
        alive = set()
        for event in self.events:
            if event.type == "response.created":
                alive.add(event.response.id)
            elif event.type == "response.done":
                alive.remove(event.response.id)
            elif rid := getattr(event, "response_id", None):
                assert rid in alive, event
            elif event.type in {"conversation.item.done", "conversation.item.truncated", "conversation.item.deleted"}:
                assert (event.item.id if event.type.endswith("done") else event.item_id) in items
        self.check_speech()

    def check_speech(self):
        speech = [event for event in self.events if "speech_st" in event.type]
        for event, after in itertools.pairwise(speech):
            if event.type.endswith("stopped"):
                assert after.type.endswith("started")
        for stopped in self.of("input_audio_buffer.speech_stopped"):
            assert stopped.item_id in {event.item_id for event in self.of("input_audio_buffer.speech_started")}
            assert stopped.item_id in {event.item_id for event in self.of("input_audio_buffer.committed")}


async def idle():
    """Let everything that goes on come to its end."""
    async with asyncio.timeout(PATIENCE):
        while len(asyncio.all_tasks()) > 1:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=0.05)


async def no_room():
    await asyncio.sleep(0)


@settings(max_examples=200, deadline=None)
@given(events=st.lists(EVENTS, max_size=40))
def test_any_order_of_events(events):
    async def play():
        log = Log()
        cascade = Cascade(Stages(Recogniser("hello", "", "call", "hello"), Brain(script), Voice(), Vad, Prosody()))
        session = Session(cascade, log.write, no_room)
        session.begin()
        for event in events:
            if event == "pause":
                await asyncio.sleep(0.002)
                continue
            await session.receive(frame(event).replace("$last", log.last_item()))
        await session.receive(
            '{"type":"session.update","session":{"type":"realtime","audio":{"input":{"turn_detection":null}}}}'
        )
        await idle()
        before = len(log.events)
        await session.receive('{"type":"input_audio_buffer.clear"}')
        assert log.events[before].type == "input_audio_buffer.cleared"
        log.check()
        session.close()
        await idle()
        await cascade.close()

    asyncio.run(play())
