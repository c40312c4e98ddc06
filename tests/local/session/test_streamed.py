"""The user's side of a session where the recogniser finds the turns: Ink through the official client, and scripted."""

import asyncio

import numpy as np
import pytest
from support.scripted import MANUAL, ORACLE, PATIENCE, Brain
from support.scripted_cascade import ZEROS, engine, hear

from device.local.session.dialogue import Dialogue
from device.local.session.streamed import LATE, Streamed
from device.local.stages import (
    StageError,
    Text,
    TurnBegan,
    TurnEnded,
    TurnLost,
    TurnPaused,
    TurnRecogniser,
    TurnResumed,
)
from device.wire.errors import WireError
from device.wire.realtime_items import AudioConfig, AudioInput, Session, TurnDetection


async def test_an_eager_end_begins_the_reply_and_a_resumption_takes_it_back(cartesia):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cartesia, brain) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.eager_end", "set a timer")
        await cartesia.until(lambda: len(cartesia.requests) == 2)
        assert not client.of("response.created")
        await cartesia.turn("turn.resume")
        await cartesia.turn("turn.eager_end", "set a timer for tea")
        await cartesia.until(lambda: len({r["context_id"] for r in cartesia.requests}) == 2)
        begun = len(brain.asked)
        await cartesia.turn("turn.end", "set a timer for tea")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said set a timer for tea."
        assert len(brain.asked) == begun == 2, "the reply that was begun is the one that is given"
        assert len(client.of("response.created")) == 1
        assert len(client.of("input_audio_buffer.speech_started")) == 1


async def test_another_end_than_the_eager_one_is_answered_anew(cartesia):
    brain = Brain(lambda asked: [Text(f"You said {asked.turns[-1].text}.")])
    async with engine(cartesia, brain) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.eager_end", "to night")
        await cartesia.until(lambda: len(cartesia.requests) == 2)
        await cartesia.turn("turn.end", "tonight")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "You said tonight."


