import stat

import pytest
from msgspec.structs import replace

from device.conversation import entries
from device.conversation.states import State
from device.records.costs import spent
from device.records.keep import Keeper
from device.records.ledger import Ledger
from device.records.transcripts import stored
from device.settings.prices import prices
from device.settings.tree import LedgerSettings, Settings, TranscriptSettings


def talk(settings):
    """Hold a conversation with the first engine that costs a dollar; return what is kept."""
    sent_s = [0.0]
    ledger = Ledger(sent_s=lambda: sent_s[0])
    keeping = Keeper(settings, ledger)
    ledger.record(entries.StateEntered(16_000, state=State.CONNECTING))
    ledger.record(entries.SessionOpen(16_000, engine=settings.engines[0]))
    sent_s[0] = 2.5
    ledger.record(entries.User(32_000, text="Hello"))
    ledger.record(entries.ReplyEnd(48_000, reply="r", status="completed", input_tokens=31_250))
    ledger.record(entries.StateEntered(64_000, state=State.ASLEEP))
    ledger.close()
    keeping.close()
    return keeping


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def test_both_are_kept_in_the_folder_for_state_as_the_settings_say(state):
    settings = Settings(engines=("openai", "local"), profile="support", ledger=LedgerSettings(budget_per_day=0.99))
    keeping = talk(settings)
    assert sorted(file.name for file in state.iterdir()) == ["costs.sqlite", "transcripts.sqlite"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in state.iterdir()} == {0o600}
    (one,) = stored()
    assert (one.profile, one.lines[1].text) == ("support", "Hello")
    (day,) = spent(prices({}), 1)
    assert (day.engine, day.model, day.cost, day.amounts.sent_s) == ("openai", "gpt-realtime-2.1", 1.0, 2.5)
    assert keeping.costs.over_budget("openai")
    assert not keeping.costs.over_budget("local")


def test_who_wants_nothing_kept_gets_nothing_kept(state):
    talk(Settings())
    assert len(list(state.iterdir())) == 2
    settings = replace(Settings(), transcripts=TranscriptSettings(keep_days=0), ledger=LedgerSettings(keep_days=0))
    talk(settings)
    assert not list(state.iterdir())


def test_a_folder_that_cannot_be_written_is_warned_of_and_nothing_else(state, monkeypatch, caplog):
    (state / "file").write_text("")
    monkeypatch.setenv("STATE_DIRECTORY", str(state / "file" / "below"))
    keeping = talk(Settings(engines=("openai",), ledger=LedgerSettings(budget_per_day=0.5)))
    assert keeping.costs.over_budget("openai")
    assert caplog.text.count("the conversation goes on without") == 2
