import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.tts.clauses import FIRST, LATER, pieces


def cut(text):
    return [[(clause.text, clause.mark) for clause in piece.clauses] for piece in pieces(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The light is on.", [[("The light is on", ".")]]),
        ("No mark", [[("No mark", ".")]]),
        ("One, two; three: four.", [[("One", ","), ("two", ";"), ("three", ":"), ("four", ".")]]),
        ("Really?! Yes!", [[("Really", "?")], [("Yes", "!")]]),
        ('He said "no." Then (well, yes).', [[('He said "no', ".")], [("Then (well", ","), ("yes)", ".")]]),
        ("Well\u2026 Fine...", [[("Well", ".")], [("Fine", ".")]]),
        ("Is it \u2026 far?", [[("Is it", ","), ("far", "?")]]),
        ("3.5 at 5:30, ok", [[("3.5 at 5:30", ","), ("ok", ".")]]),
        ("a comma,", [[("a comma", ",")]]),
        ("", []),
        (" . , ! ", []),
        ("€", [[("€", ".")]]),
    ],
)
def test_clauses_and_sentences(text, found):
    assert cut(text) == found


def test_a_long_sentence_is_cut_at_its_clauses_and_a_short_one_is_not():
    short = "The sun is shining, the birds are singing, the trees are green, and so are you, my dear."
    assert len(cut(short)) == 1
    long = (
        "The weather is fine today, the sun is shining and the birds are singing in the trees, "
        "but tomorrow it will rain all day long; take an umbrella with you, and do not forget your boots."
    )
    found = cut(long)
    assert [piece[-1][1] for piece in found] == [",", "."]
    assert [piece.ends for piece in pieces(long)] == [False, True]


def test_a_clause_that_is_too_long_is_cut_before_a_conjunction():
    text = (
        "I went to the market to buy a very large number of apples and pears "
        "because my grandmother wanted to bake cakes for everybody in the whole street"
    )
    found = cut(text)
    assert [piece[-1][1] for piece in found] == ["", "."]
    assert found[1][0][0].startswith("because")


@given(st.text(st.sampled_from("abc ,.;!? "), max_size=900))
def test_nothing_is_lost_and_no_piece_is_too_long(text):
    found = list(pieces(text))
    letters = "".join(letter for letter in text if letter.isalpha())
    assert "".join(letter for piece in found for word in piece.words for letter in word if letter.isalpha()) == letters
    lengths = [sum(len(clause.text) + 2 for clause in piece.clauses) for piece in found]
    assert all(length <= LATER + 20 for length in lengths)
    assert not lengths or lengths[0] <= FIRST + 20
    assert all(
        clause.mark or clause is not piece.clauses[-1] or not piece.ends for piece in found for clause in piece.clauses
    )
