"""Beam search, over a decoder that is a table."""

import numpy as np
import pytest

from device.listen.hypotheses import likeliest
from device.listen.moonshine_networks import BEGIN, END

TOKENS = ["?", "<s>", "</s>", "two", "to", "Two", "hours", "ours", "."]
NEXT = {
    (): {"two": 0.3, "to": 0.4, "Two": 0.25},
    ("two",): {"hours": 0.6, "ours": 0.3},
    ("to",): {"hours": 0.1, "ours": 0.6},
    ("Two",): {"hours": 0.6, "ours": 0.3},
}


class Table:
    """A `Decoding` that goes by `NEXT`; after its last word a hypothesis ends, or has a full stop first."""

    def __init__(self):
        self.at, self.width = [()], 0

    def step(self, tokens):
        self.at = [(*at, TOKENS[token]) if token != BEGIN else () for at, token in zip(self.at, tokens, strict=True)]
        self.width = max(self.width, len(self.at))
        rows = np.full((len(self.at), len(TOKENS)), 1e-6)
        for row, at in zip(rows, self.at, strict=True):
            for word, p in NEXT.get(at, {"</s>": 0.6, ".": 0.3} if "." not in at else {"</s>": 0.9}).items():
                row[TOKENS.index(word)] = p
        return np.log(rows)

    def keep(self, which):
        self.at = [self.at[i] for i in which]


def words(ids):
    return " ".join(TOKENS[i] for i in ids).lower().replace(" .", "").replace(".", "")


def test_the_likeliest_come_first_and_spelling_is_no_difference():
    table = Table()
    found = likeliest(table, words, 8, -9.0, 4)
    assert [words(one.ids) for one in found[:3]] == ["to ours", "two hours", "two ours"]
    assert found[0].score == pytest.approx(np.log(0.4 * 0.6 * 0.6))
    assert found[0].confidence == pytest.approx(found[0].score / 3)
    assert sum(found[0].scores) == pytest.approx(np.log(0.4 * 0.6))
    assert table.width <= 4
    assert len({words(one.ids) for one in found}) == len(found)


def test_what_is_too_unlikely_is_not_followed():
    table = Table()
    found = likeliest(table, words, 8, np.log(0.4 * 0.6 * 0.6) - 0.1, 4)
    assert [words(one.ids) for one in found] == ["to ours"]
    assert table.width < 4


def test_a_full_stop_that_makes_it_likelier_counts(monkeypatch):
    monkeypatch.setitem(NEXT, ("to", "ours"), {"</s>": 0.05, ".": 0.9})
    found = likeliest(Table(), words, 8, -9.0, 4)
    assert found[0].score == pytest.approx(np.log(0.4 * 0.6 * 0.9 * 0.9))


def test_what_is_found_ends_the_search_for_what_is_less_likely(monkeypatch):
    for first in ("two", "Two"):  # these end a step later
        monkeypatch.setitem(NEXT, (first, "hours"), {".": 0.5})
    told = []
    likeliest(Table(), words, 8, -9.0, 4, ended=lambda one: told.append(words(one.ids)) or -9.0)
    assert "two hours" in told
    told.clear()
    likeliest(Table(), words, 8, -9.0, 4, ended=lambda one: told.append(words(one.ids)) or one.score)
    assert told[0] == "to ours"
    assert "two hours" not in told


def test_there_is_always_a_word():
    class Silent(Table):
        """Takes it for silence, more likely than not."""

        def step(self, tokens):
            rows = super().step(tokens)
            if tokens == [BEGIN]:
                rows[:, END] = -0.1
            return rows

    found = likeliest(Silent(), words, 8, -9.0, 4)
    assert found
    assert all(one.ids for one in found)


def test_it_ends_at_the_limit():
    assert likeliest(Table(), words, 1, -9.0, 4) == []
    assert all(END not in one.ids for one in likeliest(Table(), words, 3, -9.0, 4))


def test_they_come_after_the_tokens_that_are_given():
    after = (TOKENS.index("two"),)
    found = likeliest(Table(), words, 8, -9.0, 4, after=after)
    assert [words(one.ids) for one in found[:2]] == ["hours", "ours"]
    assert found[0].score == pytest.approx(np.log(0.6 * 0.6)), "these cost nothing"
