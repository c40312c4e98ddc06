import re

from hassil.parse_expression import parse_sentence
from hassil.sample import sample_sentence

from device.language.language import load_language


def test_the_expressions_say_where_a_clause_begins_and_what_it_is():
    known = load_language("en").requests
    heard = "set a timer because i am busy and the pasta is on"
    begins = [heard[found.start() :].partition(" ")[0] for found in re.finditer(known.re_begins, heard)]
    assert begins == ["because", "i", "and", "the"]
    assert re.search(known.re_asides, "because i am busy")
    assert not re.search(known.re_asides, "eggs and bread")
    assert re.search(known.re_against, "he said")
    assert re.search(known.re_against, "if it rains")
    assert not re.search(known.re_against, "the bread is in the oven")


def test_a_word_that_changes_a_request_is_not_light():
    known = load_language("en").requests
    light = {said for text in known.light for said in sample_sentence(parse_sentence(text))}
    assert "all" in light
    assert light.isdisjoint({"not", "never", "cancel", "without", "unless", "yesterday", "was", "she", "he", "they"})
