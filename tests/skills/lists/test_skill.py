import pytest
from support.skills import talk

from device.skills.lists.skill import LISTS
from device.skills.skill import Meaning


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("add_to_list", {"items": "milk and eggs"}, {"items": ["milk", "eggs"], "list": "shopping"}),
        ("add_to_list", {"items": "tents", "name": "camping"}, {"items": ["tents"], "list": "camping"}),
        ("remove_from_list", {"items": "milk", "list": "to-do"}, {"items": ["milk"], "list": "to-do"}),
        ("read_list", {}, {"list": "shopping"}),
        ("ask_entry", {"items": "milk"}, {"list": "shopping"}),
        ("which_lists", {}, {}),
        ("clear_list", {"list": "to-do"}, {"list": "to-do"}),
    ],
)
def test_what_the_tool_is_called_with(intent, slots, arguments):
    assert LISTS.arguments(Meaning(intent, slots), talk()) == arguments


@pytest.mark.parametrize(
    ("tool", "asked", "output", "said"),
    [
        (
            "add_to_list",
            "",
            {"list": "shopping", "added": ["milk", "eggs"]},
            ["I put milk and eggs on your shopping list."],
        ),
        (
            "add_to_list",
            "",
            {"list": "shopping", "added": [], "already_there": ["milk"]},
            ["Milk was on your shopping list already."],
        ),
        ("read_list", "", {"list": "shopping", "items": []}, ["Your shopping list is empty."]),
        ("read_list", "", {"list": "to-do", "items": ["a", "b"], "count": 2}, ["On your to-do list: a and b."]),
        (
            "read_list",
            "",
            {"list": "shopping", "items": [f"t{n}" for n in range(50)], "count": 9_999},
            [
                (
                    "There are 9999 things on your shopping list, first t0, t1, t2, t3, t4, t5, t6, t7, t8, t9; "
                    "and 9989 more."
                )
            ],
        ),
        ("read_list", "eggs", {"list": "shopping", "items": ["egg"]}, ["Yes, eggs: on your shopping list."]),
        ("read_list", "beer", {"list": "shopping", "items": ["egg"]}, ["No, your shopping list has no beer."]),
        ("read_list", "", {"lists": {"shopping": 2, "to-do": 1}}, ["You have the shopping list and the to-do list."]),
        ("read_list", "", {"lists": {}}, ["You have no lists yet."]),
        (
            "remove_from_list",
            "",
            {"list": "shopping", "removed": ["milk"], "not_there": ["beer"]},
            ["I took milk off your shopping list.", "Your shopping list has no beer."],
        ),
        (
            "clear_list",
            "",
            {"list": "shopping", "removed_count": 12},
            ["Your shopping list is empty now: 12 things went."],
        ),
        (
            "clear_list",
            "",
            {"list": "shopping", "removed_count": 1},
            ["Your shopping list is empty now: one thing went."],
        ),
        ("clear_list", "", {"list": "shopping", "removed_count": 0}, ["Your shopping list is empty."]),
    ],
)
def test_what_is_said_of_an_output(tool, asked, output, said):
    meanings = [Meaning("ask_entry", {"items": asked})] if asked else []
    assert LISTS.outputs[tool](output, meanings, talk()) == said
