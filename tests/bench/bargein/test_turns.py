"""Where turns were taken to be over, from made-up utterances and from the engine's own ears."""

import math

from device.bench import sounds
from device.bench.bargein.turns import Ended, listen, turn_figures
from device.settings.tree import Settings


def ended(kind, rule, *, cut_in=False, reply_ms=500.0, human=False):
    return Ended(
        sound="x",
        kind=kind,
        voice="v",
        text="t",
        human=human,
        noise_db=-60,
        rule=rule,
        cut_in=cut_in,
        turn_ms=1.0,
        reply_ms=reply_ms,
    )


def test_cutting_in_is_weighed_against_the_delay_that_avoiding_it_costs():
    found = [ended("pauses", "settings", cut_in=hit) for hit in (True, False, False, False)]
    found += [ended("pauses", "plain", cut_in=True)] * 4
    found += [ended("complete", "settings", reply_ms=700.0)] * 3 + [ended("complete", "plain", reply_ms=550.0)] * 3
    cut_ins, plain, added, _ = turn_figures(found)
    assert (cut_ins.value, plain.value, added.value) == (25, 100, 150)
    assert (cut_ins.reached, added.reached) == (False, True)


def test_people_are_told_beside_the_synthesizers():
    found = [ended("pauses", "settings")] * 3
    found += [ended("pauses", "settings", cut_in=hit, human=True) for hit in (True, False, False, False)]
    figures = {figure.name: figure for figure in turn_figures(found)}
    assert figures["end of turn: false cut-ins in 3 pauses"].value == 0
    cut_ins = figures["people, end of turn: false cut-ins in 4 pauses"]
    assert (cut_ins.value, cut_ins.at_most, cut_ins.of) == (25, 12, 4)


def test_a_reply_that_never_came_counts_among_the_slowest():
    usual = [ended("complete", "settings", reply_ms=600.0)] * 3 + [ended("complete", "settings", reply_ms=None)]
    *_, added, slowest = turn_figures([*usual, *[ended("complete", "plain", reply_ms=550.0)] * 4])
    assert (added.value, slowest.value) == (50, math.inf)


def test_without_utterances_there_is_nothing_to_reach():
    figures = turn_figures([])
    assert all(math.isnan(figure.value) for figure in figures)
    assert not figures[0].reached


def test_a_plain_silence_ends_turns_after_500_ms_and_cuts_into_long_pauses(models):
    models("moonshine_tiny_en/encoder_model.ort")
    found = sounds.load()
    paused = max((s for s in found if s.kind == "pauses"), key=lambda s: s.pause[1] - s.pause[0])
    complete = next(s for s in found if s.kind == "complete")
    ended = {(e.kind, e.noise_db): e for e in listen([paused, complete], Settings()) if e.rule == "plain"}
    assert ended["pauses", -60].cut_in
    assert not ended["complete", -60].cut_in
    assert 400 < ended["complete", -60].turn_ms < 900
    assert ended["complete", -60].reply_ms >= ended["complete", -60].turn_ms
