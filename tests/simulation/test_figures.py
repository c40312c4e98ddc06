"""What happened in a conversation, measured on a recording of which it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soxr
from msgspec.structs import replace
from support.speech import say

from device.audio.playout import Playout
from device.conversation import entries
from device.sample_clock import CLOCK_RATE, samples
from device.simulation import recording, summary
from device.simulation.faults import Fault
from device.simulation.recording import Recording, Tracks
from device.simulation.room import Room
from device.simulation.scene import Acoustics, Scene, Visitor
from device.simulation.summary import summarise

if TYPE_CHECKING:
    from device.conversation.entries import Entry

RATE = 48_000
ROOM = Acoustics(rt60=0.2, echo_db=0)
LONG = (
    "I can tell you the time and the date, set timers, and convert units. I can also change the volume, and much more."
)
SHORT = "It is a quarter past ten."


def pcm(text: str) -> np.ndarray:
    return np.rint(soxr.resample(say(text, "en-gb", 165, -20.0).astype(float), CLOCK_RATE, 24_000)).astype(np.int16)


class Device:
    """A scripted assistant in a stepped room: orders at set times (ms), entries as the daemon would write them.

    Ducking and cutting take effect at the next block of 10 ms, 20 ms (the latency) before they are heard.
    """

    def __init__(self, tmp_path, visitors, seconds: float, *faults: Fault, losses_told: bool = True) -> None:
        self.recording = Recording(tmp_path / "conversation.wav", RATE)
        room = replace(ROOM, losses_told=losses_told)
        scene = Scene(seconds=seconds, room=room, visitors=visitors, faults=faults)
        self.room = Room(scene, pace="step", recording=self.recording)
        self.playout = Playout(RATE, volume=0.8, latency=lambda: self.room.output_latency)
        self.entries: list[Entry] = []
        self.items: dict[str, tuple[int, np.ndarray]] = {}
        self.orders: list[tuple[float, str, str]] = []
        self.room.open(self.playout)

    def at(self, ms: float, order: str, argument: str = "") -> None:
        self.orders = sorted([*self.orders, (ms, order, argument)])

    def note(self, ms: float, kind: type[Entry], /, **fields) -> None:
        self.entries.append(kind(samples(ms), **fields))

    def run(self) -> Tracks:
        going = True
        while going:
            while self.orders and self.orders[0][0] <= self.room.frame / 48:
                self.obey(*self.orders.pop(0))
            going = self.room.step()
            for note in self.playout.notes():
                ms = self.room.scene_position(note.frame // 3) / 16
                if note.kind == "started":
                    self.note(ms, entries.ReplyFirstAudio, item=note.heard[0].item)
                elif note.kind == "cut":
                    for heard in note.heard:
                        self.note(ms, entries.Truncate, item=heard.item, ms=heard.ms, whole=heard.whole)
                    self.note(ms, entries.Silence)
        self.recording.close()
        self.entries.sort(key=lambda e: e.at)
        return recording.load(self.recording.path)

    def obey(self, ms: float, order: str, argument: str) -> None:
        if order == "play":
            item, _, text = argument.partition(":")
            self.items[item] = (24_000, pcm(text))
            self.playout.play(item, self.items[item][1].tobytes(), 24_000)
            self.playout.finish(item)
            self.note(ms, entries.Assistant, item=item, text=text)
        elif order == "duck":
            self.note(ms, entries.Duck)
            self.playout.duck(-20)
        elif order == "restore":
            self.note(ms, entries.Restore)
            self.playout.restore()
        elif order == "cut":
            self.note(ms, entries.Cut)
            self.playout.cut(30)

    def visited(self) -> list[tuple[float, float]]:
        """Return onset and offset (ms) of what each visitor is going to say; they all come by time."""
        ghost = Room(self.room.scene, pace="step")
        ghost.open(Playout(RATE))
        while ghost.step(100):
            pass
        return [(v.onset / 48, v.offset / 48) for v in ghost.visits]


@pytest.fixture(scope="module")
def conversation(tmp_path_factory):
    """A question in one breath with the wake word, an interruption, a tool, a backchannel; and what is true of it."""
    visitors = (
        Visitor(at=0.5, text="hey jarvis, what can you do"),
        Visitor(at=5.0, text="how many kilometres is five miles", voice="en-us+Annie"),
        Visitor(at=11.3, text="mhm", label="backchannel"),
        Visitor(after="asleep", text="never", label="nobody"),
    )
    device = Device(tmp_path_factory.mktemp("room"), visitors, 18.0)
    (asked, interrupts, overlaps) = device.visited()
    visits = {"asked": asked, "interrupts": interrupts, "overlaps": overlaps}
    device.at(asked[1] + 600, "play", f"a:{LONG}")
    device.note(asked[1] + 500, entries.User, text="What can you do?")
    device.at(interrupts[0] + 70, "duck")
    device.at(interrupts[0] + 400, "cut")
    device.note(interrupts[1] + 520, entries.User, text="How many kilometres is five miles?")
    device.note(interrupts[1] + 530, entries.Tool, name="convert", arguments="{}")
    device.at(interrupts[1] + 700, "play", f"b:{LONG}")
    device.at(overlaps[0] + 60, "duck")
    device.at(overlaps[0] + 600, "restore")
    tracks = device.run()
    wake_end = device.room.visits[0].wake_end
    device.note(wake_end / 48 + 180, entries.Wake, word="hey_jarvis", score=0.9)
    device.entries.sort(key=lambda e: e.at)
    made = summarise(
        "test", tracks, device.room.visits, device.entries, device.items,
    )  # fmt: skip
    return made, visits, device, tracks


def block_after(ms: float) -> float:
    """Return when an order given at `ms` is heard: from the next block on, after the card's latency."""
    return np.ceil(ms / 10) * 10 + 20


