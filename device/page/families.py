"""What the daemon says of itself, as the families of metrics that Prometheus reads: pure, but for the library.

Whatever the daemon says, what is told is of bounded size: names of engines are cut down to what a name may be, numbers
that cannot be are left out, and of words there are none.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Final, get_args, get_type_hints

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.exposition import generate_latest as plain
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.registry import CollectorRegistry

from device.door.figures import RESPONSE_S, SILENCE_S
from device.door.messages import Fault
from device.door.upkeep import Updates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client.metrics_core import Metric

    from device.door.figures import FiguresAre, Spread
    from device.door.upkeep import VersionIs

OPEN: Final = "application/openmetrics-text"
LARGEST: Final = 2**53
"""Of what is counted: up to it every whole number is one that Prometheus can tell from the next."""
MOST_ENGINES: Final = 16
"""Named ones. A choice: there are a dozen, of which a device has two or three; all others count as `other`."""
OTHER: Final = "other"
_NAME: Final = re.compile(r"[A-Za-z0-9_.+-]{1,40}")
_FAULTS: Final[tuple[str, ...]] = get_args(get_type_hints(Fault)["code"])


class Answer(CollectorRegistry):
    """The families of one answer."""

    def __init__(self, families: Sequence[Metric]) -> None:
        super().__init__(auto_describe=False)
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._families


def written(families: Sequence[Metric], accept: str) -> tuple[bytes, str]:
    """Return families as whoever sends this `Accept` reads them, and of which type that is."""
    if OPEN in accept:
        return openmetrics(Answer(families)), CONTENT_TYPE_LATEST  # type: ignore[no-untyped-call]
    return plain(Answer(families)), CONTENT_TYPE_PLAIN_0_0_4


def families(figures: FiguresAre | None, version: VersionIs | None, celsius: float | None) -> list[Metric]:
    """Return what there is to tell: of a daemon that does not answer, that it is not there."""
    found = [_gauge("up", "Whether the assistant answers the page.", figures is not None)]
    if celsius is not None:
        found.append(_gauge("temperature_celsius", "The hottest part of the machine that is measured.", celsius))
    if figures is not None:
        found += [*_of_turns(figures), *_of_engines(figures), *_of_device(figures)]
    if version is not None:
        found += _of_updates(version)
    return [family for family in found if family.samples]


def _of_turns(now: FiguresAre) -> Iterator[Metric]:
    yield _counter("wakes", "Wake words that were heard.", now.wakes)
    yield _counter("turns", "Replies that were heard to what somebody said.", now.turns)
    what = "From the end of somebody's voice to the first sound of the reply."
    yield _histogram("response_seconds", what, now.response, RESPONSE_S)
    cuts = {"voice": now.cuts.voice, "engine": now.cuts.engine, OTHER: now.cuts.other}
    yield _counters("cuts", "Replies that were cut off: by a voice (a barge-in), the engine, or else.", "by", cuts)
    what = "From the onset of a voice over a reply to the silence, of barge-ins."
    yield _histogram("barge_in_silence_seconds", what, now.silence, SILENCE_S)
    yield _counter("restores", "Replies that went on after all, though a voice had lowered them.", now.restores)
    what = "Voices that were the device's own after all, by which it cut itself off or answered itself."
    yield _counter("self_cuts", what, now.own_voice)
    yield _gauge("hears_itself", "Whether it therefore believes no voice at present.", now.hears_itself)


def _of_engines(now: FiguresAre) -> Iterator[Metric]:
    yield _counters("sessions", "Sessions with engines that were opened.", "engine", _named(now.sessions))
    yield _counter("reconnects", "Of them, after one before had failed in the conversation.", now.reconnects)
    yield _counter("handovers", "Sessions that another one took over from, unheard.", now.handovers)
    yield _counter("engine_errors", "What went wrong with engines.", now.engine_errors)
    yield _counter("starved", "Replies that ran dry: the engine or the network was too slow.", now.starved)
    yield _gauge("cost_today_dollars", "What engines cost since midnight, as far as prices are known.", now.cost_today)
    yield _gauge("budget_dollars", "What they may cost a day; 0: no limit.", now.budget)


def _of_device(now: FiguresAre) -> Iterator[Metric]:
    yield _gauge("uptime_seconds", "Since the assistant was started.", now.up_s)
    yield _gauge("muted", "Whether the microphone is muted.", now.muted)
    yield _gauge("card_present", "Whether the sound card is there.", now.card)
    yield _counter("cards_lost", "How often it vanished.", now.cards_lost)
    yield _gauge("output_buffer_seconds", "Sound that the loudspeaker's buffer holds.", now.buffer_s)
    xruns = {"microphone": now.overruns, "loudspeaker": now.underruns}
    what = "How often the card lost sound of the microphone, or had none for the loudspeaker."
    yield _counters("xruns", what, "direction", xruns)
    yield _counter("lost_seconds", "Sound of the microphone that the assistant was too late for.", now.lost_s)
    wrong = {code: code in now.faults for code in _FAULTS}
    others = {OTHER: any(code not in wrong for code in now.faults)}
    yield StateSetMetricFamily("parley_fault", "What is wrong at present.", wrong | others)
    yield _gauge("settings_serial", "Which settings of the fleet are in force; 0: none.", now.settings_serial)
    yield _info(now.version)


def _of_updates(now: VersionIs) -> Iterator[Metric]:
    states = {state: state == now.updates for state in get_args(Updates)}
    yield StateSetMetricFamily("parley_updates", "How it is with updates.", states)
    if now.looked is not None:
        yield _gauge("update_looked_timestamp_seconds", "When a release was looked for last.", now.looked)


def _info(version: str) -> Metric:
    return InfoMetricFamily("parley_build", "What runs.", {"version": version if _NAME.fullmatch(version) else OTHER})


def _gauge(name: str, what: str, value: float) -> Metric:
    family = GaugeMetricFamily(f"parley_{name}", what)
    if abs(value) <= LARGEST:  # which no NaN is
        family.add_metric([], value)
    return family


def _counter(name: str, what: str, value: float) -> Metric:
    family = CounterMetricFamily(f"parley_{name}", what)
    if _counts(value):
        family.add_metric([], value)
    return family


def _counters(name: str, what: str, label: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"parley_{name}", what, labels=[label])
    for key, value in values.items():
        if _counts(value):
            family.add_metric([key], value)
    return family


def _histogram(name: str, what: str, spread: Spread, bounds: Sequence[float]) -> Metric:
    family = HistogramMetricFamily(f"parley_{name}", what)
    whole = len(spread.counts) == len(bounds) + 1 and all(map(_counts, (*spread.counts, spread.total_s)))
    if whole and _counts(sum(spread.counts)):
        names = [*(str(float(bound)) for bound in bounds), "+Inf"]
        family.add_metric([], list(zip(names, accumulate(spread.counts), strict=True)), spread.total_s)
    return family


def _counts(value: float) -> bool:
    """Tell whether a number can be a count."""
    return 0 <= value <= LARGEST


def _named(sessions: dict[str, int]) -> dict[str, int]:
    """Return sessions by engines, of which few are told by name."""
    found: Counter[str] = Counter()
    for name, count in sorted(sessions.items()):
        known = _NAME.fullmatch(name) and (name in found or len(found) < MOST_ENGINES)
        found[name if known else OTHER] += count
    return found
