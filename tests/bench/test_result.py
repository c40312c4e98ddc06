import math

import pytest
from rich.console import Console

from device.bench.result import Figure, Result, as_data, percentile, render, spread

NOTHING = math.nan


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [([7], 95, 7), ([1, 2, 3, 4], 50, 2.5), (range(101), 95, 95), (range(1001), 99.9, 999), ([3, 1, 2], 100, 3)],
)
def test_percentiles(values, q, expected):
    assert percentile(list(values), q) == pytest.approx(expected)


def test_of_nothing_there_is_no_percentile():
    assert math.isnan(percentile([], 50))


@pytest.mark.parametrize(
    ("value", "at_most", "reached"),
    [
        (39.9, 40, True),
        (40, 40, True),
        (40.1, 40, False),
        (1e9, None, True),
        (NOTHING, 40, False),
        (NOTHING, None, True),
    ],
)
def test_a_figure_reaches_what_it_must(value, at_most, reached):
    assert Figure("x", value, "ms", at_most).reached is reached


@pytest.mark.parametrize(("value", "reached"), [(97.9, False), (98, True), (101, False), (NOTHING, False)])
def test_a_figure_may_have_to_reach_at_least_something(value, reached):
    figure = Figure("x", value, "%", at_most=100, at_least=98)
    assert figure.reached is reached
    assert figure.bound == "≥ 98 % ≤ 100 %"


def test_a_share_tells_of_how_many_and_how_sure_it_is():
    # Wilson's interval of 8 in 10, as statsmodels' proportion_confint has it: 0.4902 to 0.9433.
    share = Figure("x", 80.0, "%", of=10)
    assert share.interval == pytest.approx((49.02, 94.33), abs=0.01)
    assert share.measured == "80 % of 10 (49 to 94)"
    assert as_data(Result("b", "", (share,)))["figures"][0]["of"] == 10
    whole = Figure("x", 100.0, "%", of=4).interval
    assert whole == pytest.approx((51.01, 100.0), abs=0.01)
    assert Figure("x", 80.0, "ms").interval is None
    assert Figure("x", NOTHING, "%", of=0).measured == "nothing %"


def test_what_never_happened_counts_among_the_slowest():
    assert percentile([100, 200, math.inf], 50) == 200
    assert percentile([100, 200, math.inf], 95) == math.inf
    assert not Figure("x", math.inf, "ms", 200).reached


def test_a_spread_has_median_and_p95_each_with_its_own_limit():
    median, p95 = spread("answers", [600, 700, 900], "ms", median=800)
    assert (median.value, median.at_most, median.reached) == (700, 800, True)
    assert (p95.value, p95.at_most) == (pytest.approx(880), None)


@pytest.mark.parametrize(
    ("result", "reached"),
    [
        (Result("b", "", (Figure("x", 1, "ms", 2), Figure("y", 9, "ms"))), True),
        (Result("b", "", (Figure("x", 1, "ms", 2), Figure("y", 3, "ms", 2))), False),
        (Result("b", ""), False),
        (Result("b", "", (Figure("x", 1, "ms", 2),), error="no card"), False),
    ],
)
def test_a_result_is_reached_if_all_of_it_is_and_there_is_any(result, reached):
    assert result.reached is reached


def test_json_holds_each_figure_with_its_verdict_and_null_for_nothing():
    data = as_data(Result("b", "what", (Figure("x", 1.23456, "ms", 1), Figure("y", NOTHING, "s")), ("a note",)))
    assert data == {
        "bench": "b",
        "what": "what",
        "reached": False,
        "figures": [
            {"name": "x", "value": 1.2346, "unit": "ms", "at_most": 1, "at_least": None, "reached": False},
            {"name": "y", "value": None, "unit": "s", "at_most": None, "at_least": None, "reached": True},
        ],
        "notes": ["a note"],
    }
    assert as_data(Result("b", "what", error="no card"))["error"] == "no card"


def test_the_table_says_what_was_not_reached_and_why_nothing_was_measured():
    console = Console(width=120, record=True)
    console.print(
        render([Result("slow", "", (Figure("x", 3, "ms", 2),)), Result("deaf", "", error="there is no card")])
    )
    text = console.export_text()
    assert "not reached" in text
    assert "3 ms" in text
    assert "≤ 2 ms" in text
    assert "there is no card" in text
    assert "not measured" in text
