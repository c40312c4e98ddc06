"""An item is followed on the track through waits and rewinds."""

import numpy as np
import pytest
from support.speech import say

from device.sample_clock import samples
from device.simulation.alignment import Drop, Run, follow, locate

ITEM = say("It is a quarter past ten. The weather will be fine tomorrow, with some clouds in the evening.", dbfs=-22.0)
ITEM = ITEM.astype(np.float32)


def track_of(*pieces: tuple[float, float, float], seconds: float = 12.0) -> np.ndarray:
    """Return a track on which at each time (ms) a part of the item is played: (at, from, to), at half its level."""
    track = np.zeros(round(seconds * 16_000), np.float32)
    for at, first, last in pieces:
        part = ITEM[samples(first) : samples(last)]
        track[samples(at) : samples(at) + len(part)] += part * 0.5
    return track


def runs(track: np.ndarray, begins: float) -> list[tuple[float, float]]:
    """Return the lag of each run and how far it reaches, in ms."""
    found = follow(track, ITEM, Run(samples(begins), samples(begins) + 1, 0), len(track))
    return [(round(run.lag / 16, 1), round(run.reached / 16)) for run in found]


@pytest.mark.parametrize("first", [400, 1000, 1630, 2400])
@pytest.mark.parametrize("held", [30, 400, 1500])
@pytest.mark.parametrize("back", [0, 20, 180, 500, 1000])
def test_a_reply_that_stood_still_and_went_back_is_followed(first, held, back):
    again = max(0, first - back)
    track = track_of((500, 0, first), (500 + first + held, again, 4000))
    (lag, reached), *rest = runs(track, 500)
    assert lag == pytest.approx(500, abs=0.2)
    # What is silent in the item may belong to either.
    assert reached <= first + 5
    (then, end) = rest[-1]
    assert len(rest) == 1
    assert then == pytest.approx(500 + first + held - again, abs=0.2)
    assert end == pytest.approx(4000, abs=30)


def test_two_rewinds_are_followed():
    track = track_of((200, 0, 900), (1600, 700, 1500), (2900, 1300, 4000))
    assert [lag for lag, _ in runs(track, 200)] == [pytest.approx(ms, abs=0.2) for ms in (200, 900, 1600)]


def test_other_sounds_are_not_the_item():
    track = track_of((200, 0, 1000))
    other = say("Certainly, what else can I do for you?", "en-us").astype(np.float32)
    track[samples(2500) : samples(2500) + len(other)] += other
    t = np.arange(samples(300)) / 16_000
    track[samples(1500) : samples(1800)] += 3000 * np.sin(2 * np.pi * 660 * t)
    assert [lag for lag, _ in runs(track, 200)] == [pytest.approx(200, abs=0.2)]


def test_an_earcon_while_it_is_held_does_not_hide_where_it_goes_on():
    track = track_of((200, 0, 1000), (2200, 800, 4000))
    t = np.arange(samples(120)) / 16_000
    track[samples(1500) : samples(1620)] += 3000 * np.sin(2 * np.pi * 660 * t)
    assert [lag for lag, _ in runs(track, 200)] == [pytest.approx(200, abs=0.2), pytest.approx(1400, abs=0.2)]


@pytest.mark.parametrize("drops", [[(900, 200)], [(900, 15), (1900, 300)], [(700, 90), (715, 400), (2500, 60)]])
def test_what_the_card_threw_away_is_skipped(drops):
    pieces, at, first = [], 200, 0
    for due, count in [*drops, (200 + 4000, 0)]:
        last = first + due - at
        pieces.append((at, first, last))
        at, first = due, last + count
    told = [Drop(samples(due), samples(count)) for due, count in drops]
    found = follow(track_of(*pieces), ITEM, Run(samples(200), samples(200) + 1, 0), samples(12_000), told)
    thrown = sum(count for _, count in drops)
    assert found[-1].lag == samples(200 - thrown)
    assert [run.start for run in found[1:]] == [samples(due) for due, _ in drops]
    assert all(run.end >= run.start for run in found)


def test_a_place_is_found_within_bounds_only():
    piece = ITEM[samples(1000) : samples(1300)]
    assert locate(piece, ITEM) == (samples(1000), pytest.approx(1, abs=0.03))
    place, likeness = locate(piece, ITEM, lowest=samples(1100), highest=samples(1500))
    assert samples(1100) <= place <= samples(1500)
    assert likeness < 0.7
    assert locate(piece, ITEM, lowest=samples(900), highest=samples(1200))[0] == samples(1000)
    assert locate(piece, ITEM, lowest=samples(1000), highest=samples(1000))[1] > 0.9
    assert locate(piece[:10], ITEM) == (0, 0.0)
