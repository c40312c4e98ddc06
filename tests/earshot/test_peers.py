from device.earshot.datagram import MOST_PEERS, Told
from device.earshot.peers import LIVE_S, OFTEN, Peers

ME, OTHER = "0" * 16, "f" * 16
AT = ("10.0.0.2", 1)


def told(who=OTHER, seq=1, to=(ME,), kind="here", **more):
    return Told(who=who, seq=seq, kind=kind, to=to, **more)


def test_who_does_not_know_this_one_is_not_believed_yet():
    peers = Peers(ME)
    assert not peers.take(told(to=(), kind="claim"), AT, 0.0)
    assert peers.there(0.0) == set()
    assert peers.stamp(0.0, kind="here").to == (OTHER,)  # but told that it was heard
    assert peers.take(told(seq=2), AT, 0.1)
    assert peers.there(0.2) == {OTHER}
    assert peers.addresses() == [AT]


def test_nothing_is_believed_twice_nor_what_came_before():
    peers = Peers(ME)
    assert peers.take(told(seq=5), AT, 0.0)
    assert not peers.take(told(seq=5), AT, 0.1)
    assert not peers.take(told(seq=4), AT, 0.2)
    assert peers.take(told(seq=6), AT, 0.3)


def test_what_was_recorded_before_this_one_started_is_not_believed():
    before = Peers("1" * 16)
    recorded = [told(seq=seq, to=(before.me,), kind="claim", bid=0.0) for seq in range(1, 50)]
    assert before.take(recorded[0], AT, 0.0)
    anew = Peers(ME)
    assert not any(anew.take(one, AT, 100.0) for one in recorded)
    assert anew.there(100.0) == set()


def test_what_it_says_itself_is_nobody_elses():
    peers = Peers(ME)
    assert not peers.take(told(who=ME), AT, 0.0)
    assert peers.addresses() == []


def test_who_says_nothing_any_more_is_gone():
    peers = Peers(ME)
    assert peers.take(told(), AT, 0.0)
    assert peers.there(LIVE_S + 1) == set()
    assert peers.stamp(LIVE_S + 1, kind="here").to == ()


def test_who_does_not_answer_is_not_waited_for_until_it_says_something():
    peers = Peers(ME)
    assert peers.take(told(), AT, 0.0)
    peers.silent(OTHER)
    assert peers.there(1.0) == set()
    assert peers.take(told(seq=2), AT, 2.0)
    assert peers.there(3.0) == {OTHER}


def test_five_thousand_take_no_more_room_than_sixteen_and_drive_away_none_that_is_there():
    peers = Peers(ME)
    assert peers.take(told(), AT, 0.0)
    for number in range(5000):
        peers.take(told(who=f"{number:016x}", to=()), ("10.0.0.3", number), 0.1)
        assert len(peers.addresses()) <= MOST_PEERS
    assert peers.there(0.2) == {OTHER}
    for number in range(5000):
        peers.take(told(who=f"{number:016x}", seq=2), ("10.0.0.3", number), 0.3)
    assert OTHER in peers.there(0.4)
    assert len(peers.addresses()) <= MOST_PEERS
    assert len(peers.stamp(0.5, kind="here").to) <= MOST_PEERS


def test_a_flood_from_one_is_not_read_and_others_are():
    peers = Peers(ME)
    read = sum(peers.allows(AT, 0.001 * n) for n in range(5000))
    assert read <= OFTEN + 5 * OFTEN + 1
    assert peers.allows(("10.0.0.3", 1), 5.0)
    for number in range(5000):
        peers.allows((f"10.1.{number // 250}.{number % 250}", 1), 6.0)
    assert peers.allows(("10.0.0.4", 1), 6.1)
