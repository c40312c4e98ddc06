import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.brain.cut import Cutter, sentences


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("It is 3.14 or so. Yes.", ["It is 3.14 or so.", "Yes."]),
        ("Ask Dr. Who, e.g. at 5 p.m. today. Good.", ["Ask Dr. Who, e.g. at 5 p.m. today.", "Good."]),
        ("J. R. Tolkien wrote it. So did I. Really.", ["J. R. Tolkien wrote it.", "So did I.", "Really."]),
        ('He said "no." Then he went.', ['He said "no."', "Then he went."]),
        ("1. First\n2. Second", ["1. First", "2. Second"]),
        ("Wait... what?", ["Wait...", "what?"]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("It was 1999. Then came 2000.", ["It was 1999.", "Then came 2000."]),
        ("", []),
        ("\n\n", []),
    ],
)
def test_sentences(text, cut):
    assert sentences(text) == cut


def test_a_long_first_sentence_is_cut_at_a_comma_and_only_the_first():
    first = "When I was a young loudspeaker in a small shop by the sea"
    cutter = Cutter()
    out = [s for letter in f"{first}, it rained. {first}, it rained. " for s in cutter.push(letter)]
    assert out == [f"{first},", "it rained.", f"{first}, it rained."]


def test_a_sentence_comes_as_soon_as_it_is_complete():
    cutter = Cutter()
    given_out = [list(cutter.push(piece)) for piece in ["Hel", "lo.", " How", " are you?", "\n", "Well", "."]]
    assert given_out == [[], [], ["Hello."], [], ["How are you?"], [], []]
    assert list(cutter.flush()) == ["Well."]


@given(st.text(st.sampled_from("ab .,!?\n1é")), st.integers(1, 7))
def test_nothing_is_lost_however_it_comes(text, size):
    cutter = Cutter()
    out = [s for at in range(0, len(text), size) for s in cutter.push(text[at : at + size])] + list(cutter.flush())
    assert "".join("".join(out).split()) == "".join(text.split())
    assert all(s == s.strip() != "" for s in out)


def test_endless_text_is_cut_between_words():
    out = sentences("word " * 500)
    assert len(out) > 4
    assert all(len(s) <= 400 and s.endswith("word") for s in out)
