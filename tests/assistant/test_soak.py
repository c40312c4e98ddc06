"""Hours of conversation on a virtual clock: half of one, or as many as PARLEY_SOAK_HOURS says, as scripts/soak does."""

import json
import os

import pytest
from support.soak import LONGEST_S, Soak

from device.sample_clock import CLOCK_RATE
from device.system.printed import echo

HOURS = float(os.environ.get("PARLEY_SOAK_HOURS", "0.5"))
SEED = int(os.environ.get("PARLEY_SOAK_SEED", "1"))


@pytest.fixture(scope="module")
def soak(tmp_path_factory):
    soak = Soak(HOURS, SEED, tmp_path_factory.mktemp("soak"), say=echo)
    soak.run()
    return soak


def test_much_has_happened(soak):
    least = {
        "wake": 60,
        "cut": 70,
        "restore": 25,
        "timer": 10,
        "reply_last_audio": 100,
        "engine_error": 10,
        "sleep": 40,
    }
    assert {event: soak.counts[event] for event, n in least.items() if soak.counts[event] < n * HOURS} == {}
    assert soak.plan.died > 2 * HOURS
    assert soak.stalls > 25 * HOURS


def test_no_sample_was_lost(soak):
    assert soak.daemon.capture.lost == 0
    assert soak.daemon.uplink.lost == 0
    assert soak.room.behind == 0, "what the stalls took is known to the sample"


def test_it_cuts_nobody_off_by_itself(soak):
    assert soak.cut_by_nobody == []


def test_every_question_was_sent_whole_and_no_muttering_was(soak):
    assert len(soak.crowd.asked) > 200 * HOURS
    assert soak.unheard == []
    assert soak.overheard == []


def test_no_state_lasts_for_ever(soak):
    assert {state: s for state, n in soak.longest.items() if (s := n / CLOCK_RATE) > LONGEST_S.get(state, 60)} == {}


def test_nothing_grows(soak):
    first, *_, last = soak.sizes
    for size in soak.sizes:
        assert size["tasks"] == first["tasks"]
        assert size["wakers"] == size["items"] == size["notes"] == size["orders"] == size["sessions"] == 0
        assert size["said"] <= 20
        assert size["timers"] <= 50
        assert size["files"] == first["files"]
        assert size["threads"] == first["threads"]
    assert last["objects"] < 1.02 * first["objects"]
    assert last["mb"] < first["mb"] + 15
    assert soak.left == []


def test_the_ledger_adds_up(soak):
    counts = soak.counts
    lines = [json.loads(line) for line in soak.ledger_file.read_bytes().splitlines()]
    assert len(lines) == counts.total() - counts["buttons"]
    assert soak.sent_s == pytest.approx(soak.daemon.uplink.sent_samples / CLOCK_RATE, abs=0.001 * counts["turn"])
    assert counts["duck"] - counts["restore"] <= counts["cut"]
    assert counts["silence"] <= counts["cut"]
    assert counts["user"] == soak.plan.turns
