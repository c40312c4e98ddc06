"""How likely a phrase is, over a decoder that is a table."""

import numpy as np
import pytest

from device.listen.begins_with import LOWEST, WIDTH, letters_of, spelling, spelt
from device.listen.moonshine_networks import BEGIN

TOKENS = [b"?", b"<s>", b"</s>", "▁Hey".encode(), b",", "▁Jar".encode(), b"vis", "▁Java".encode(), b"9", "▁Hé".encode()]
NEXT = {
    (): {"▁Hey": 0.5, "▁Java": 0.2},
    ("▁Hey",): {",": 0.6, "▁Jar": 0.3},
    ("▁Hey", ","): {"▁Jar": 0.1, "▁Java": 0.8},
    ("▁Hey", "▁Jar"): {"vis": 0.9},
    ("▁Hey", ",", "▁Jar"): {"vis": 0.5, ",": 0.2},
    ("▁Hey", ",", "▁Jar", ","): {"vis": 0.9, ",": 0.1},
}


class Table:
    """A `Decoding` that goes by `NEXT`."""

    def __init__(self):
        self.at, self.width = [()], 0

    def step(self, tokens):
        self.at = [
            (*at, TOKENS[token].decode()) if token != BEGIN else () for at, token in zip(self.at, tokens, strict=True)
        ]
        self.width = max(self.width, len(self.at))
        rows = np.full((len(self.at), len(TOKENS)), 1e-9)
        for row, at in zip(rows, self.at, strict=True):
            for word, p in NEXT.get(at, {}).items():
                row[TOKENS.index(word.encode())] = p
        return np.log(rows)

    def keep(self, which):
        self.at = [self.at[i] for i in which]


def test_letters_have_neither_case_nor_blanks_nor_signs():
    assert letters_of("▁Hey, Jarvis!".encode()) == "heyjarvis"
    assert letters_of(b"\xe2\x96") == "", "half a sign"


def test_a_phrase_is_written_with_the_tokens_that_have_its_letters():
    ways = spelling(TOKENS, "heyjarvis")
    assert ways == {"": [4], "hey": [3], "jar": [5], "vis": [6]}


def test_the_likeliest_way_to_write_it_counts():
    table = Table()
    found, tokens = spelt(table, spelling(TOKENS, "heyjarvis"), "heyjarvis")
    assert found == pytest.approx(np.log(0.5 * 0.3 * 0.9)), "without the comma, though that is likelier at first"
    assert [TOKENS[token].decode() for token in tokens] == ["▁Hey", "▁Jar", "vis"]
    assert table.width <= WIDTH


def test_what_cannot_be_written_is_as_unlikely_as_can_be():
    assert spelt(Table(), spelling(TOKENS, "alexa"), "alexa") == (LOWEST, ())


def test_what_is_less_likely_than_wanted_is_not_looked_for():
    table, ways = Table(), spelling(TOKENS, "heyjarvis")
    assert spelt(table, ways, "heyjarvis", np.log(0.4)) == (np.log(0.4), ())
    assert table.at == [("▁Hey",)], "it gave up before the second word"
