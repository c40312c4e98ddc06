"""How likely it is that speech begins with a phrase that is given, however its words are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.listen.moonshine_networks import BEGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.listen.moonshine_networks import Decoding

WIDTH: Final = 4
"""Spellings that are followed at once: as a word or in pieces, with a comma or without."""
LOWEST: Final = -30.0
"""Log probability below which nothing is followed: for that phrase, 1e-13."""
LONGEST: Final = 14
"""Most tokens of a phrase."""


def letters_of(text: bytes) -> str:
    """Return what is left of a token or a phrase without case, blanks and signs."""
    return "".join(filter(str.isalpha, text.decode("utf-8", "ignore").replace("▁", "").lower()))


def spelling(tokens: Iterable[bytes], letters: str) -> dict[str, list[int]]:
    """Return the tokens that any part of `letters` can be written with, by that part; "" has the signs."""
    parts = {letters[i:j] for i in range(len(letters)) for j in range(i + 1, len(letters) + 1)}
    found: dict[str, list[int]] = {"": []}
    for at, token in enumerate(tokens):
        plain = token.replace("▁".encode(), b"").strip()
        if plain in _SIGNS:
            found[""].append(at)
        elif plain.isalpha() and (part := plain.decode("utf-8", "ignore").lower()) in parts:
            found.setdefault(part, []).append(at)
    return found


_SIGNS: Final = (b",", b".", b"!", b"-", b"'")


class _Spelt(Struct, frozen=True):
    score: float
    letters: int
    """How many of the phrase are written."""
    row: int
    """Of the hypothesis that it goes on from."""
    tokens: tuple[int, ...]
    sign: bool


def spelt(
    decoding: Decoding, ways: Mapping[str, Sequence[int]], letters: str, lowest: float = LOWEST
) -> tuple[float, tuple[int, ...]]:
    """Return the likeliest way to write `letters` in the tokens `ways`, at the beginning of what is decoded.

    That is its log probability and its tokens; `lowest` and none if no way is likelier. `decoding` has just begun.
    """
    open_ = [_Spelt(0.0, 0, 0, (BEGIN,), sign=True)]
    best = lowest
    tokens: tuple[int, ...] = ()
    for _ in range(LONGEST):
        rows = decoding.step([one.tokens[-1] for one in open_])
        going: list[_Spelt] = []
        following = (one for row, before in enumerate(open_) for one in _on(before, row, rows[row], ways, letters))
        for one in sorted(following, key=lambda one: -one.score):
            if one.score <= best:
                break
            if one.letters == len(letters):
                best, tokens = one.score, one.tokens[1:]
            elif len(going) < WIDTH:
                going.append(one)
        if not going:
            break
        decoding.keep([one.row for one in going])
        open_ = going
    return best, tokens


def _on(
    before: _Spelt, row: int, scores: NDArray[np.float32], ways: Mapping[str, Sequence[int]], letters: str
) -> Iterator[_Spelt]:
    """Yield every way to write on after `before`."""
    at = before.letters
    for end in range(at if not before.sign else at + 1, len(letters) + 1):
        for token in ways.get(letters[at:end], ()):
            yield _Spelt(before.score + float(scores[token]), end, row, (*before.tokens, token), sign=end == at)
