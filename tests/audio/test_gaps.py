from device.audio.gaps import KEPT, Gaps


def test_what_overlaps_a_gap_is_missing_and_what_only_meets_it_is_not():
    gaps = Gaps()
    gaps.add(100, 200)
    assert gaps.touch(150, 160)
    assert gaps.touch(0, 101)
    assert gaps.touch(199, 300)
    assert gaps.touch(0, 300)
    assert not gaps.touch(0, 100)
    assert not gaps.touch(200, 300)


def test_gaps_are_known_in_their_order_from_a_position_on():
    gaps = Gaps()
    assert gaps.last is None
    assert gaps.since(0) == ()
    gaps.add(100, 200)
    gaps.add(300, 400)
    assert gaps.since(199) == ((100, 200), (300, 400))
    assert gaps.since(200) == ((300, 400),)
    assert gaps.last == (300, 400)


def test_the_oldest_are_forgotten():
    gaps = Gaps()
    for number in range(KEPT + 1):
        gaps.add(10 * number, 10 * number + 1)
    assert not gaps.touch(0, 1)
    assert gaps.touch(10, 11)
    assert len(gaps.since(0)) == KEPT


def test_a_gap_that_comes_in_pieces_is_one():
    gaps = Gaps()
    for number in range(2 * KEPT):
        gaps.add(10 * number, 10 * number + 10)
    assert gaps.since(0) == ((0, 20 * KEPT),)


def test_where_nothing_is_missing_nothing_is_touched():
    gaps = Gaps()
    gaps.add(100, 100)
    assert not gaps.touch(0, 200)
    assert gaps.since(99) == ((100, 100),)
