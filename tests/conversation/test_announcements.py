"""What the device was asked to say, by itself."""

from device.conversation.announcements import LATEST, Announcements
from device.conversation.events import Heard


def test_what_is_played_otherwise_is_none_of_them():
    announcements = Announcements()
    announcements.want("a", 0)
    assert announcements.begin() == "a"
    assert not announcements.due
    assert list(announcements.over([Heard("i1", 5, whole=True)], 10)) == []
    assert len(list(announcements.over([Heard("a", 5, whole=True)], 10))) == 1
    assert list(announcements.over([Heard("a", 5, whole=True)], 20)) == []


def test_those_that_wait_for_too_long_are_given_up_in_their_order():
    announcements = Announcements()
    announcements.want("a", 0)
    announcements.want("b", 10)
    assert list(announcements.tick(LATEST - 1)) == []
    assert [(one.item, one.how) for one in announcements.tick(LATEST)] == [("a", "late")]
    assert announcements.begin() == "b"
    assert list(announcements.tick(2 * LATEST)) == [], "it is heard"
