"""What is drawn of a conversation, from its ledger and its recording."""

import base64
import gzip
import json
import re

import msgspec
import numpy as np
import pytest

from device.conversation import entries
from device.conversation.states import State
from device.sample_clock import samples
from device.simulation.figures import Restored, Turn
from device.simulation.picture import adpcm, conversation
from device.simulation.recording import Tracks
from device.simulation.summary import Summary
from device.simulation.visitors import Visit

RATE = 48_000
SUMMARY = Summary(
    scene="a <scene>",
    seconds=2.0,
    xruns=0,
    lost_samples=0,
    cpu=0.1,
    rss_mb=99,
    turns=[Turn(at=0.5, wake_ms=80, user="what time is it", reply_ms=640)],
    restored=[Restored(at=1.2, duck_ms=40, restore_ms=600)],
)
VISITS = [Visit("wake", "hey jarvis", 0, RATE, RATE // 4, RATE // 2)]
LEDGER = [
    entries.StateEntered(samples(400), State.LISTENING),
    entries.Wake(samples(450), "hey_jarvis", 0.99),
    entries.Tool(samples(900), "get_time", "{}"),
    entries.Heard(samples(1800), "item_1", 900, whole=False, text="It is", unheard="noon."),
]


def tracks(seconds=2.0, rate=RATE):
    """A visitor's tone at a quarter of full scale in the first half, the loudspeaker's at a half in the second."""
    count = round(seconds * rate)
    tone = np.sin(2 * np.pi * 400 * np.arange(count) / rate)
    first = np.arange(count) < count // 2
    visitor, loudspeaker = (8192 * tone * first).astype(np.int16), (16384 * tone * ~first).astype(np.int16)
    return Tracks(rate, visitor, np.zeros(count, np.int16), loudspeaker)


def picture(**more):
    given = {"summary": SUMMARY, "tracks": tracks(), "visits": VISITS, "entries": LEDGER} | more
    return json.loads(msgspec.json.encode(conversation.picture(*given.values())))


def levels(found, track):
    return np.frombuffer(base64.b64decode(found["waveforms"]["tracks"][track]), np.uint8)


def test_events_are_the_ledgers_lines():
    assert picture()["events"] == [entry.line() for entry in LEDGER]
    assert picture()["events"][1] == {"t": 0.45, "event": "wake", "word": "hey_jarvis", "score": 0.99}


def test_times_are_seconds_of_the_scene():
    found = picture()
    assert (found["title"], found["seconds"]) == ("a <scene>", 2.0)
    assert found["visits"] == [{"label": "wake", "text": "hey jarvis", "start": 0.25, "end": 0.5}]
    assert (found["measured"]["turns"][0]["reply_ms"], found["measured"]["restored"][0]["restore_ms"]) == (640, 600)


def test_a_waveform_is_how_loud_it_is_every_5_ms():
    found = picture()
    assert found["waveforms"]["rate"] == 200
    visitor, loudspeaker = levels(found, "visitors"), levels(found, "loudspeaker")
    assert len(visitor) == len(loudspeaker) == 400
    assert visitor[20:180] == pytest.approx(255 * np.sqrt(0.25), abs=2)
    assert not visitor[205:].any()
    assert not loudspeaker[:195].any()
    assert loudspeaker[210:390] == pytest.approx(255 * np.sqrt(0.5), abs=2)
    assert not levels(found, "microphone").any()


def test_a_long_conversation_has_a_coarser_waveform(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_LEVELS", 100)
    found = picture()
    assert found["waveforms"]["rate"] == 50
    assert len(levels(found, "visitors")) == 100


def test_sound_is_there_for_the_whole_of_each_track():
    sound = picture()["sound"]
    assert (sound["rate"], sound["samples"], sound["steps"]) == (16_000, 32_000, list(adpcm.STEPS))
    assert sound["tracks"].keys() == {"visitors", "microphone", "loudspeaker"}
    for track in sound["tracks"].values():
        assert len(gzip.decompress(base64.b64decode(track))) == 32 * 516


def test_a_conversation_of_more_than_ten_minutes_has_none_and_says_so(monkeypatch):
    assert "note" not in picture()
    monkeypatch.setattr(conversation, "LONGEST_SOUND_S", 1)
    found = picture()
    assert "sound" not in found
    assert "its sound is in conversation.wav" in found["note"]


def test_a_minute_of_noise_on_every_track_is_two_megabytes():
    noise = np.random.default_rng(0).integers(-3000, 3000, 60 * 16_000).astype(np.int16)
    page = conversation.write(SUMMARY, Tracks(16_000, noise, noise, noise), VISITS, LEDGER)
    assert 1.8e6 < len(page) < 2.1e6


def test_a_transcript_is_cut_where_nobody_reads_on_and_holds_only_text():
    found = picture(entries=[entries.User(0, "x" * 1_000_000), entries.Tool(0, "\x1b[2J\ud800", "{}")])
    assert len(found["events"][0]["text"]) == conversation.LONGEST_TEXT + 1
    assert found["events"][1]["name"] == "\\u001b[2J\\ud800"


def test_the_file_holds_what_is_drawn():
    page = conversation.write(SUMMARY, tracks(), VISITS, LEDGER).decode()
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert json.loads(data) == picture()
    assert "a &lt;scene&gt;: a conversation" in page
