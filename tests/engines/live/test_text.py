"""Text that is short enough for GPT-Live."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.engine import Said
from device.engines.live.text import LONGEST, latest, pieces, tokens
from device.wire.live import MOST_APPENDED_TOKENS, MOST_INPUT_TOKENS


@pytest.mark.parametrize(("text", "most"), [("", 0), ("a", 1), ("word", 2), ("日本", 4), ("a日", 3)])
def test_tokens_are_never_fewer_than_a_tokenizer_makes(text: str, most: int) -> None:
    assert tokens(text) == most


def test_of_a_long_history_the_newest_is_kept() -> None:
    history = [Said("user", f"{n} " + "word " * 40) for n in range(300)]
    kept = latest(history)
    assert kept == history[-len(kept) :]
    assert 60 < len(kept) <= 128
    assert sum(tokens(one.text) for one in kept) <= 8192
    assert len(latest([Said("user", "hi")] * 300)) == 128


@pytest.mark.parametrize("text", ["", "word " * 700, "x" * 2500, "日本語" * 300])
def test_pieces_are_short_and_make_the_whole(text: str) -> None:
    found = pieces(text)
    assert all(0 < tokens(piece) <= 500 for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


@given(st.text(max_size=4000))
def test_any_text_is_cut_into_pieces_that_may_be_appended(text: str) -> None:
    found = pieces(text)
    assert all(0 < tokens(piece) <= MOST_APPENDED_TOKENS for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_pieces_end_between_words_where_there_are_any() -> None:
    text = "word " * LONGEST
    assert all(piece.split() == ["word"] * len(piece.split()) for piece in pieces(text))
    assert [len(piece) for piece in pieces("x" * (LONGEST + 1))] == [LONGEST, 1]


def test_a_history_of_which_the_newest_is_too_long_begins_with_nothing() -> None:
    long = Said("user", "x" * (2 * MOST_INPUT_TOKENS + 2))
    assert latest([Said("user", "hi"), long]) == []
    assert latest([long, Said("user", "hi")]) == [Said("user", "hi")]
    assert latest([]) == []
