from datetime import UTC, datetime, timedelta

import pytest

from device.conversation import entries
from device.conversation.states import State
from device.records.costs import Costs, purge, spent
from device.records.ledger import Ledger
from device.records.store import read
from device.sample_clock import samples
from device.settings.prices import Amounts, Price, prices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODELS = {"openai": "gpt-realtime-2.1", "live": "gpt-live-1", "mystery": "what-is-it", "local": ""}


class Desk:
    """Costs that watch a ledger, at a time of day that can be set."""

    def __init__(self, path, budget=0.0, keep_days=366, began=NOW):
        self.now = began
        self.ledger = Ledger()
        self.costs = Costs(
            MODELS,
            prices({}),
            lambda: self.ledger.sent_s(),  # noqa: PLW0108 - replaced as time goes on
            budget_per_day=budget,
            keep_days=keep_days,
            path=path,
            now=lambda: self.now,
        )
        self.ledger.watch(self.costs.take)

    def record(self, kind, second, sent=None, **fields):
        if sent is not None:
            self.ledger.sent_s = lambda: sent
        self.ledger.record(kind(samples(1000 * second), **fields))

    def reply(self, second, sent=None, **usage):
        self.record(entries.ReplyEnd, second, sent, reply="r", status="completed", **usage)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "costs.sqlite"


def rows(path, days=1, now=NOW):
    return {(one.day, one.engine): one for one in spent(prices({}), days, path=path, now=now)}


def test_what_is_sent_and_charged_is_counted_by_engine_across_a_handover(path):
    desk = Desk(path)
    desk.record(entries.StateEntered, 1, state=State.CONNECTING)
    desk.record(entries.SessionOpen, 2, engine="openai")
    desk.reply(10, 4.0, input_tokens=1000, output_tokens=500, input_audio_tokens=900)
    desk.record(entries.EngineError, 12, 6.0, code="closed", message="gone", retry=True)
    desk.record(entries.SessionOpen, 13, engine="local")
    desk.reply(20, 9.0)
    desk.record(entries.StateEntered, 30, 9.5, state=State.ASLEEP)
    desk.record(entries.StateEntered, 90, state=State.CONNECTING)
    desk.costs.close()
    found = rows(path)
    openai, local = found["2026-11-22", "openai"], found["2026-11-22", "local"]
    assert openai.amounts == Amounts(
        sent_s=6.0, session_s=10.0, replies=1, input_tokens=1000, output_tokens=500, input_audio_tokens=900
    )
    assert openai.cost == pytest.approx((1000 * 32 + 500 * 64) / 1e6)
    assert local.amounts == Amounts(sent_s=3.5, session_s=17.0, replies=1)
    assert local.cost == 0.0


def test_an_engine_without_a_price_is_counted_and_its_cost_unknown(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="mystery")
    desk.reply(5, 2.0, input_tokens=70)
    desk.costs.close()
    found = rows(path)["2026-11-22", "mystery"]
    assert (found.cost, found.model, found.amounts.input_tokens) == (None, "what-is-it", 70)


def test_an_engine_charged_by_the_minute_is_counted_while_it_is_open(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="live")
    desk.record(entries.SessionSwitch, 60, engine="live")
    desk.record(entries.StateEntered, 90, state=State.MUTED)
    desk.record(entries.StateEntered, 900, state=State.ASLEEP)
    desk.costs.close()
    assert rows(path)["2026-11-22", "live"].cost == pytest.approx(0.075)


def test_the_budget_is_over_for_what_costs_something_until_midnight(path):
    desk = Desk(path, budget=1.5)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=40_000)
    assert desk.costs.spent_today == pytest.approx(1.28)
    assert not desk.costs.over_budget("openai")
    desk.reply(9, input_tokens=10_000)
    assert {name: desk.costs.over_budget(name) for name in MODELS} == {
        "openai": True,
        "live": True,
        "mystery": False,
        "local": False,
    }
    desk.costs.close()
    # After a restart on the same day it still is.
    again = Desk(path, budget=1.5)
    assert again.costs.over_budget("openai")
    again.now += timedelta(hours=12)
    assert not again.costs.over_budget("openai")
    again.costs.close()


def test_without_a_budget_nothing_is_over(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=10**9)
    assert not desk.costs.over_budget("openai")
    desk.costs.close()