def test_the_turns_are_what_happened(conversation):
    made, visits, _, _ = conversation
    assert [(t.user, t.assistant, t.tools, t.interrupted) for t in made.turns] == [
        ("What can you do?", LONG, [], True),
        ("How many kilometres is five miles?", LONG, ["convert"], False),
    ]
    assert [t.at for t in made.turns] == [pytest.approx(visits[v][0] / 1000, abs=0.01) for v in ("asked", "interrupts")]


def test_the_wake_word_and_the_reply_are_timed(conversation):
    made, visits, _, _ = conversation
    first, second = made.turns
    assert (first.wake_ms, second.wake_ms) == (pytest.approx(180, abs=2), None)
    for turn, visit, delay in ((first, "asked", 600), (second, "interrupts", 700)):
        offset = visits[visit][1]
        # Speech begins softly: what is below -60 dBFS is not heard yet.
        assert turn.reply_ms == pytest.approx(block_after(offset + delay) - offset, abs=12)


def test_the_interruption_is_timed_on_the_recording(conversation):
    made, visits, _, _ = conversation
    onset = visits["interrupts"][0]
    turn = made.turns[0]
    assert turn.duck_ms == pytest.approx(block_after(onset + 70) + 8 - onset, abs=8)
    assert turn.silence_ms == pytest.approx(block_after(onset + 70) + 40 - onset, abs=12)  # held, and then cut
    assert made.turns[1].duck_ms is made.turns[1].silence_ms is None


def test_what_was_heard_is_true(conversation):
    made, _, device, _ = conversation
    told = next(e.ms for e in device.entries if isinstance(e, entries.Truncate))
    turn = made.turns[0]
    assert turn.heard_ms == told
    assert turn.heard_true_ms == pytest.approx(told, abs=12)
    assert made.turns[1].heard_ms is made.turns[1].heard_true_ms is None


def test_a_wrong_claim_does_not_change_what_was_heard(conversation):
    made, _, device, tracks = conversation
    lies = [replace(e, ms=e.ms + 400) if isinstance(e, entries.Truncate) else e for e in device.entries]
    lied = summarise("test", tracks, device.room.visits, lies, device.items)
    assert lied.turns[0].heard_ms == made.turns[0].heard_ms + 400
    assert lied.turns[0].heard_true_ms == pytest.approx(made.turns[0].heard_true_ms, abs=150)  # the pause it was cut in
    assert lied.turns[0].heard_ms - lied.turns[0].heard_true_ms > 200


def test_a_backchannel_is_not_a_turn_but_a_restored_reply(conversation):
    made, visits, _, _ = conversation
    (restored,) = made.restored
    onset = visits["overlaps"][0]
    assert restored.at == pytest.approx(onset / 1000, abs=0.01)
    assert restored.duck_ms == pytest.approx(block_after(onset + 60) + 8 - onset, abs=8)
    assert restored.restore_ms == pytest.approx(block_after(onset + 600) + 20 - onset, abs=30)
    assert restored.lost_ms <= 2


# Smaller cases


def run(tmp_path, visitors, seconds, script) -> summary.Summary:
    device = Device(tmp_path, visitors, seconds)
    script(device, *device.visited())
    tracks = device.run()
    return summarise("small", tracks, device.room.visits, device.entries, device.items)


def test_nobody_speaks_and_nothing_happens(tmp_path):
    made = run(tmp_path, (), 1.0, lambda device: None)
    assert made.turns == made.restored == []


def test_a_wake_word_said_alone_belongs_to_the_question_after_it(tmp_path):
    def script(device, wake, question):
        device.note(wake[1] + 150, entries.Wake, word="hey_jarvis", score=0.9)
        device.note(question[1] + 500, entries.User, text="What time is it?")
        device.at(question[1] + 550, "play", f"a:{SHORT}")

    visitors = (Visitor(at=0.3, text="hey jarvis"), Visitor(at=2.0, text="what time is it"))
    made = run(tmp_path, visitors, 6.0, script)
    (turn,) = made.turns
    assert (turn.wake_ms, turn.user, turn.assistant) == (pytest.approx(150, abs=20), "What time is it?", SHORT)
    assert turn.at == pytest.approx(2.0, abs=0.05)


