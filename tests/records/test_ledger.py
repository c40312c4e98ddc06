import json
from pathlib import Path

from device.conversation import entries
from device.records.ledger import Ledger


def test_entries_are_on_disk_at_once_with_seconds_on_the_clock(tmp_path):
    path = tmp_path / "ledger.jsonl"
    seen = []
    ledger = Ledger(path, on_entry=seen.append)
    ledger.record(entries.Wake(24_000, word="hey_jarvis", score=0.9))
    assert json.loads(path.read_text()) == {"t": 1.5, "event": "wake", "word": "hey_jarvis", "score": 0.9}
    assert seen == [entries.Wake(24_000, "hey_jarvis", 0.9)]
    ledger.close()
    ledger.record(entries.Sleep(32_000, "silence"))
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["wake", "turn"]
    assert [entry.event() for entry in seen] == ["wake", "turn", "sleep"]


def test_words_stay_out_of_the_log(tmp_path, caplog):
    caplog.set_level("DEBUG")
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.record(entries.Wake(0, "hey_jarvis", 0.9))
    ledger.record(entries.User(0, text="my secret plan"))
    ledger.record(entries.Overheard(0, kind="backchannel", text="secret yes", ms=300))
    ledger.record(entries.Timer(0, name="secret timer"))
    ledger.record(entries.Duck(0))
    ledger.close()
    assert "   0.000 wake {'word': 'hey_jarvis', 'score': 0.9}" in caplog.messages
    assert "   0.000 duck {}" in caplog.messages
    assert "secret" not in caplog.text


def test_a_full_disk_ends_the_file_and_not_the_conversation(caplog):
    seen = []
    ledger = Ledger(Path("/dev/full"), on_entry=seen.append)
    ledger.record(entries.Wake(0, "hey_jarvis", 0.9))
    ledger.record(entries.Sleep(0, "silence"))
    assert [e.event() for e in seen] == ["wake", "sleep", "turn"]
    assert caplog.text.count("cannot be written") == 1


def test_who_watches_gets_every_entry_after_the_one_that_was_there_first():
    seen = []
    ledger = Ledger(on_entry=lambda entry: seen.append(("first", entry.event())))
    ledger.record(entries.Wake(0, "hey_jarvis", 0.9))
    ledger.watch(lambda entry: seen.append(("second", entry.event())))
    ledger.record(entries.Duck(0))
    assert seen == [("first", "wake"), ("first", "duck"), ("second", "duck")]


def test_who_watches_no_more_is_told_no_more_even_from_within(tmp_path):
    seen = []
    ledger = Ledger()

    def once(entry):
        seen.append(entry.event())
        ledger.unwatch(once)

    ledger.watch(once)
    ledger.watch(lambda entry: seen.append("other"))
    ledger.record(entries.Silence(1))
    ledger.record(entries.Silence(2))
    assert seen == ["silence", "other", "other"]
