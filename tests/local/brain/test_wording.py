import pytest

from device.language.language import load_language
from device.local.brain.frame_grammar import Grammar
from device.local.brain.wording import BREAK, Wording

WORDING = Wording(load_language("en"), Grammar(load_language("en"), {}).sampled)


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        (f"numa {BREAK} no {BREAK} dura", "dura"),
        ("for dura sorry durb", "for durb"),
        ("whena i mean whenb", "whenb"),
        ("numa plus numb", "numa plus numb"),
        ("dura and durb", "dura and durb"),
    ],
)
def test_what_was_taken_back_is_left_out(text, corrected):
    assert WORDING.corrected(text) == corrected


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("set a timer", ["set a timer"]),
        (f"{BREAK} set a timer {BREAK} please", ["set a timer", "please"]),
        ("stop it because i am done", ["stop it", "because", "i am done"]),
        ("dinner is ready turn it off", ["dinner is ready", "turn it off"]),
    ],
)
def test_clauses_begin_at_commas_and_where_somebody_tells_or_orders(text, clauses):
    words = text.split()
    begins = WORDING.clauses(words)
    said = [" ".join(words[a:b]).removesuffix(BREAK).strip() for a, b in zip(begins, [*begins[1:], None], strict=True)]
    assert said == clauses


def test_an_aside_says_why():
    words = f"stop it {BREAK} because i am done".split()
    assert WORDING.asides(words, WORDING.clauses(words)) == [False] * 3 + [True] * 4


def test_light_words_carry_no_meaning_and_more_of_them_do_in_a_question():
    words = ["please", "could", "you", "set", "how", "long"]
    assert WORDING.light(words) == [True, True, True, False, False, False]
    assert WORDING.polite(words)[:3] == [True, True, True]
    assert WORDING.asking(words) == [True, True, True, False, True, True]


@pytest.mark.parametrize(
    ("text", "asked"), [("what time is it", True), ("um is it on", True), ("set a timer", False), ("", False)]
)
def test_a_question_is_told_by_its_first_words(text, asked):
    assert WORDING.asked(text.split()) is asked


def test_what_somebody_else_said_is_against_a_request():
    assert WORDING.against(["he", "said"])
    assert not WORDING.against(["thank", "you"])


def test_a_language_without_words_for_requests_takes_none_for_light():
    wording = Wording(load_language("de"), lambda text: {(text,)})
    assert wording.light(["bitte", BREAK]) == [False, True]
    assert wording.clauses(["stell", "ihn"]) == [0]


def test_another_request_may_begin_after_and():
    words = ["set", "a", "timer", "and", "add", "milk", "then", "stop"]
    rests = [" ".join(WORDING.without_joint(words[seam:])) for seam in WORDING.seams(words)]
    assert sorted(set(rests)) == ["add milk then stop", "stop"]
