import msgspec
import pytest
from click.testing import CliRunner

from device.bench.requests.judge import Outcome
from device.bench.requests.plan import Request
from device.bench.requests.run import Came, failures, figures, measure
from device.bench.result import BenchError, Job
from device.commands.main import main
from device.settings.tree import Settings

REQUESTS = """
[[request]]
say = "set a timer for ten minutes"
timers = [600]

[[request]]
say = "what time is it"
answer = "half past nine"
"""


def came(verdict, answer="Well."):
    return Came(
        Request(say="hello", answer="x"), verdict, Outcome(answer, (), 40, ()), "" if verdict == "done" else "so"
    )


@pytest.fixture
def requests(tmp_path):
    path = tmp_path / "requests.toml"
    path.write_text(REQUESTS)
    return path


def test_the_figures_are_shares_of_all():
    found = figures([came("done"), came("done"), came("refused"), came("wrong"), came("not understood")])
    assert [figure.value for figure in found] == [40, 60, 20, 20]
    assert [figure.reached for figure in found] == [False, False, True, True]


def test_of_those_that_were_spoken_the_words_that_were_heard_wrong_count_too():
    one = msgspec.structs.replace(came("done"), heard="hallo", voice="anna")
    found = figures([one, msgspec.structs.replace(one, heard="Hello.")], "spoken")
    assert [figure.value for figure in found] == [100, 100, 0, 0, 50]
    assert "by 1 voice" in found[0].name
    assert failures([msgspec.structs.replace(came("wrong"), heard="hallo", voice="anna")]) == (
        'wrong: "hello" (anna, heard as: hallo) → Well. (so)',
    )


def test_an_unknown_part_is_told_with_those_that_there_are(requests):
    with pytest.raises(BenchError, match='no part "song"; it has text, spoken'):
        measure(Job(settings=Settings(), requests=requests, part="song"))


def test_of_none_there_is_no_figure_that_is_reached():
    assert not figures([])[0].reached


def test_what_failed_is_told_with_what_was_said_and_why():
    assert failures([came("done"), came("refused"), came("wrong"), came("not understood", "")]) == (
        'wrong: "hello" → Well. (so)',
        'not understood: "hello" → nothing (so)',
    )


def test_requests_of_a_file_are_made_to_the_local_brain_and_its_tools(requests):
    said = []
    result = measure(Job(settings=Settings(), requests=requests, part="text", say=said.append))
    assert result.figures[0].value == 50
    assert [detail["verdict"] for detail in result.details] == ["done", "wrong"]
    assert any("ten fourteen in the morning" in line for line in said)


def test_a_brain_that_cannot_be_had_is_told(requests):
    with pytest.raises(BenchError, match="language"):
        measure(Job(settings=Settings(language="xx"), requests=requests, part="text"))


def test_the_command_takes_a_file_of_requests(requests, tmp_path, monkeypatch):
    monkeypatch.setenv("PARLEY_CONFIG", str(tmp_path / "none.toml"))
    done = CliRunner().invoke(main, ["bench", "requests", "--part", "text", "--requests", str(requests)])
    assert "2 requests as text" in done.output
    assert done.exit_code == 1
