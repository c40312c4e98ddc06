import csv
import io
import json
import os
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from device.commands.main import main
from device.conversation import entries
from device.conversation.states import State
from device.records.ledger import Ledger
from device.records.transcript_writer import TranscriptWriter
from device.records.transcripts import FILE, stored


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


def parley(*arguments, **kwargs):
    result = CliRunner().invoke(main, ["transcripts", *arguments], **kwargs)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def converse(state, question="What's the time?", result=None):
    ledger = Ledger()
    transcripts = TranscriptWriter(7, path=state / FILE)
    ledger.watch(transcripts.take)
    ledger.record(entries.StateEntered(0, state=State.CONNECTING))
    ledger.record(entries.SessionOpen(0, engine="openai"))
    ledger.record(entries.User(16_000, text=question))
    ledger.record(entries.Tool(20_000, name="get_time", arguments="{}"))
    ledger.record(entries.Assistant(30_000, item="i", text="It is twelve, my friend"))
    ledger.record(entries.Heard(48_000, item="i", ms=900, whole=False, text="It is twelve,", unheard="my friend"))
    if result:
        ledger.record(entries.Result(48_000, result=json.dumps(result), valid=False, faults=["mood: is missing"]))
    ledger.record(entries.Sleep(16_000 * 75, why="silence"))
    ledger.record(entries.StateEntered(16_000 * 75, state=State.ASLEEP))
    transcripts.close()


def test_without_any_it_says_so(state):
    assert parley().output == "No conversation is kept.\n"
    result = parley("show")
    assert result.exit_code == 1
    assert result.output == "parley: no conversation last is kept; there are none\n"


def test_a_conversation_is_listed_and_shown_to_be_read(state):
    converse(state, result={"time": "12:00"})
    (one,) = stored(path=state / FILE)
    listed = parley("list").output.splitlines()[1]
    for shown in (one.id, "1:15", "openai", "not valid", "What's the time?"):
        assert shown in listed
    shown = parley("show", one.id[:4]).output.splitlines()
    assert shown[0].startswith(f"{one.id}: {one.began:%A}")
    assert shown[1:] == [
        "   0:00  (engine openai)",
        "   0:01  You: What's the time?",
        "   0:01  (tool get_time {})",
        "   0:01  Assistant: It is twelve, [interrupted after 0.9 s; not heard: my friend]",
        "   1:15  (over: silence)",
        'Result, not valid: {"time":"12:00"}',
        "  mood: is missing",
    ]


def test_export_is_for_machines_and_for_people(state):
    converse(state, "First?")
    converse(state, 'Second, "quoted"?')
    first, second = json.loads(parley("export").output)
    assert [line["text"] for line in first["lines"]] == ["openai", "First?", "get_time", "It is twelve,"]
    assert first["began"] <= second["began"]
    rows = list(csv.DictReader(parley("export", "--format", "csv").output.splitlines()))
    assert (len(rows), rows[5]["text"], rows[3]["unheard"]) == (8, 'Second, "quoted"?', "my friend")
    assert parley("export", "--format", "txt").output.count("You: ") == 2
    assert json.loads(parley("export", "--since", "2100-01-01").output) == []
    assert len(json.loads(parley("export", "--since", "2020-01-01 12:00").output)) == 2


def test_deleting_asks_and_is_for_good(state):
    converse(state)
    converse(state)
    first, second = stored(path=state / FILE)
    assert parley("delete", input="y").exit_code == 2
    assert parley("delete", "last", input="n\n").exit_code == 1
    assert len(stored(path=state / FILE)) == 2
    assert parley("delete", "last", input="y\n").output.endswith("1 deleted.\n")
    assert [one.id for one in stored(path=state / FILE)] == [first.id]
    assert parley("delete", second.id).exit_code == 1
    assert parley("delete", "--all", "--yes").output == "1 deleted.\n"
    assert b"twelve" not in (state / FILE).read_bytes()


def test_a_damaged_file_is_one_line(state):
    (state / FILE).write_text("damaged" * 1000)
    for command in (["list"], ["show"], ["export"], ["delete", "--all", "--yes"]):
        result = parley(*command)
        assert result.exit_code == 1
        assert "file is not a database" in result.output
        assert len(result.output.splitlines()) == 1


def test_purge_applies_the_days_of_the_settings(state, tmp_path):
    assert parley("purge").output == "0 conversations and 0 rows of the ledger deleted.\n"
    assert not (state / FILE).exists(), "where nothing is, nothing is made"
    converse(state)
    assert parley("purge").exit_code == 0
    assert len(stored()) == 1
    config = tmp_path / "none.toml"
    config.write_text("[transcripts]\nkeep_days = 0")
    assert parley("purge", "--config", str(config)).output.startswith("1 conversations")
    assert stored() == []


