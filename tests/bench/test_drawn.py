"""Results as HTML: each figure with its bound, cases with how they are distributed, and nothing of them as markup."""

import math
import re

import pytest

from device.bench.drawn import MOST_ROWS, WIDTH, bar, distribution, page
from device.bench.result import Figure, Result

NASTY = "<script>alert(1)</script>\x1b[2J"


def drawn(*results, quick=False):
    return page(results, {"processor": "a <chip>", "cores": 4}, "2026-11-30T12:00:00Z", quick=quick).decode()


@pytest.mark.parametrize(
    ("figure", "kind", "value", "bound"),
    [
        (Figure("x", 500, "ms", 1000), "kept", 500, 1000),
        (Figure("x", 2000, "ms", 1000), "missed", 2000, 1000),
        (Figure("x", 99, "%", None, 90), "kept", 99, 90),
        (Figure("x", 0, "", 0), "kept", 0, 0),
        (Figure("x", -3, "dB", 2), "kept", 0, 2),
    ],
)
def test_a_bar_is_as_long_as_the_value_beside_its_bound(figure, kind, value, bound):
    found = bar(figure)
    (length,) = re.findall(rf'class="{kind}" y="3" width="([\d.]+)"', found)
    (mark,) = re.findall(r'class="bound" x="([\d.]+)"', found)
    assert float(length) * bound == pytest.approx(float(mark) * value, abs=0.1 * max(1, value, bound))
    assert max(float(length), float(mark)) <= WIDTH


@pytest.mark.parametrize("figure", [Figure("x", 3, "ms"), Figure("x", math.nan, "s", 1), Figure("x", math.inf, "s", 1)])
def test_what_has_no_bound_or_was_not_measured_has_no_bar(figure):
    assert bar(figure) == ""


def test_a_distribution_has_a_bar_for_each_case_from_the_least():
    heights = [float(h) for h in re.findall(r'height="([\d.]+)"/>', distribution([4.0, 1.0, math.nan, 2.0]))]
    assert heights == [12.0, 24.0, 48.0]


def test_figures_are_told_with_what_they_must_be_and_whether_they_are():
    text = drawn(Result("slow", "How slow.", (Figure("reply", 1450, "ms", 1200), Figure("told", 3, "")), ("a note",)))
    for part in ("slow", "How slow.", "1450 ms", "≤ 1200 ms", "not reached", "a note", "a &lt;chip&gt;"):
        assert part in text
    assert text.count('<tr class="missed">') == 1
    assert "not for quoting" not in text
    assert "not for quoting" in drawn(quick=True)


def test_what_could_not_be_measured_says_why():
    assert "Not measured: there is no card" in drawn(Result("deaf", "What.", error="there is no card"))


def test_cases_are_shown_with_how_their_numbers_are_distributed():
    cases = tuple({"case": f"no. {i}", "duck_ms": 40.0 + i, "ok": True, "why": None} for i in range(MOST_ROWS + 2))
    text = drawn(Result("b", "", (Figure("x", 1, ""),), details=cases))
    assert "duck ms: 40 to 541, 502 cases" in text
    assert f"502 cases, the first {MOST_ROWS}" in text
    assert text.count("<figure>") == 1
    assert f"no. {MOST_ROWS - 1}" in text
    assert f"no. {MOST_ROWS}" not in text


def test_nothing_of_a_result_is_markup():
    text = drawn(Result(NASTY, NASTY, (Figure(NASTY, 1, NASTY),), (NASTY,), NASTY, ({NASTY: NASTY},)))
    assert "<script" not in text
    assert "\x1b" not in text
