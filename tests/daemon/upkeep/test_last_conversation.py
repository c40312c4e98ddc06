"""What happened in the last conversation, for its picture."""

import json

import pytest

from device.conversation import entries
from device.conversation.states import State
from device.daemon.upkeep import last_conversation
from device.daemon.upkeep.last_conversation import LONGEST_TEXT, LastConversation
from device.records.entry import Turn
from device.records.ledger import Ledger
from device.sample_clock import samples


class Heard:
    """A conversation, second by second."""

    def __init__(self):
        self.last = LastConversation(now=lambda: 1000.0)

    def __call__(self, second, kind, **fields):
        self.last.take(kind(samples(1000 * second), **fields))

    def state(self, second, state):
        self(second, entries.StateEntered, state=state)

    def converse(self, second, text="Hello"):
        self(second, entries.Wake, word="hey", score=0.9)
        self.state(second + 0.1, State.CONNECTING)
        self(second + 1, entries.User, text=text)
        self.state(second + 2, State.SPEAKING)
        self(second + 3, entries.Sleep, why="silence")
        self.state(second + 3, State.ASLEEP)

    @property
    def kinds(self):
        return [line["event"] for line in self.last.told().events]


@pytest.fixture
def heard():
    return Heard()


def test_before_the_first_there_is_none(heard):
    heard(1, entries.VoiceStart)
    told = heard.last.told()
    assert (told.events, told.began, told.going) == ((), None, False)


def test_it_begins_with_what_led_to_it_and_ends_with_what_came_of_it(heard):
    heard(1, entries.VoiceStart)  # long ago
    heard(50, entries.VoiceStart)
    heard.converse(51)
    heard(54.1, entries.Heard, item="i", ms=100, whole=False, text="It", unheard="is")
    heard(60, entries.VoiceStart)  # nobody woke it
    heard(61, entries.ReplyLastAudio, item="i", ms=5)  # the last reply, played again
    assert heard.kinds == ["voice_start", "wake", "state", "user", "state", "sleep", "state", "heard"]
    told = heard.last.told()
    assert (told.began, told.going, told.clipped, told.events[0]["t"]) == (1000.0, False, False, 50.0)


def test_the_next_one_takes_its_place_and_one_that_goes_on_is_told(heard):
    heard.converse(10, "First")
    heard.state(30, State.CONNECTING)
    heard(31, entries.User, text="Second")
    assert [line.get("text") for line in heard.last.told().events] == [None, "Second"]
    assert heard.last.told().going
    heard.state(32, State.MUTED)
    assert not heard.last.told().going


@pytest.mark.parametrize("over", [State.MUTED, State.FAULT, State.ASLEEP])
def test_it_ends_however_it_ends(heard, over):
    heard.state(1, State.LISTENING)
    heard.state(2, over)
    heard.state(3, State.ASLEEP)
    assert heard.kinds == ["state", "state"]


def test_of_a_long_one_the_beginning_is_left_out(heard, monkeypatch):
    monkeypatch.setattr(last_conversation, "MOST_BYTES", 10_000)
    heard.state(1, State.LISTENING)
    for n in range(1000):
        heard(2 + n, entries.User, text=f"line {n}")
    told = heard.last.told()
    assert told.clipped
    assert told.events[-1]["text"] == "line 999"
    assert len(json.dumps(told.events)) < 12_000
    heard.converse(2000)
    heard.converse(3000)
    assert not heard.last.told().clipped


def test_texts_are_cut_and_control_nothing_wherever_they_are(heard):
    heard.state(1, State.LISTENING)
    heard(2, entries.User, text="\x1b[2J" + "x" * 1_000_000)
    heard(3, entries.Result, result="{}", valid=False, faults=["\u202e" + "y" * 1_000_000])
    _, user, result = heard.last.told().events
    assert user["text"].startswith("\\u001b[2Jx")
    assert len(user["text"]) < LONGEST_TEXT + 10
    assert len(result["faults"][0]) < LONGEST_TEXT + 10
    assert result["faults"][0].startswith("\\u202e")


def test_a_turn_is_told_as_that_it_is_over_alone():
    last, ledger = LastConversation(), Ledger()
    ledger.watch(last.take)
    ledger.record(entries.VoiceStart(0))
    ledger.record(entries.StateEntered(1, state=State.CONNECTING))
    ledger.record(entries.User(2, text="words"))
    ledger.record(entries.Sleep(samples(1000), why="silence"))
    ledger.record(entries.StateEntered(samples(1000), state=State.ASLEEP))
    (turn,) = [line for line in last.told().events if line["event"] == Turn.event()]
    assert turn == {"t": 1.0, "event": "turn"}
