"""What an engine learns of the playout, where its capabilities say that it wants to."""

from itertools import pairwise

import pytest
from msgspec.structs import replace
from support.house import House, play, says
from support.listener import Listener

from device.conversation.events import Heard


@pytest.mark.parametrize("wanted", [True, False])
def test_an_engine_that_counts_the_playout_is_told_what_the_card_played(tmp_path, wanted: bool) -> None:
    told: list[Heard] = []

    class Telling(House):
        async def session_at(self, url, tools):
            session = await super().session_at(url, tools)
            session.capabilities = replace(session.capabilities, playback=wanted)

            async def played(heard: Heard) -> None:
                told.append(heard)

            session.played = played
            return session

    house = Telling(tmp_path, [says("hey jarvis what time is it", at=1.0)], 12)
    server = Listener()
    play(house, server)
    assert server.turns == 1
    if not wanted:
        assert told == []
        return
    assert len({heard.item for heard in told}) == 1
    assert all(before.ms <= after.ms for before, after in pairwise(told))
    assert len(told) > 3, "it is told while the reply plays"
    assert not told[0].whole
    assert told[-1].whole
