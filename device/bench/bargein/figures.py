"""The figures of barge-in, and under which conditions they are how good."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec.structs import replace

from device.bench.bargein.judge import KEPT_MS, WORD_MS
from device.bench.result import Figure, percentile, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.bench.bargein.judge import Outcome

SOON = {
    "stall": "in the 2 s after a stall",
    "jump": "while the echo jumps",
    "cold": "over the first reply of all",
}
"""When somebody interrupts whom the device hardly knows how to hear."""
HIGH_HZ = 320.0
"""Voices above this are children's, shouted or sung."""
DRAWN_OUT_S = 0.7
"""Longer backchannels are drawn out: "okaaay"."""
SOON_MS = 700.0
"""Within this, somebody whose language the device does not know shall be heard."""
TICS = frozenset({"cough", "laugh", "cry", "moan", "grunt", "sigh", "sneeze"})
"""Noises that people make without meaning to say anything."""
HESITATIONS = frozenset({"um", "uhm", "uh", "er", "erm"})
"""The same in letters."""
AT_LEAST = 95.0
"""Percent of these silence the reply all the same."""
LESS = 1.0
"""By so many points, at the most, are things worse in the 30 s after a stall."""


def _is_tic(outcome: Outcome) -> bool:
    return {"noise": outcome.voice in TICS, "backchannel": outcome.text in HESITATIONS}.get(outcome.role, False)


SELECTIVITIES: Final[dict[str, Callable[[Outcome], bool]]] = {
    "backchannels": lambda o: o.role == "backchannel" and not _is_tic(o),
    "vocal tics": _is_tic,
    "not meant for the device": lambda o: o.role == "distant",
}
"""What shall leave a reply alone, as tau-voice tells it apart."""


def figures(outcomes: Sequence[Outcome]) -> tuple[Figure, ...]:
    """Return the figures with what they must reach."""
    people = [outcome for outcome in outcomes if outcome.human and not outcome.trouble]
    plain = [outcome for outcome in outcomes if not outcome.human and not outcome.trouble]

    def of(role: str) -> list[Outcome]:
        return [outcome for outcome in plain if outcome.role == role and outcome.reached is not None]

    interrupted = of("yield")
    silenced = [outcome for outcome in interrupted if outcome.reached]
    ducks = [np.inf if outcome.duck_ms is None else outcome.duck_ms for outcome in interrupted]
    silences = [outcome.silence_ms for outcome in silenced if outcome.silence_ms is not None]
    heard = [outcome.heard_ms for outcome in plain if outcome.heard_ms is not None]
    made = [
        *_two(f"duck, {len(ducks)} interruptions", ducks, median=120, p95=200),
        _rate(f"yield rate, {len(interrupted)} interruptions", [bool(o.reached) for o in interrupted], 98),
        *_two("yield time", silences, median=550, p95=900),
        *_kept("backchannels", of("backchannel"), 90),
        *_kept("not speech", of("noise"), 95),
        _rate("… vocal tics among that: kept", [bool(o.reached) for o in of("noise") if o.voice in TICS], None),
        *_kept("not meant for the device", of("distant"), 70),
        _selectivity("selectivity", plain),
        *_alone([outcome for outcome in of("self") if outcome.talk.startswith("self")]),
        _rate("first word reaches the engine", [bool(o.first_word) for o in silenced], 98),
        Figure(f"heard, the worst of {len(heard)}", max(heard, default=float("nan")), "ms", 20),
        Figure("heard, p95", percentile(heard, 95), "ms"),
        *_woken("wake word through a reply", of("wake"), of("wake alone"), only=False),
        *_woken("…, where only it interrupts", of("wake"), of("wake alone"), only=True),
        *_troubled(outcomes),
        *_of_people(people),
        Figure("trials without anything to judge", sum(o.reached is None for o in outcomes), ""),
    ]
    return tuple(figure for figure in made if not np.isnan(figure.value) or figure.bound)


