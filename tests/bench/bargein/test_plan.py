"""What is played is spread evenly, and the same each time."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from device.bench import sounds
from device.bench.bargein.plan import EACH, ECHO_DB, KINDS, Planner, rooms
from device.bench.bargein.run import FULL
from device.bench.result import BenchError
from device.simulation.scene import USUAL_SPEECH_DBFS


@pytest.fixture(scope="module")
def talks(tmp_path_factory):
    return Planner(sounds.load(), tmp_path_factory.mktemp("far")).talks(FULL.talks, FULL.each)


def slots(talks):
    return [(talk, slot) for talk in talks for slot in talk.slots]


def conditions(talk):
    room = talk.scene.room
    return talk.echo_db, room.noise_db, room.clip, room.rt60


def test_there_are_rooms_of_every_condition_with_every_other():
    made = rooms()
    assert len({(r.echo_db, r.noise_db, r.clip, r.rt60) for r in made}) == len(made) == 32


def test_a_full_run_rests_each_figure_on_200_trials_and_each_room_on_as_many_as_the_others(talks):
    roles = Counter(slot.role for _, slot in slots(talks))
    assert min(roles["yield"], roles["backchannel"], roles["noise"]) >= 200
    assert set(Counter(map(conditions, talks)).values()) == {2}


def test_all_sounds_are_played_each_in_several_rooms(talks):
    played = defaultdict(set)
    for talk, slot in slots(talks):
        played[slot.sound.file.name.removeprefix("far-"), slot.sound.kind].add(conditions(talk))
    for sound in sounds.load():
        if sound.kind in KINDS.values():
            assert len(played[sound.file.name, sound.kind]) >= 2, sound.file


def test_one_visitor_speaks_in_a_talk_and_at_least_six_in_all(talks):
    for talk, slot in slots(talks):
        if slot.role in ("yield", "backchannel"):
            assert slot.sound.voice == talk.voice
    assert len({talk.voice for talk in talks}) >= 6


def test_the_echo_is_relative_to_the_visitor_whatever_else_sounds(talks):
    for talk in talks:
        if talk.echo_db != -np.inf:
            echo = talk.scene.speech_db + talk.scene.room.echo_db
            assert echo == pytest.approx(USUAL_SPEECH_DBFS + talk.echo_db)


def test_replies_outlast_what_is_done_over_them_and_end_before_the_next(talks):
    for _, slot in slots(talks):
        done = slot.onset + len(slot.sound.samples()) / 16_000
        assert slot.at < slot.onset < done < slot.at + slot.reply_s - 2
    for talk in talks:
        ends = [slot.at + slot.reply_s + 1.0 for slot in talk.slots]
        starts = [slot.at for slot in talk.slots[1:]] + [talk.scene.seconds]
        assert all(end + 1.0 <= start + 0.01 for end, start in zip(ends[:-1], starts, strict=False))
        assert ends[-1] < talk.scene.seconds


def test_the_same_seed_makes_the_same_talks_and_another_others(tmp_path):
    made = [Planner(sounds.load(), tmp_path, seed=seed).talks(6, FULL.each) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_half_an_hour_of_replies_at_each_level_of_an_echo(tmp_path):
    planner = Planner(sounds.load(), tmp_path)
    minutes = Counter()
    for talk in planner.alone(30, 8):
        assert not talk.scene.visitors
        minutes[talk.echo_db] += sum(slot.reply_s for slot in talk.slots) / 60
    assert minutes == {echo: pytest.approx(10 if echo == -np.inf else 30) for echo in ECHO_DB}


def test_the_wake_word_is_said_over_a_reply_10_db_louder_and_then_without_one(tmp_path):
    for talk in Planner(sounds.load(), tmp_path).waking(2, barge_in=False):
        assert talk.scene.speech_db + talk.scene.room.echo_db == pytest.approx(USUAL_SPEECH_DBFS + 10)
        said = [slot for slot in talk.slots if slot.sound]
        assert [(slot.role, slot.reply_s > 0) for slot in said[:2]] == [("wake", True), ("wake alone", False)]
        assert [s.sound for s in said[::2]] == [s.sound for s in said[1::2]]


def test_a_conversation_with_stalls_is_the_same_as_without(tmp_path):
    made = Planner(sounds.load(), tmp_path).stalled(4, {"yield": 4, "backchannel": 4})
    assert [talk.name for talk in made[:4]] == ["calm-000", "stall-000", "jump-000", "calm-001"]
    for calm, *others in zip(made[::3], made[1::3], made[2::3], strict=True):
        assert calm.scene.faults == ()
        assert calm.echo_db > -np.inf
        for talk in others:
            assert [(slot.at, slot.onset, slot.sound) for slot in talk.slots] == [
                (slot.at, slot.onset, slot.sound) for slot in calm.slots
            ]
            assert talk.scene.room == calm.scene.room
            labels = {visitor.label for visitor in talk.scene.visitors}
            assert {slot.name for slot in talk.slots} <= labels
    assert Counter(slot.trouble for _, slot in slots(made[1::3])) == {"stall": 16, "later": 16}


def test_a_stall_and_a_jump_are_shortly_before_somebody_does_something(tmp_path):
    made = Planner(sounds.load(), tmp_path).stalled(4, {"yield": 4, "backchannel": 4})
    for talk in made[1::3]:
        for slot in talk.slots:
            before = [slot.onset - fault.at for fault in talk.scene.faults if fault.at <= slot.onset]
            if slot.trouble == "stall":
                assert 0 < before[-1] <= 2.0
            else:
                assert 2.0 < before[-1] < 30.0
    for talk in made[2::3]:
        assert [0 <= slot.onset - fault.at <= 0.5 for slot, fault in zip(talk.slots, talk.scene.faults, strict=True)]


def test_the_first_reply_of_all_is_interrupted_early(tmp_path):
    made = Planner(sounds.load(), tmp_path).cold(12)
    assert len({talk.scene.room.seed for talk in made}) == 12
    for talk in made:
        (slot,) = talk.slots
        assert 0.3 <= slot.onset - slot.at <= 1.5
        assert (slot.role, slot.trouble, talk.spoken) == ("yield", "cold", False)


def test_without_replies_there_is_nothing_to_interrupt(tmp_path):
    with pytest.raises(BenchError, match="replies"):
        Planner([s for s in sounds.load() if s.kind != "replies"], tmp_path)


def test_without_visitors_neither(tmp_path):
    with pytest.raises(BenchError, match="interruptions"):
        Planner([s for s in sounds.load() if s.kind == "replies"], tmp_path).talks(1, FULL.each)


def test_kinds_that_are_not_there_are_left_out(tmp_path):
    found = [s for s in sounds.load() if s.kind in ("replies", "interruptions")]
    talk, *_ = Planner(found, tmp_path).talks(1, FULL.each)
    assert {slot.role for slot in talk.slots} == {"yield"}
    assert not talk.scene.visitors[0].label.startswith("wake")


def test_each_recording_of_people_is_played_once_whatever_its_voice(tmp_path):
    found = sounds.load()
    people = [s for s in found if s.kind in ("interruptions", "backchannels", "noises")]
    talks = Planner(found, tmp_path).people(people)
    played = Counter((slot.sound.kind, slot.sound.file) for talk in talks for slot in talk.slots)
    assert played == Counter((sound.kind, sound.file) for sound in people)
    assert all(slot.role == next(r for r, kind in KINDS.items() if kind == slot.sound.kind) for _, slot in slots(talks))
    assert max(len(talk.slots) for talk in talks) <= EACH
    assert len(set(map(conditions, talks))) == min(32, len(talks))
    assert Planner(found, tmp_path).people([]) == []
