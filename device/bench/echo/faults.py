"""The canceller with cards that go wrong: how soon the echo is found again, and what looking for it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.bench.echo.cards import JUMPS, cards, tape
from device.bench.echo.judge import cancel, judge_card
from device.bench.echo.load import cpu
from device.bench.result import Figure, percentile
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.bench.echo.cards import Taped
    from device.bench.echo.rooms import Sound
    from device.bench.result import Job

ERLE_DB: Final = 29.0
"""What must be reached wherever the echo begins: as in other rooms."""
AGAIN_S: Final = 1.0
"""Within so much of a reply, an echo that has moved must be found again (p90)."""
CPU_SHARE, CPU_SEARCHING = 0.03, 0.06
"""Seconds a second, in the mean, and while an echo is looked for."""
SEARCH_S: Final = 2
"""Seconds after a start or a jump in which it may be looked for."""
QUICK_STEP: Final = 7
"""Every which card is tried in a short run: one that is well, and jumps."""
PLACES: Final = ((0.25, 0.2), (0.6, 0.6))
"""Loudspeakers and reverberation: a small one in a furnished room, a good one in a bare one."""


def fault_figures(job: Job, replies: Sequence[Sound]) -> tuple[Figure, ...]:
    """Measure with all cards."""
    figures: list[Figure] = []
    tried = list(cards(PLACES[:1] if job.quick else PLACES).items())
    for name, some in tried[::QUICK_STEP] if job.quick else tried:
        taped = [tape(card, replies) for card in some]
        found = [judge_card(one, cancel(one.played, one.heard, one.missing).clean) for one in taped]
        moved = any(card.times for card in some)
        figures.append(
            Figure(
                f"ERLE, {name}, median of {len(found)}",
                percentile([one.erle for one in found], 50),
                "dB",
                at_least=ERLE_DB if name.startswith("delay") else None,
            )
        )
        if moved:
            again = [seconds for one in found for seconds in one.again]
            figures.append(Figure(f"… found again, median of {len(again)}", percentile(again, 50), "s"))
            figures.append(Figure("… p90", percentile(again, 90), "s", AGAIN_S))
        else:
            figures.append(Figure("… convergence, the worst", max(one.convergence for one in found), "s"))
        if name == JUMPS:
            figures += _cpu(job, taped[0])
    return tuple(figures)


def _cpu(job: Job, jumped: Taped) -> tuple[Figure, Figure]:
    """Measure what the front end takes while the echo jumps."""
    spent = cpu(job.settings, jumped.played, jumped.heard, jumped.missing)
    searching = {at // CLOCK_RATE + n for at in (0, *jumped.changes) for n in range(SEARCH_S)}
    looked = [seconds for second, seconds in enumerate(spent) if second in searching]
    return (
        Figure("CPU of the front end, an echo that jumps, mean", float(np.mean(spent)), "s/s", CPU_SHARE),
        Figure("… in the 2 s after a jump, median", percentile(looked, 50), "s/s", CPU_SEARCHING),
    )
