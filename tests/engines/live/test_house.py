"""A whole conversation with GPT-Live in a simulated room: a question, its answer, an interruption, work, mute."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.house import House, play, says
from support.scripted_live import RATE, ScriptedLive, Talk

from device.conversation.events import Mute
from device.engines.factory import session_with
from device.sample_clock import CLOCK_RATE
from device.simulation.timed_engine import speech


class LiveHouse(House):
    async def session_at(self, url, tools):
        live = replace(self.settings.engine["gpt-live"], url=url)
        return session_with(replace(self.settings, engine={"gpt-live": live}), "gpt-live", tools)


def spoken(seconds, text, **more):
    return Talk(speech(seconds).tobytes(), text, **more)


NOON = "It is noon, and I could tell you a great deal more about noon if only you let me go on like this"


@pytest.fixture(scope="module")
def talked(tmp_path_factory):
    """Return the house and the server after the conversation."""
    house = LiveHouse(
        tmp_path_factory.mktemp("live"),
        [
            says("hey jarvis, what time is it?", at=1.0),
            says("how many kilometres is five miles?", after="speaking", plus=2.5),
            says("set a timer for ten minutes.", after="reply_end", plus=1.0),
        ],
        30,
        engine="gpt-live",
    )
    server = ScriptedLive(
        spoken(8.0, NOON),
        spoken(2.0, "Five miles are eight kilometres."),
        spoken(1.5, "It is set.", calls=(("set_timer", '{"seconds": 600}'),)),
        user=("hey jarvis what time is it", "how many kilometres is five miles", "set a timer for ten minutes"),
    )

    async def script(house):
        await house.until("reply_last_audio", 2)
        house.daemon.on(Mute(house.daemon.capture.now, on=True))

    play(house, server, script)
    if folder := os.environ.get("PARLEY_RECORD"):
        server.save(Path(folder, "live.jsonl"))
    return house, server


def test_question_interruption_and_work_are_one_conversation(talked):
    house, server = talked
    assert not house.all("engine_error")
    assert len(house.all("session_open")) == 1
    assert [e.text for e in house.all("user")] == [
        "What time is it",  # the engine has heard the wake word with it
        "how many kilometres is five miles",
        "set a timer for ten minutes",
    ]
    assert [e.text for e in house.all("assistant")][-2:] == [
        "Five miles are eight kilometres.",
        "It is set.",
    ]
    assert [e.name for e in house.all("tool")] == ["set_timer"]
    (output,) = server.all("response.item.create")
    assert "600" in output.item.output or "ten" in output.item.output
    assert len(server.all("response.create")) == 1
    assert [e.on for e in house.all("working")] == [True, False]
    assert not [event for _, event in server.said if event["type"] == "error"]


def test_the_interruption_is_told_by_text_as_the_card_counted_it(talked):
    house, server = talked
    (truncated,) = house.all("truncate")
    assert 1000 < truncated.ms < 6000
    (told,) = server.all("session.instructions.append")
    assert "It is noon" in told.content
    assert "like this" not in told.content.split("did not hear")[0]
    (cut,) = house.all("cut")
    assert cut.at < house.room.visits[1].offset


def test_all_that_was_said_arrived_as_it_was_said(talked):
    house, _ = talked
    pieces = house.sent()
    assert len(pieces) == 1, "the microphone is heard all the time"
    start, end = pieces[0]
    visits = house.room.visits
    assert visits[0].wake_end is not None
    # The wake word was said over the start-up sound, whose echo nobody knows yet.
    assert start <= visits[0].wake_end
    assert end >= visits[-1].offset


def test_the_sessions_clock_is_the_devices(talked):
    house, server = talked
    (opened,) = house.all("session_open")
    closed = next(e for e in house.all("state") if e.state == "muted")
    heard = (len(server.heard) + len(server.connection.waiting) // 2) / RATE
    # Zeros from the beginning, and what was said before anything of it could be sent.
    first = house.all("sent_first")[0]
    backlog = first.t - first.source
    assert heard == pytest.approx(closed.t - opened.t + backlog, abs=0.15)


def test_muted_nothing_leaves_not_even_zeros(talked):
    house, server = talked
    muted = next(e for e in house.all("state") if e.state == "muted")
    assert house.states[-1] == "muted"
    assert len(server.all("session.close")) == 1
    kinds = [event.type for _, event in server.received]
    assert kinds[-1] == "session.close"
    assert house.summary.seconds * CLOCK_RATE - muted.at > CLOCK_RATE
    assert [e["reason"] for _, e in server.said if e["type"] == "session.closed"] == ["close_requested"]


def test_what_plays_stays_live(talked):
    house, server = talked
    # From a reply's first sound on the wire to the loudspeaker: frames, gate and prebuffer.
    first = [at for at, event in server.said if event["type"] == "session.output_transcript.delta"]
    assert first
    started = [e.t for e in house.all("reply_first_audio")]
    assert len(started) == 3
    audible = [pcm for _, pcm in house.rehearsal.items.values()]
    lengths = [len(pcm) / RATE for pcm in audible]
    assert lengths[1] == pytest.approx(2.0 + 0.8, abs=0.2)
    assert not house.all("starved")


def test_a_reply_that_was_held_for_a_backchannel_is_live_again_after_its_pauses(tmp_path):
    pcm = speech(12.0).copy()
    for at in range(3, 12, 3):
        pcm[at * RATE : at * RATE + RATE // 2] = 0
    house = LiveHouse(
        tmp_path,
        [says("hey jarvis, what time is it?", at=1.0), says("uh-huh", after="speaking", plus=1.5)],
        22,
        engine="gpt-live",
    )
    server = ScriptedLive(Talk(pcm.tobytes(), "word " * 60), Talk())
    server.yields = False
    play(house, server)
    (restore,) = house.all("restore")
    assert restore.why == "backchannel"
    held = restore.t - house.all("duck")[0].t
    assert held > 0.4
    last_word = max(at for at, event in server.said if event["type"] == "session.output_transcript.delta")
    (end,) = house.all("reply_last_audio")
    # The last step, the pause that ends a reply, and the jitter buffer; what it was held for is gone.
    assert end.t - last_word < 0.1 + 0.8 + 0.25
    assert end.ms < 12_000 + 880 - 1000 * held + 300
    assert not server.all("session.instructions.append")
    assert not house.all("engine_error")