def test_who_sets_a_budget_is_told_which_prices_are_missing(path, caplog):
    Desk(path).costs.close()
    assert not caplog.text
    Desk(path, budget=1.0).costs.close()
    assert "no price: what-is-it. Add" in caplog.text


def test_days_are_kept_apart_and_the_last_ones_shown(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=1)
    desk.now += timedelta(days=1)
    desk.reply(6, input_tokens=2)
    desk.reply(7, input_tokens=3)
    desk.costs.close()
    shown = rows(path, 2, desk.now)
    assert [(day, one.amounts.input_tokens) for (day, _), one in shown.items()] == [
        ("2026-11-23", 5),
        ("2026-11-22", 1),
    ]
    assert list(rows(path, 1, desk.now)) == [("2026-11-23", "openai")]


def test_no_word_is_kept_and_nothing_at_all_if_so_wished(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.record(entries.User, 1, text="my secret plan")
    desk.record(entries.Assistant, 1, item="i", text="a secret answer")
    desk.record(entries.Tool, 1, name="look", arguments='{"for": "secret"}')
    desk.reply(5, input_tokens=1)
    desk.costs.close()
    assert b"secret" not in path.read_bytes()
    assert len(read(path, "SELECT * FROM day")) == 1
    none = Desk(path, budget=0.0001, keep_days=0)
    none.record(entries.SessionOpen, 0, engine="openai")
    none.reply(5, input_tokens=1000)
    assert none.costs.over_budget("openai"), "the budget holds without a file"
    none.costs.close()
    assert not path.exists()


def test_a_file_that_cannot_be_read_costs_no_conversation(path, caplog):
    path.write_text("no database" * 100)
    desk = Desk(path, budget=1.0)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=10**6)
    assert desk.costs.over_budget("openai")
    desk.costs.close()
    assert "not a database" in caplog.text


def test_the_user_s_price_is_charged(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="mystery")
    desk.reply(5, input_tokens=10**6)
    desk.costs.close()
    (one,) = spent(prices({"mystery": Price(input_audio=3)}), 1, path=path, now=NOW)
    assert one.cost == pytest.approx(3)


def test_a_clock_that_is_set_and_set_back_forgets_nothing_of_the_budget(path):
    desk = Desk(path, budget=0.01)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=1_000_000)
    assert desk.costs.over_budget("openai")
    desk.now = NOW + timedelta(days=3650)
    assert not desk.costs.over_budget("openai")
    desk.now = NOW
    assert desk.costs.over_budget("openai")
    desk.costs.close()


def test_a_clock_that_was_wrong_at_the_start_finds_the_day_of_today(path):
    before = Desk(path)
    before.record(entries.SessionOpen, 0, engine="openai")
    before.reply(5, input_tokens=1_000_000)
    before.costs.close()
    desk = Desk(path, budget=0.01, began=NOW - timedelta(days=1))
    assert not desk.costs.over_budget("openai")
    desk.now = NOW
    assert desk.costs.over_budget("openai")
    desk.costs.close()


def test_days_go_when_they_are_old_and_not_when_the_clock_jumps(path, monkeypatch):
    for days in (0, 20):
        desk = Desk(path, keep_days=3650)
        desk.now = NOW - timedelta(days=days)
        desk.record(entries.SessionOpen, 0, engine="openai")
        desk.reply(5, input_tokens=1)
        desk.costs.close()
    monkeypatch.setattr("device.records.costs.time.time", (NOW + timedelta(days=3650)).timestamp)
    assert purge(10, path) == 0
    monkeypatch.setattr("device.records.costs.time.time", NOW.timestamp)
    assert purge(10, path) == 1
    (day,) = read(path, "SELECT day FROM day")
    assert day["day"] == NOW.date().isoformat()


def test_a_new_day_without_a_file_begins_with_nothing_spent(path):
    desk = Desk(path, budget=0.01, keep_days=0)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=1_000_000)
    assert desk.costs.over_budget("openai")
    desk.now = NOW + timedelta(days=1)
    assert desk.costs.spent_today == 0
    desk.costs.close()


def test_zero_days_keep_none(path):
    desk = Desk(path)
    desk.record(entries.SessionOpen, 0, engine="openai")
    desk.reply(5, input_tokens=1)
    desk.costs.close()
    assert purge(0, path) == 1
    assert rows(path) == {}