async def test_a_turn_whose_stream_breaks_ends_with_an_error_and_the_next_one_works(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        await client.until("input_audio_buffer.speech_started")
        await cartesia.streams[-1].close(code=1011, message=b"oops")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert failed.error.code == "transcription_failed"
        assert "1011, oops" in failed.error.message
        assert (await client.until("response.done")).response.status == "failed"
        await client.append(ZEROS)
        await cartesia.until(lambda: len(cartesia.streams) == 2)
        await cartesia.turn("turn.start")
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"


async def test_what_the_client_commits_is_written_down_by_itself(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await client.update(**MANUAL)
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        await client.send(type="response.create")
        assert (await client.until("response.done")).response.status == "completed"
        assert client.of("conversation.item.input_audio_transcription.completed")[0].transcript == "what time is it"
        assert len(cartesia.heard) == 2 * 16_000
        cartesia.refuse = {"/stt/websocket": 403}
        await client.append(np.full(24_000, 1000, np.int16))
        await client.send(type="input_audio_buffer.commit")
        failed = await client.until("conversation.item.input_audio_transcription.failed")
        assert "CARTESIA_API_KEY" in failed.error.message


class Line:
    """A stream of the scripted recogniser's."""

    def __init__(self, tell):
        self.tell = tell
        self.heard = []
        self.closed = asyncio.Event()

    def hear(self, pcm):
        self.heard.append(pcm)

    async def close(self):
        self.closed.set()


class Turns(TurnRecogniser):
    """Tells of the turns that a test tells it of."""

    def __init__(self):
        self.lines = []

    def listen(self, tell):
        self.lines.append(Line(tell))
        return self.lines[-1]

    async def transcribe(self, pcm, names=()):
        return "written"

    async def close(self):
        pass


@pytest.fixture
async def session(cascade):
    """A session's streamed side, what its client was told, and the recogniser."""
    recogniser, told = Turns(), []

    async def room():
        await asyncio.sleep(0)

    one = cascade(recogniser)
    dialogue = Dialogue(one, "parley", "en-gb", lambda text: told.append(ORACLE.validate_json(text)), room)
    streamed = Streamed(dialogue, recogniser)
    yield streamed, told, recogniser, dialogue
    streamed.close()
    dialogue.close()


def types(told):
    return [event.type for event in told]


def change(**audio_input):
    return Session(type="realtime", audio=AudioConfig(input=AudioInput(**audio_input)))


def second(value=1000):
    return np.full(24_000, value, np.int16).tobytes()


async def test_what_is_appended_goes_down_the_line_at_16_khz(session):
    streamed, _, recogniser, _ = session
    await streamed.append(second())
    assert sum(map(len, recogniser.lines[0].heard)) == pytest.approx(16_000, abs=200)


async def test_a_turn_begins_before_it_is_told_of_and_takes_what_came_since(session):
    streamed, told, recogniser, _ = session
    await streamed.append(second())
    line = recogniser.lines[0]
    line.tell(TurnBegan())
    await streamed.append(second())
    line.tell(TurnEnded("hello"))
    started, stopped = told[0], told[1]
    assert (started.type, stopped.type) == ("input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped")
    assert started.audio_start_ms == pytest.approx(1000 - LATE / 16, abs=15)
    assert stopped.audio_end_ms == pytest.approx(2000, abs=15)


@pytest.mark.parametrize("event", [TurnPaused("hello"), TurnEnded("hello")])
async def test_a_turn_that_is_told_of_late_begins_with_what_is_told(session, event):
    _, told, recogniser, _ = session
    recogniser.lines[0].tell(event)
    assert types(told)[0] == "input_audio_buffer.speech_started"


async def test_a_pause_without_words_begins_nothing(session):
    streamed, _, recogniser, _ = session
    recogniser.lines[0].tell(TurnBegan())
    recogniser.lines[0].tell(TurnPaused(""))
    assert streamed.responses.speculated is None


async def test_a_resumption_without_a_turn_does_nothing(session):
    _, told, recogniser, _ = session
    recogniser.lines[0].tell(TurnResumed())
    assert told == []


async def test_what_is_lost_outside_a_turn_is_an_error_to_the_client(session):
    _, told, recogniser, _ = session
    recogniser.lines[0].tell(TurnLost(StageError("away")))
    assert [(event.error.code, event.error.message) for event in told] == [("recogniser_unavailable", "away")]


async def test_without_turn_detection_nothing_is_streamed_and_what_is_told_late_does_not_count(session):
    streamed, told, recogniser, dialogue = session
    line = recogniser.lines[0]
    dialogue.configure(change(turn_detection=None))
    streamed.configure()
    await asyncio.wait_for(line.closed.wait(), PATIENCE)
    line.tell(TurnBegan())
    await streamed.append(second())
    assert (told, line.heard, len(recogniser.lines)) == ([], [], 1)
    dialogue.configure(change(turn_detection=TurnDetection()))
    streamed.configure()
    assert len(recogniser.lines) == 2


async def test_a_commit_in_a_turn_ends_it_and_begins_a_fresh_stream(session):
    streamed, told, recogniser, _ = session
    await streamed.append(second())
    recogniser.lines[0].tell(TurnBegan())
    streamed.commit()
    await asyncio.wait_for(recogniser.lines[0].closed.wait(), PATIENCE)
    assert len(recogniser.lines) == 2
    started = next(event for event in told if event.type == "input_audio_buffer.speech_started")
    assert next(event for event in told if event.type == "input_audio_buffer.committed").item_id == started.item_id


async def test_a_clear_between_turns_keeps_the_stream(session):
    streamed, told, recogniser, _ = session
    await streamed.append(second())
    streamed.clear()
    assert (types(told), len(recogniser.lines)) == (["input_audio_buffer.cleared"], 1)
    with pytest.raises(WireError, match="buffer too small"):
        streamed.commit()


async def test_half_a_sample_is_refused(session):
    with pytest.raises(WireError, match="Invalid 'audio'"):
        await session[0].append(b"abc")
