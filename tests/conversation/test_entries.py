"""Each kind of entry as a line of the ledger's file, which other programs read: names, order and what is left out."""

import json

import msgspec
import pytest

from device.conversation import entries
from device.conversation.entries import Entry
from device.conversation.states import State

LINES = [
    (entries.StateEntered(0, State.OVERLAP), '{"t":0.0,"event":"state","state":"overlap"}'),
    (entries.Sleep(0, "silence"), '{"t":0.0,"event":"sleep","why":"silence"}'),
    (entries.Wake(24_000, "hey_jarvis", 0.9), '{"t":1.5,"event":"wake","word":"hey_jarvis","score":0.9}'),
    (entries.Elsewhere(0, "alexa", 0.5), '{"t":0.0,"event":"elsewhere","word":"alexa","score":0.5}'),
    (entries.VoiceStart(1), '{"t":0.0001,"event":"voice_start"}'),
    (entries.VoiceEnd(0, 700), '{"t":0.0,"event":"voice_end","voiced_ms":700}'),
    (entries.HearsItself(0, "so"), '{"t":0.0,"event":"hears_itself","why":"so"}'),
    (entries.HearsOthers(0), '{"t":0.0,"event":"hears_others"}'),
    (entries.User(0, ""), '{"t":0.0,"event":"user","text":""}'),
    (entries.Repeat(0, "repeat-1"), '{"t":0.0,"event":"repeat","item":"repeat-1"}'),
    (entries.Duck(0), '{"t":0.0,"event":"duck"}'),
    (entries.Hold(0), '{"t":0.0,"event":"hold"}'),
    (entries.Restore(0), '{"t":0.0,"event":"restore"}'),
    (entries.Restore(0, "backchannel"), '{"t":0.0,"event":"restore","why":"backchannel"}'),
    (entries.Cut(0), '{"t":0.0,"event":"cut"}'),
    (entries.Cut(0, "stop"), '{"t":0.0,"event":"cut","why":"stop"}'),
    (
        entries.Overheard(0, "nothing", "", 300),
        '{"t":0.0,"event":"overheard","kind":"nothing","text":"","ms":300}',
    ),
    (entries.ReplyStart(0, "r"), '{"t":0.0,"event":"reply_start","reply":"r"}'),
    (entries.ReplyReceived(0, "i"), '{"t":0.0,"event":"reply_received","item":"i"}'),
    (entries.ReplyFirstAudio(0, "i"), '{"t":0.0,"event":"reply_first_audio","item":"i"}'),
    (entries.Starved(0, "i"), '{"t":0.0,"event":"starved","item":"i"}'),
    (entries.ReplyLastAudio(0, "i", 0), '{"t":0.0,"event":"reply_last_audio","item":"i","ms":0}'),
    (entries.Truncate(0, "i", 5, False), '{"t":0.0,"event":"truncate","item":"i","ms":5,"whole":false}'),
    (entries.Silence(0), '{"t":0.0,"event":"silence"}'),
    (entries.Assistant(0, "i", "Noon."), '{"t":0.0,"event":"assistant","item":"i","text":"Noon."}'),
    (
        entries.Heard(0, "i", 5, False, "No", "on."),
        '{"t":0.0,"event":"heard","item":"i","ms":5,"whole":false,"text":"No","unheard":"on."}',
    ),
    (entries.ReplyEnd(0, "r", "completed"), '{"t":0.0,"event":"reply_end","reply":"r","status":"completed"}'),
    (
        entries.ReplyEnd(0, "r", "completed", 6, 5, 4.5, 3, 2, 1),
        (
            '{"t":0.0,"event":"reply_end","reply":"r","status":"completed","input_tokens":6,"output_tokens":5,'
            '"seconds":4.5,"input_audio_tokens":3,"output_audio_tokens":2,"cached_tokens":1}'
        ),
    ),
    (entries.Tool(0, "get_time", "{}"), '{"t":0.0,"event":"tool","name":"get_time","arguments":"{}"}'),
    (
        entries.Result(0, "{}", False, ["$: is empty"]),
        '{"t":0.0,"event":"result","result":"{}","valid":false,"faults":["$: is empty"]}',
    ),
    (entries.Working(0, False), '{"t":0.0,"event":"working","on":false}'),
    (entries.EngineSpeechStarted(0), '{"t":0.0,"event":"engine_speech_started"}'),
    (entries.EngineSpeechStopped(0), '{"t":0.0,"event":"engine_speech_stopped"}'),
    (entries.EngineError(0, "no_reply", "No."), '{"t":0.0,"event":"engine_error","code":"no_reply","message":"No."}'),
    (
        entries.EngineError(0, "closed", "", retry=False),
        '{"t":0.0,"event":"engine_error","code":"closed","message":"","retry":false}',
    ),
    (entries.SessionOpen(0, "local"), '{"t":0.0,"event":"session_open","engine":"local"}'),
    (
        entries.EngineUnable(0, "local", "No voice."),
        '{"t":0.0,"event":"engine_unable","engine":"local","message":"No voice."}',
    ),
    (entries.SessionPrepare(0, "local"), '{"t":0.0,"event":"session_prepare","engine":"local"}'),
    (
        entries.SessionUnprepared(0, "local", "No."),
        '{"t":0.0,"event":"session_unprepared","engine":"local","message":"No."}',
    ),
    (entries.SessionSwitch(0, "local"), '{"t":0.0,"event":"session_switch","engine":"local"}'),
    (entries.EngineExpiring(0, 50.0), '{"t":0.0,"event":"engine_expiring","seconds":50.0}'),
    (entries.Timer(0, "tea"), '{"t":0.0,"event":"timer","name":"tea"}'),
    (entries.Announcement(0, "a", "cut"), '{"t":0.0,"event":"announcement","item":"a","how":"cut"}'),
    (entries.Alarm(0, "reminder", "tea"), '{"t":0.0,"event":"alarm","kind":"reminder","text":"tea"}'),
    (entries.Stop(0), '{"t":0.0,"event":"stop"}'),
    (entries.CardLost(0), '{"t":0.0,"event":"card_lost"}'),
    (entries.CardBack(0), '{"t":0.0,"event":"card_back"}'),
]
KINDS = {kind for kind in vars(entries).values() if isinstance(kind, type) and issubclass(kind, Entry)} - {Entry}


@pytest.mark.parametrize(("entry", "line"), LINES)
def test_a_line_of_the_file_is_as_it_always_was(entry, line):
    assert msgspec.json.encode(entry.line()).decode() == line
    assert json.loads(line)["event"] == entry.event()


def test_no_kind_is_missing_here():
    assert {type(entry) for entry, _ in LINES} == KINDS


def test_what_holds_words_is_known():
    assert {kind.event() for kind in KINDS if kind.spoken} == {
        "user", "assistant", "heard", "overheard", "tool", "result", "timer", "alarm",
    }  # fmt: skip


def test_a_kind_that_does_not_say_whether_it_holds_words_cannot_be_defined():
    with pytest.raises(TypeError, match="Whispered does not say whether it holds somebody's words"):

        class Whispered(Entry, frozen=True, tag="whispered"):
            text: str


def test_what_a_kind_inherits_is_not_enough():
    with pytest.raises(TypeError, match="Shouted"):

        class Shouted(entries.Duck, frozen=True, tag="shouted"):
            text: str
