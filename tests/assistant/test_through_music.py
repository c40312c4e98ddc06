"""The whole daemon in a room where another program plays music on the same loudspeaker, as loud as somebody speaks."""

import pytest
from assistant.test_rooms import answer
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener
from support.music import record

from device.settings.tree import CardSettings
from device.simulation.scene import Acoustics

QUESTION = "hey jarvis, what can you do?"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("music")
    room = Acoustics(rate=16_000, music=str(record(folder)), seed=5)
    visitors = [says(QUESTION, at=5.0), says(QUESTION, after="asleep", plus=2.0, voice="en-gb")]
    house = House(folder, visitors, 60, room=room, follow_up_s=3.0)
    house.settings = replace(house.settings, card=CardSettings(music="lower"))
    house.lowered = []

    async def watch(house):
        while True:
            entry = await house.until("state", len(house.lowered) + 1)
            house.lowered.append((entry.state, house.room.music.lowered))

    play(house, Listener(answer()), watch)
    return house


def test_the_wake_word_is_heard_through_it_and_the_question_sent_whole(house):
    assert len(house.all("wake")) == 2, house.states
    for number, visit in enumerate(house.room.visits):
        start, end = house.sent(number)[0]
        assert start <= visit.onset / house.room.rate * 16_000 + 16_000
        assert end >= visit.offset / house.room.rate * 16_000


def test_it_cuts_no_reply_and_wakes_nobody(house):
    assert not house.all("cut")
    assert not house.all("duck")
    assert len(house.all("reply_last_audio")) == 2


def test_it_is_soft_from_the_wake_word_to_the_end_of_the_conversation(house):
    assert {state for state, lowered in house.lowered if lowered} >= {"connecting", "listening", "speaking"}
    assert not [state for state, lowered in house.lowered if lowered == (state == "asleep")]
    assert not house.room.music.lowered