def _of_people(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return what recordings of people get, in the order of the bench's README; nothing where there are none."""

    def of(role: str) -> list[Outcome]:
        return [outcome for outcome in outcomes if outcome.role == role and outcome.reached is not None]

    made: list[Figure] = []
    interrupted = of("yield")
    high = [outcome for outcome in interrupted if (outcome.pitch_hz or 0.0) > HIGH_HZ]
    usual = [outcome for outcome in interrupted if outcome not in high]
    for which, some, at_least in (("up to", usual, 98.5), ("above", high, 90.0)):
        name = f"people, {which} {HIGH_HZ:g} Hz"
        made.append(_rate(f"{name}: interruptions silence the reply", [bool(o.reached) for o in some], at_least))
        silences = [o.silence_ms for o in some if o.reached and o.silence_ms is not None]
        made += _two(f"{name}: how soon", silences, median=130, p95=350)
    nods, tics, distant = (_judged(outcomes, is_one) for is_one in SELECTIVITIES.values())
    drawn = [outcome for outcome in nods if outcome.lasts_s > DRAWN_OUT_S]
    noises = [outcome for outcome in of("noise") if outcome.voice not in TICS]
    for name, some, at_least in (
        ("backchannels", nods, 93.0),
        (f"backchannels of over {DRAWN_OUT_S:g} s", drawn, 88.0),
        ("vocal tics, laughter and cries", tics, 95.0),
        ("not meant for the device", distant, 70.0),
        ("other noise", noises, 99.0),
    ):
        made.append(_rate(f"people: {name}: kept", [bool(o.reached) for o in some], at_least))
        cut = _rate(f"people: {name}: cut off", [o.cut for o in some], None)
        made.append(replace(cut, at_most=2.0) if some is nods else cut)
    soon = [bool(o.reached and o.silence_ms is not None and o.silence_ms < SOON_MS) for o in of("foreign")]
    made.append(_rate(f"people: not the settings' language: silence the reply within {SOON_MS:g} ms", soon, 90))
    words = [bool(o.first_word) for o in interrupted if o.reached]
    made.append(_rate("people: the first word reaches the engine", words, 99))
    made.append(_selectivity("people: selectivity", outcomes))
    return [figure for figure in made if not np.isnan(figure.value)]


def _selectivity(name: str, outcomes: Sequence[Outcome]) -> Figure:
    """Return the mean of the three selectivities, as far as each was tried."""
    shares = [_share(some) for is_one in SELECTIVITIES.values() if (some := _judged(outcomes, is_one))]
    return Figure(f"{name}, the mean of {len(shares)} of 3", float(np.mean(shares)) if shares else float("nan"), "%")


def _judged(outcomes: Sequence[Outcome], is_one: Callable[[Outcome], bool]) -> list[Outcome]:
    """Return what could be judged, when the card was well, of one kind."""
    return [o for o in outcomes if o.reached is not None and not o.trouble and is_one(o)]


def _troubled(outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return what becomes of it when the card stalls, the echo jumps, or the device has just started."""

    def of(trouble: str, role: str) -> list[Outcome]:
        return [o for o in outcomes if (o.trouble, o.role) == (trouble, role) and o.reached is not None]

    made: list[Figure] = []
    for trouble, name in SOON.items():
        some = of(trouble, "yield")
        silenced = [o for o in some if o.reached]
        silences = [o.silence_ms for o in silenced if o.silence_ms is not None]
        heard = [o.heard_ms for o in some if o.heard_ms is not None]
        made += [
            _rate(f"yield rate {name}, {len(some)}", [bool(o.reached) for o in some], AT_LEAST),
            _rate("… first word reaches the engine", [bool(o.first_word) for o in silenced], AT_LEAST),
            *_gone(trouble, outcomes),
            Figure("… yield time, median", percentile(silences, 50), "ms"),
            Figure("… heard, p95", percentile(heard, 95), "ms"),
        ]
    for role, name in (("yield", "yield rate"), ("backchannel", "backchannels kept")):
        calm, later, soon = of("calm", role), of("later", role), of("stall", role)
        made += [
            _rate(
                f"{name} in the same conversations without a stall, {len(calm)}", [bool(o.reached) for o in calm], None
            ),
            Figure(f"… points less in the 30 s after a stall, {len(later)}", _share(calm) - _share(later), "", LESS),
            Figure(f"… points less in the 2 s after a stall, {len(soon)}", _share(calm) - _share(soon), ""),
        ]
    return [figure for figure in made if not np.isnan(figure.value)]


def _gone(trouble: str, outcomes: Sequence[Outcome]) -> list[Figure]:
    """Return how often the device had cut itself off before anybody spoke."""
    gone = [o for o in outcomes if o.trouble == trouble and o.reached is None and "cut off already" in o.why]
    return [Figure(f"… the reply was cut off before, {len(gone)}", len(gone), "", 0)] if gone else []


def _share(outcomes: Sequence[Outcome]) -> float:
    return 100 * sum(bool(o.reached) for o in outcomes) / len(outcomes) if outcomes else float("nan")


def notes(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return under which conditions the device did worst, and when there was nothing to judge."""
    by: dict[str, Callable[[Outcome], str]] = {
        "echo": lambda o: f"echo {o.echo_db:+g} dB",
        "noise": lambda o: f"noise {o.noise_db:g} dBFS",
        "clip": lambda o: f"clip {o.clip:g}",
        "RT60": lambda o: f"RT60 {o.rt60:g} s",
        "voice": lambda o: o.voice,
        "text": lambda o: f"“{o.text}”" if o.text else o.sound,
    }
    kinds: dict[str, Callable[[Outcome], bool]] = {
        "interruptions": lambda o: o.role == "yield",
        "in another language": lambda o: o.role == "foreign",
        **SELECTIVITIES,
    }
    told = [line for name, is_one in kinds.items() for line in _by_echo(name, outcomes, is_one)]
    for role in ("yield", "foreign", "backchannel", "noise", "distant", "wake"):
        judged = [o for o in outcomes if o.role == role and o.reached is not None]
        worst = []
        for key in by.values():
            groups: dict[str, list[bool]] = defaultdict(list)
            for outcome in judged:
                groups[key(outcome)].append(bool(outcome.reached))
            poor = sorted((sum(hits) / len(hits), name) for name, hits in groups.items() if not all(hits))
            if len(groups) > 1:
                worst += [f"{name} {sum(groups[name])}/{len(groups[name])}" for _, name in poor[:2]]
        if worst:
            told.append(f"{role}, worst: {', '.join(worst)}")
    idle = Counter(f"{o.role}: {o.why}" for o in outcomes if o.reached is None)
    told += [f"nothing to judge, {count} times {why}" for why, count in idle.most_common(5)]
    return tuple(told)


def _by_echo(name: str, outcomes: Sequence[Outcome], is_one: Callable[[Outcome], bool]) -> list[str]:
    """Return how people and synthesizers did in all, and at each level of the echo."""
    told = []
    for human, who in ((True, "people"), (False, "synthesizers")):
        some = [outcome for outcome in _judged(outcomes, is_one) if outcome.human is human]
        levels = sorted({outcome.echo_db for outcome in some})
        rates = [
            _rate(f"{level:+g} dB", [bool(o.reached) for o in some if o.echo_db == level], None) for level in levels
        ]
        if len(rates) > 1:
            whole = _rate("", [bool(o.reached) for o in some], None).measured
            told.append(f"{name}, {who}: {whole}; by echo: {', '.join(f'{r.name} {r.measured}' for r in rates)}")
    return told


def _two(name: str, values: Sequence[float], *, median: float, p95: float) -> tuple[Figure, Figure]:
    return spread(name, values, "ms", median=median, p95=p95)


def _rate(name: str, hits: Sequence[bool], at_least: float | None) -> Figure:
    share = 100 * sum(hits) / len(hits) if hits else float("nan")
    return Figure(name, share, "%", at_least=at_least, of=len(hits))


def _kept(name: str, judged: Sequence[Outcome], at_least: float) -> list[Figure]:
    """Return how often a reply was kept, and how often each part of that was so."""
    return [
        _rate(f"{name}, {len(judged)}: kept", [bool(o.reached) for o in judged], at_least),
        _rate(f"{name}: not cut off", [not o.cut for o in judged], None),
        _rate(f"{name}: never lowered", [not o.cut and not o.dips for o in judged], None),
        _rate(
            f"{name}: back within {KEPT_MS:g} ms, if lowered",
            [not o.cut and not o.why.startswith("back") for o in judged if o.dips],
            None,
        ),
        _rate(f"{name}: no word lost", [not o.cut and (o.lost_ms or 0.0) < WORD_MS for o in judged], None),
    ]


def _alone(judged: Sequence[Outcome]) -> list[Figure]:
    """Return how often the device interrupted itself, for each echo level."""
    made = []
    for echo in sorted({o.echo_db for o in judged}):
        talked = [o for o in judged if o.echo_db == echo]
        minutes = sum(o.reply_s for o in talked) / 60
        name = f"self-interruptions, echo {echo:+g} dB, {minutes:.0f} minutes"
        made.append(Figure(name, sum(o.cut for o in talked), "", at_most=1 if echo > 0 else 0))
        made.append(Figure("… lowered for nothing", sum(o.false_dips for o in talked) / max(1e-9, minutes), "a minute"))
    return made


def _woken(name: str, over: Sequence[Outcome], alone: Sequence[Outcome], *, only: bool) -> list[Figure]:
    """Return how often the wake word is detected, as part of how often it is without a reply."""
    heard = [bool(o.reached) for o in over if o.talk.startswith("wake-only") == only]
    usual = [bool(o.reached) for o in alone if o.talk.startswith("wake-only") == only]
    if not heard or not sum(usual):
        return []
    share = 100 * (sum(heard) / len(heard)) / (sum(usual) / len(usual))
    return [
        Figure(f"{name}, of what is detected without, {len(heard)}", share, "%", at_least=90),
        _rate("… without a reply", usual, None),
    ]
