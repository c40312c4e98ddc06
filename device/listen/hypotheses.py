"""What else a piece of speech may have been: beam search for the likeliest hypotheses that differ in their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.listen.moonshine_networks import BEGIN, END

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.listen.moonshine_networks import Decoding

WIDTH: Final = 10
"""Hypotheses that are followed at once. Of ten misheard requests of four voices, the right one was among those
of 6, 8 and 10 in two, two and six; 10 take a third more time than 6."""


class Hypothesis(Struct, frozen=True):
    """One way to understand a piece of speech."""

    ids: tuple[int, ...]
    score: float
    """Log probability of all of its tokens, the end included."""
    scores: tuple[float, ...] = ()
    """Log probability of each of them, the end apart."""

    @property
    def confidence(self) -> float:
        """Mean log probability of its tokens."""
        return self.score / (len(self.ids) + 1)


def likeliest(
    decoding: Decoding,
    words: Callable[[tuple[int, ...]], str],
    limit: int,
    lowest: float,
    width: int = WIDTH,
    *,
    after: tuple[int, ...] = (),
    ended: Callable[[Hypothesis], float] | None = None,
) -> list[Hypothesis]:
    """Return hypotheses of one to `limit` tokens whose score is at least `lowest`, the likeliest first.

    `words` says what tokens are when written and spelling does not count: of two that are the same, the likelier is
    followed. They come after the tokens `after`. `ended` is told of each as soon as it is whole, and says how low the
    score of those may be that are still followed. `decoding` has just begun.
    """
    open_ = [Hypothesis((), 0.0)]
    done: dict[str, Hypothesis] = {}
    for token in (BEGIN, *after):
        rows = decoding.step([token])
    rows[:, END] = -np.inf
    for _ in range(limit):
        following: dict[str, tuple[Hypothesis, int]] = {}
        for score, at, token in _best(open_, rows, lowest, width):
            if token == END:
                whole = Hypothesis(open_[at].ids, score, open_[at].scores)
                said = words(whole.ids)
                if said not in done or done[said].score < score:  # of the same words, that with a full stop comes later
                    done[said] = whole
                    lowest = max(lowest, ended(whole)) if ended else lowest
            else:
                scores = (*open_[at].scores, score - open_[at].score)
                longer = Hypothesis((*open_[at].ids, token), score, scores)
                following.setdefault(words(longer.ids), (longer, at))
            if len(following) == width:
                break
        if not following:
            break
        open_ = [one for one, _ in following.values()]
        decoding.keep([at for _, at in following.values()])
        rows = decoding.step([one.ids[-1] for one in open_])
    return sorted(done.values(), key=lambda one: one.score, reverse=True)


def _best(
    open_: list[Hypothesis], rows: NDArray[np.float32], lowest: float, width: int
) -> list[tuple[float, int, int]]:
    """Return the likeliest next tokens of all that are likely enough: the score with it, whose it is, and the token."""
    found = [
        (one.score + float(row[token]), at, int(token))
        for at, (one, row) in enumerate(zip(open_, rows, strict=True))
        for token in np.flatnonzero(row >= lowest - one.score)
    ]
    return sorted(found, reverse=True)[: 3 * width]
