"""The families of metrics, as Prometheus's own parser reads them, whatever the daemon says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_plain

from device.door.figures import RESPONSE_S, SILENCE_S, Cuts, FiguresAre, Spread
from device.door.upkeep import VersionIs
from device.page.families import LARGEST, MOST_ENGINES, OPEN, families, written

FULL = FiguresAre(
    version="1.2.3",
    up_s=60.5,
    wakes=4,
    turns=3,
    response=Spread((0, 1, 1, *[0] * (len(RESPONSE_S) - 3), 1), 21.2),
    cuts=Cuts(voice=2, engine=1, other=5),
    silence=Spread((0, 2, *[0] * (len(SILENCE_S) - 1)), 0.25),
    sessions={"openai": 2, "local": 1},
    faults=("card", "from a newer daemon"),
)
VERSION = VersionIs("1.2.3", "- Words of an author.", "idle", 1_790_000_000.0)


def samples(figures, version=None, celsius=None, accept=OPEN):
    """Return every sample by its name and labels, as the parser reads it."""
    body, kind = written(families(figures, version, celsius), accept)
    read = read_open if accept else read_plain
    assert kind.startswith(OPEN if accept else "text/plain")
    found = {}
    for family in read(body.decode()):
        for sample in family.samples:
            found[sample.name, *sorted(sample.labels.items())] = sample.value
    return found


@pytest.mark.parametrize("accept", [OPEN, ""])
def test_what_the_daemon_says_is_read_as_it_is_meant(accept):
    found = samples(FULL, VERSION, 48.3, accept)
    assert found["parley_up",] == 1
    assert found["parley_temperature_celsius",] == 48.3
    assert found["parley_turns_total",] == 3
    assert found["parley_cuts_total", ("by", "voice")] == 2
    assert found["parley_sessions_total", ("engine", "openai")] == 2
    assert found["parley_response_seconds_bucket", ("le", "0.3")] == 0
    assert found["parley_response_seconds_bucket", ("le", "0.5")] == 2
    assert found["parley_response_seconds_bucket", ("le", "10.0")] == 2
    assert found["parley_response_seconds_bucket", ("le", "+Inf")] == found["parley_response_seconds_count",] == 3
    assert found["parley_response_seconds_sum",] == 21.2
    assert found["parley_build_info", ("version", "1.2.3")] == 1
    assert [found["parley_fault", ("parley_fault", code)] for code in ("card", "engine", "other")] == [1, 0, 1]
    assert found["parley_updates", ("parley_updates", "idle")] == 1
    assert found["parley_update_looked_timestamp_seconds",] == 1_790_000_000


def test_of_a_daemon_that_does_not_answer_it_is_told_that_it_is_not_there():
    assert samples(None) == {("parley_up",): 0}


def test_no_words_are_told():
    text = written(families(FULL, VERSION, None), OPEN)[0].decode()
    assert "author" not in text
    assert "newer daemon" not in text


@pytest.mark.parametrize(
    "strange",
    [
        {"turns": -1},
        {"turns": LARGEST + 1},
        {"up_s": math.inf},
        {"settings_serial": 10**400},
        {"cost_today": math.nan},
        {"response": Spread((1,), 1.0)},
        {"response": Spread((1,) * (len(RESPONSE_S) + 1), math.nan)},
        {"response": Spread((-1,) + (1,) * len(RESPONSE_S), 1.0)},
        {"silence": Spread((LARGEST,) * (len(SILENCE_S) + 1), 1.0)},
        {"cuts": Cuts(voice=-3, other=2)},
    ],
    ids=str,
)
def test_what_cannot_be_is_left_out_and_all_else_is_told(strange):
    figures = FiguresAre(**{"version": "1", "up_s": 1.0, "wakes": 7, **strange})
    found = samples(figures)
    assert found["parley_wakes_total",] == 7
    assert all(0 <= value <= LARGEST for value in found.values())


def test_however_many_engines_it_names_and_however_it_names_them_few_are_told():
    strange = {f"e{n}": 1 for n in range(1000)} | {'a"}\n# EOF\nevil 1': 5, "x" * 10_000: 3, "": 2, "other": 4}
    figures = FiguresAre('1"\n# EOF', 1.0, sessions=strange, faults=tuple(map(str, range(500))))
    found = samples(figures)
    named = {key[1][1]: value for key, value in found.items() if key[0] == "parley_sessions_total"}
    assert len(named) <= MOST_ENGINES + 1
    assert sum(named.values()) == sum(strange.values())
    assert found["parley_build_info", ("version", "other")] == 1
    assert len(written(families(figures, None, None), OPEN)[0]) < 20_000


WHOLE, ANY = st.integers(-(2**70), 2**70), st.floats()
SPREADS = st.builds(Spread, st.lists(WHOLE, max_size=20).map(tuple), ANY)
SAID = st.builds(
    FiguresAre,
    version=st.text(max_size=100),
    up_s=ANY,
    turns=WHOLE,
    response=SPREADS,
    silence=SPREADS,
    cuts=st.builds(Cuts, WHOLE, WHOLE, WHOLE),
    sessions=st.dictionaries(st.text(), WHOLE, max_size=30),
    lost_s=ANY,
    settings_serial=st.integers(),
    buffer_s=ANY,
    faults=st.lists(st.text()).map(tuple),
)


@given(SAID, ANY)
def test_whatever_the_daemon_says_prometheus_can_read_it(figures, celsius):
    for accept in (OPEN, ""):
        assert samples(figures, VERSION, celsius, accept)["parley_up",] == 1
