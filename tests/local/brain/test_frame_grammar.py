import pytest

from device.language.language import load_language
from device.local.brain.frame_grammar import Grammar, parts
from device.local.brain.understand import Understanding

GRAMMAR = Grammar(load_language("en"), {})


@pytest.mark.parametrize(
    ("line", "between", "cut"),
    [
        ("(a|the last) [b c] {d}", " ", ["(a|the last)", "[b c]", "{d}"]),
        ("{number}+(out of)+{number:scale}", "+", ["{number}", "(out of)", "{number:scale}"]),
        ("", " ", []),
    ],
)
def test_a_line_is_cut_where_no_bracket_is_open(line, between, cut):
    assert parts(line, between) == cut


def test_the_signs_of_a_frame_are_read():
    frame = GRAMMAR.frame("set_timer", "timer {duration*} [{name}] !(never|not) @timers @polite ? ~ [please]")
    assert (frame.intent, frame.wildcard, frame.slot, frame.must) == ("set_timer", "name", "name", False)
    assert (frame.about, frame.polite, frame.asks, frame.loose, frame.values) == ("timers", True, True, True, True)
    assert [element.many for element in frame.needs] == [False, True]
    assert len(frame.may) == len(frame.never) == 1


def test_units_follow_each_other_and_the_longest_phrase_counts():
    (element,) = GRAMMAR.frame("convert", "(as|as many)+{number:source}").needs
    place = element.at(["just", "as", "many", "numb", "of"], 1)
    assert (place.begin, place.end, place.slots) == (1, 4, {"source": "numb"})
    assert element.at(["as", "many"], 0) is None
    assert element.first_words() == {"as"}


def test_a_list_stands_for_its_values():
    (element,) = GRAMMAR.frame("cancel_timer", "{last_timer:one}").needs
    assert element.at(["most", "recent"], 0).slots == {"one": "last"}


def test_several_things_are_told_by_a_star():
    frame = GRAMMAR.frame("pause_timer", "pause {name:which*}")
    assert (frame.wildcard, frame.slot, frame.must, frame.each) == ("name", "which", True, True)


def test_every_frame_of_every_language_can_be_read():
    for name in ("en", "de"):
        Understanding(load_language(name), ["Jarvis"])