def test_a_reply_that_nobody_asked_for_is_a_turn_of_its_own(tmp_path):
    def script(device, question):
        device.note(question[1] + 500, entries.User, text="What time is it?")
        device.at(question[1] + 550, "play", f"a:{SHORT}")
        device.at(7500, "play", "b:Your timer is over.")

    made = run(tmp_path, (Visitor(at=0.3, text="what time is it"),), 10.0, script)
    assert [(t.user, t.assistant) for t in made.turns] == [("What time is it?", SHORT), ("", "Your timer is over.")]
    assert made.turns[1].at == pytest.approx(7.52, abs=0.03)
    assert made.turns[1].reply_ms is None


def test_two_items_of_one_reply_are_one_turn(tmp_path):
    def script(device, question):
        device.at(question[1] + 300, "play", "a:Let me see.")
        device.note(question[1] + 400, entries.Tool, name="clock", arguments="{}")
        device.at(question[1] + 1500, "play", f"b:{SHORT}")

    made = run(tmp_path, (Visitor(at=0.3, text="what time is it"),), 6.0, script)
    (turn,) = made.turns
    assert (turn.assistant, turn.tools) == (f"Let me see. {SHORT}", ["clock"])
    assert turn.reply_ms == pytest.approx(325, abs=15)


def test_a_reply_cut_by_the_button_has_no_visitor_to_time_it_by(tmp_path):
    def script(device, question):
        device.at(question[1] + 300, "play", f"a:{LONG}")
        device.at(question[1] + 3000, "cut")

    made = run(tmp_path, (Visitor(at=0.3, text="what can you do"),), 8.0, script)
    (turn,) = made.turns
    assert turn.interrupted
    assert turn.duck_ms is turn.silence_ms is None
    assert turn.heard_true_ms == pytest.approx(turn.heard_ms, abs=12)


def test_a_reply_lowered_by_its_own_echo_has_no_visitor_either(tmp_path):
    def script(device, question):
        device.at(question[1] + 300, "play", f"a:{LONG}")
        device.at(question[1] + 3000, "duck")
        device.at(question[1] + 3300, "restore")

    made = run(tmp_path, (Visitor(at=0.3, text="what can you do"),), 8.0, script)
    (restored,) = made.restored
    assert restored.duck_ms is restored.restore_ms is restored.lost_ms is None
    assert not made.turns[0].interrupted


def test_a_question_without_an_answer_is_a_turn(tmp_path):
    made = run(
        tmp_path,
        (Visitor(at=0.3, text="goodbye"),),
        3.0,
        lambda device, visit: device.note(visit[1] + 400, entries.User, text="Goodbye."),
    )
    (turn,) = made.turns
    assert (turn.user, turn.assistant, turn.reply_ms) == ("Goodbye.", "", None)


def test_a_reply_whose_sound_is_unknown_is_timed_by_the_ledger(tmp_path):
    def script(device, question):
        device.at(question[1] + 300, "play", f"a:{SHORT}")

    device = Device(tmp_path, (Visitor(at=0.3, text="what time is it"),), 5.0)
    (question,) = device.visited()
    script(device, question)
    tracks = device.run()
    made = summarise("small", tracks, device.room.visits, device.entries, {})
    assert made.turns[0].reply_ms == pytest.approx(block_after(question[1] + 300) - question[1], abs=1)


@pytest.mark.parametrize("again", [None, 1.0])
@pytest.mark.parametrize(
    "fault",
    [
        *(Fault(at=1.5, kind="stall", ms=ms) for ms in (20, 150, 400)),
        *(Fault(at=1.5, kind="freeze", ms=ms) for ms in (20, 150, 400)),
        *(Fault(at=1.5, kind="overrun", ms=ms) for ms in (15, 200)),
        *(Fault(at=1.5, kind="repeat", ms=ms) for ms in (60, 200)),
        *(Fault(at=1.5, kind="drop", ms=ms) for ms in (15, 200)),
        *(Fault(at=1.5, kind="buffer", ms=ms) for ms in (0, 100, 300)),
        Fault(at=1.5, kind="jump", ms=200),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.ms}",
)
@pytest.mark.parametrize("told", [True, False])
def test_what_was_heard_is_known_whatever_the_card_does(tmp_path, fault, again, told):
    fault = replace(fault, every=again if fault.kind in ("stall", "freeze") else None)
    device = Device(tmp_path, (), 9.0, fault, losses_told=told)
    device.at(500, "play", f"item:{LONG}")
    device.at(5000, "cut")
    tracks = device.run()
    room = device.room
    (turn,) = summarise("bad card", tracks, room.visits, device.entries, device.items, drops=room.drops).turns
    # What the device knows is right once the card has told what has become of its latency, but for its tremor.
    assert turn.heard_true_ms == pytest.approx(turn.heard_ms, abs=12)
