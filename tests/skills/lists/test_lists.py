import pytest

from device.skills.lists.lists import LONGEST, MOST, MOST_LISTS, Lists
from device.skills.lists.names import words_of


@pytest.fixture
def lists():
    return Lists(words_of("en"))


def test_what_is_added_is_read_in_its_order(lists):
    assert lists.add("the grocery list", ["milk", "some eggs"]) == (["milk", "eggs"], [])
    assert lists.add("", ["bread", "egg"]) == (["bread"], ["egg"])
    assert lists.read("shopping") == ("milk", "eggs", "bread")
    assert lists.all == {"shopping": ("milk", "eggs", "bread")}


def test_what_is_removed_is_gone_and_the_rest_stays(lists):
    lists.add("", ["milk", "oat milk", "2 litres of juice", "bread"])
    assert lists.remove("", ["milk", "juice", "beer"]) == (["milk", "2 litres of juice"], ["beer"])
    assert lists.read("") == ("oat milk", "bread")
    assert lists.remove("", [" "]) == ([], [])
    assert lists.read("") == ("oat milk", "bread")


def test_a_list_that_is_cleared_is_no_more(lists):
    lists.add("to do", ["call mum"])
    lists.add("", ["milk", "eggs"])
    assert (lists.clear("shopping"), lists.clear("shopping")) == (2, 0)
    assert lists.all == {"to-do": ("call mum",)}


def test_a_change_is_seen_and_what_changes_nothing_is_not(lists):
    before = lists.all
    lists.clear("shopping")
    lists.remove("shopping", ["milk"])
    assert lists.all is before
    lists.add("", ["milk"])
    assert lists.all is not before


@pytest.mark.parametrize(
    ("name", "entries", "fault"),
    [
        ("", ["x" * 2048], f"at most {LONGEST} characters, and this one has 2048"),
        ("x" * 41, ["milk"], "name of a list"),
        ("", [" "], "nothing to add"),
        ("", [f"thing number {n}" for n in range(MOST + 1)], f"at most {MOST} fit"),
    ],
)
def test_what_is_too_much_is_refused_and_nothing_is_added(lists, name, entries, fault):
    with pytest.raises(ValueError, match=fault):
        lists.add(name, ["milk", *entries] if len(entries) == 1 and entries != [" "] else entries)
    assert lists.all == {}


def test_there_are_only_so_many_lists(lists):
    for n in range(MOST_LISTS):
        lists.add(f"trip {n} b", ["tent"])
    with pytest.raises(ValueError, match="clear one first"):
        lists.add("one more", ["tent"])
    lists.add("trip 0 b", ["stove"])


def test_a_list_of_ten_thousand_entries_from_before_is_kept_whole(lists):
    lists.resume({"shopping": [f"thing {n}" for n in range(10_000)], "empty": []})
    assert len(lists.read("")) == 10_000
    with pytest.raises(ValueError, match="has 10000 entries"):
        lists.add("", ["milk"])
    assert lists.remove("", ["thing 9999"]) == (["thing 9999"], [])
    assert lists.clear("") == 9_999