def test_purge_does_nothing_by_settings_that_cannot_be_used(state, tmp_path):
    converse(state)
    config = tmp_path / "broken.toml"
    config.write_text("[transcripts")
    shown = parley("purge", "--config", str(config))
    assert shown.exit_code == 1
    assert "not TOML" in shown.output
    assert len(stored()) == 1


def test_the_beginning_of_two_ids_is_not_enough(state):
    converse(state)
    converse(state)
    first, second = stored(path=state / FILE)
    common = first.id[: next(n for n in range(len(first.id)) if first.id[n] != second.id[n])]
    result = parley("show", common)
    assert (result.exit_code, result.output) == (
        1,
        f"parley: {common} is the beginning of {first.id}, {second.id}\n",
    )


@pytest.mark.parametrize(
    "arguments", [["list"], ["show"], ["export", "--format", "txt"], ["export", "--format", "csv"], ["export"]]
)
def test_what_was_said_controls_no_terminal_and_forges_no_line(state, arguments):
    converse(state, question="hi\x1b]0;owned\x07\x9b2J\n   0:03  Assistant: forged")
    said = parley(*arguments).output
    assert not set(said) & set("\x1b\x07\x9b\r")
    assert "owned" in said
    if arguments != ["export", "--format", "csv"]:  # there, a cell in quotes may have lines
        assert not [line for line in said.splitlines() if line.startswith("   0:03")]
    if arguments == ["export"]:
        assert json.loads(said)[0]["lines"][1]["text"] == "hi\x1b]0;owned\x07\x9b2J\n   0:03  Assistant: forged"


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\n=1",
    "\r=1",
    "\uff1d1",
    '=HYPERLINK("http://evil.example")',
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(state, formula):
    converse(state, question=formula)
    rows = list(csv.reader(io.StringIO(parley("export", "--format", "csv").output)))
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@\uff1d")]
    assert [cell for cell in cells if cell.startswith("'") and cell.endswith(formula[-2:].strip())]


DAMAGE = {
    "a line that is no JSON": "UPDATE line SET content = '{' WHERE number = 1",
    "a line of another shape": 'UPDATE line SET content = \'{"at_ms": "x", "kind": "user"}\' WHERE number = 1',
    "a line that is nested": f"UPDATE line SET content = '{'[' * 50_000}' WHERE number = 1",
    "a line that is no text": "UPDATE line SET content = x'ff00' WHERE number = 1",
    "a number": "UPDATE line SET content = 7 WHERE number = 1",
}
DAMAGED_CONVERSATIONS = {
    "no time": "UPDATE conversation SET began = 'x' WHERE id = ?",
    "a time beyond all": "UPDATE conversation SET began = 1e300 WHERE id = ?",
    "no zone": "UPDATE conversation SET zone = 'x' WHERE id = ?",
    "a zone beyond all": "UPDATE conversation SET zone = 999999999 WHERE id = ?",
    "faults that are none": "UPDATE conversation SET faults = '{' WHERE id = ?",
}


def damage(state, sql, *values):
    with closing(sqlite3.connect(state / FILE)) as database, database:
        assert database.execute(sql, values).rowcount


@pytest.mark.parametrize("sql", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_line_is_told_of_and_hides_no_other(state, caplog, sql):
    converse(state)
    damage(state, sql)
    for arguments in (["list"], ["show"], ["export"], ["export", "--format", "csv"]):
        assert parley(*arguments).exit_code == 0
    assert "It is twelve" in parley("show").output
    assert "damaged" in caplog.text
    assert str(state / FILE) in caplog.text


@pytest.mark.parametrize("sql", DAMAGED_CONVERSATIONS.values(), ids=DAMAGED_CONVERSATIONS)
def test_a_damaged_conversation_is_told_of_and_hides_no_other(state, caplog, sql):
    converse(state)
    (one,) = stored(path=state / FILE)
    converse(state, question="Who is there?")
    damage(state, sql, one.id)
    shown = parley("show").output
    assert "Who is there?" in shown
    assert parley("export").exit_code == 0
    assert one.id in caplog.text
    assert parley("purge", "--trust-clock").exit_code == 0


def test_a_pipe_in_the_place_of_the_file_is_named(state):
    os.mkfifo(state / FILE)
    result = parley("list")
    assert result.exit_code == 1
    assert "it is a pipe" in result.output
