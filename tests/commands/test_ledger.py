import json
from datetime import datetime

import pytest
from click.testing import CliRunner

from device.commands.main import main
from device.conversation import entries
from device.records.costs import FILE, Costs
from device.records.ledger import Ledger
from device.settings.prices import prices


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path / "state"


def parley(*arguments):
    result = CliRunner().invoke(main, ["ledger", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def spend(state):
    ledger = Ledger()
    models = {"openai": "gpt-realtime-2.1", "own": "own-model"}
    costs = Costs(models, prices({}), lambda: ledger.sent_s(), path=state / FILE)  # noqa: PLW0108 - replaced below
    ledger.watch(costs.take)
    ledger.record(entries.SessionOpen(0, engine="openai"))
    ledger.sent_s = lambda: 3.0
    ledger.record(entries.ReplyEnd(160_000, reply="r", status="completed", input_tokens=10_000, output_tokens=5_000))
    ledger.record(entries.SessionSwitch(160_000, engine="own"))
    ledger.record(entries.ReplyEnd(320_000, reply="r", status="completed", input_tokens=70))
    costs.close()


def test_days_engines_and_costs_are_shown_and_what_has_no_price_is_named(state):
    assert parley().output == "Nothing was sent to any engine.\n"
    spend(state)
    shown = parley().output.splitlines()
    today = datetime.now().astimezone().date().isoformat()
    rows = [line.split() for line in shown if line.split()[0] == today]
    assert rows == [
        [today, "openai", "gpt-realtime-2.1", "3.0", "s", "10", "s", "1", "10000", "5000", "$0.6400"],
        [today, "own", "own-model", "0.0", "s", "10", "s", "1", "70", "0", "unknown"],
    ]
    assert shown[-2:] == [
        "At the most $0.64, without what has no price.",
        "No price is known of own-model: add [prices.own-model] to the settings.",
    ]


def test_the_user_s_prices_count_and_machines_get_json(state, tmp_path):
    spend(state)
    config = tmp_path / "parley.toml"
    config.write_text("[prices.own-model]\ninput_audio = 1e6\n[ledger]\nbudget_per_day = 2\n")
    openai, own = json.loads(parley("--json", "--config", str(config)).output)
    assert (openai["cost"], own["cost"], own["amounts"]["input_tokens"]) == (0.64, 70.0, 70)
    assert parley("--config", str(config)).output.endswith("At the most $70.64.\nThe day's budget is $2.00.\n")
    assert parley("--days", "0").exit_code == 2


def test_a_damaged_file_is_one_line(state):
    state.mkdir()
    (state / FILE).write_text("damaged" * 1000)
    result = parley()
    assert result.exit_code == 1
    assert "file is not a database" in result.output
