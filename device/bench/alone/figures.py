"""The figures of a device that is left alone, with what they must reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.bench.alone.plan import STALLS_S, often
from device.bench.result import Figure, percentile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from device.bench.alone.play import Counts

DIPS_PER_10_MINUTES, LOUD_DIPS_PER_MINUTE = 1.0, 1.0
"""How often a reply may be lowered for nothing: with an echo up to 0 dB, and with a louder one."""
WHOLE = 99.0
"""Percent of the replies are heard to their end: a choice, so that a device that says nothing does not pass."""
WORST = 12
"""So many of the worst cases are told."""


def figures(done: Sequence[Counts]) -> tuple[Figure, ...]:
    """Return the figures of what was played."""

    def of(group: str) -> list[Counts]:
        return [counts for counts in done if counts.group == group]

    made: list[Figure] = []
    grid = of("grid")
    for echo in sorted({counts.echo_db for counts in grid}):
        for every in STALLS_S:
            cell = [counts for counts in grid if (counts.echo_db, counts.stall_s) == (echo, every)]
            made += _never(f"echo {echo:+g} dB, {often(every)}", cell)
    made += _dips(grid)
    names = dict.fromkeys(counts.case.rpartition(",")[0] for counts in of("faults"))
    for name in names:
        of_kind = [counts for counts in of("faults") if counts.case.rpartition(",")[0] == name]
        made.append(Figure(f"{name}, {_minutes(of_kind)}: cuts itself off, is answered or wakes", _all(of_kind), "", 0))
    made += _never(f"{len(of('cold'))} cold starts", of("cold"))
    chimes = of("chime")
    if chimes:
        made.append(Figure(f"{len(chimes)} start-up sounds: wakes itself", sum(one.wakes for one in chimes), "", 0))
    made += _never("its own sounds", of("sounds"))
    for counts in of("lost"):
        name = f"{counts.case}, {_minutes([counts])}: takes itself for somebody, in the last third"
        made.append(Figure(name, counts.late, "", 0))
        made.append(Figure("… and before", _all([counts]) - counts.late, ""))
    sound = [counts for counts in done if counts.group != "lost"]
    return (*made, *_whole(sound), *_tails(sound))


def notes(done: Sequence[Counts]) -> tuple[str, ...]:
    """Return in which cases the device took itself for somebody most often."""
    worst = sorted((counts for counts in done if _all([counts])), key=lambda counts: -_all([counts]))
    told = [
        f"{one.case}: {one.cuts} cuts, {one.answers} answers, {one.wakes} wakes in {one.seconds:g} s"
        for one in worst[:WORST]
    ]
    if len(worst) > WORST:
        told.append(f"… and {len(worst) - WORST} more of {len(done)} cases")
    return tuple(told)


def _never(name: str, cases: Sequence[Counts]) -> list[Figure]:
    """Return how often what must never happen did."""
    if not cases:
        return []
    return [
        Figure(f"{name}, {_minutes(cases)}: cuts itself off", sum(one.cuts for one in cases), "", 0),
        Figure("… is answered by the engine", sum(one.answers for one in cases), "", 0),
        Figure("… wakes itself", sum(one.wakes for one in cases), "", 0),
    ]


def _dips(cases: Sequence[Counts]) -> Iterable[Figure]:
    """Return how often a reply was lowered and came back."""
    soft = [one for one in cases if one.echo_db <= 0]
    loud = [one for one in cases if one.echo_db > 0]
    for name, some, per_s, most in (
        ("lowered for nothing, echo up to 0 dB, in 10 minutes", soft, 600, DIPS_PER_10_MINUTES),
        ("lowered for nothing, louder echo, a minute", loud, 60, LOUD_DIPS_PER_MINUTE),
    ):
        if some:
            seconds = sum(one.seconds for one in some)
            yield Figure(name, sum(one.dips for one in some) * per_s / seconds, "", most)


def _whole(cases: Sequence[Counts]) -> Iterable[Figure]:
    """Return how many replies were heard to their end; the scene may end in one."""
    given = sum(one.replies for one in cases)
    if given:
        whole = sum(min(one.replies, one.whole + 1) for one in cases)
        yield Figure(f"replies heard to their end, of {given}", 100 * whole / given, "%", at_least=WHOLE)


def _tails(cases: Sequence[Counts]) -> Iterable[Figure]:
    """Return what the engine hears after replies."""
    tails = sum(one.tails for one in cases)
    if tails:
        loudest = [level for one in cases for level in one.loudest_dbfs]
        yield Figure(f"… after which the engine finds a voice, of {tails}", sum(one.voiced for one in cases), "", 0)
        yield Figure("… the loudest 32 ms that it hears there, median", percentile(loudest, 50), "dBFS")
        yield Figure("… p95", percentile(loudest, 95), "dBFS")


def _all(cases: Sequence[Counts]) -> int:
    return sum(one.cuts + one.answers + one.wakes for one in cases)


def _minutes(cases: Sequence[Counts]) -> str:
    return f"{sum(one.seconds for one in cases) / 60:.3g} minutes"
