import json

import pytest
from click.testing import CliRunner

from device.commands.main import main


@pytest.fixture
def parley():
    def run(*arguments):
        result = CliRunner().invoke(main, ["profiles", *arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result.exit_code, result.output

    return run


@pytest.fixture
def mine(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "Butler"\nidle_s = 3\n')
    return path


@pytest.mark.parametrize("command", [(), ("list",)])
def test_the_bundled_profiles_are_listed_with_what_they_are_for(parley, command):
    code, output = parley(*command)
    assert code == 0
    assert [line.split()[0] for line in output.splitlines()] == ["home", "kiosk", "support"]
    assert "customer-support" in output


def test_a_profile_is_shown_with_its_tools_and_instructions(parley):
    code, output = parley("show", "support")
    assert code == 0
    assert "find_order   looks 10 rows up by number and town" in output
    assert "marin (openai)" in output
    assert "No lists, no markdown" in output.replace("\n ", "")


def test_a_right_profile_is_summed_up_in_a_line(parley, mine):
    code, output = parley("check", str(mine))
    assert code == 0
    assert output.startswith(f"{mine}: right: ")
    assert output.endswith("words of instructions, no result\n")
    assert (
        "find_order (10 rows), find_answer (9 rows), a result (reason, order_number," in parley("check", "support")[1]
    )


def test_a_wrong_profile_is_status_1_and_all_of_it_named(parley, mine):
    mine.write_text("nmae = 'x'\nidle_s = -1")
    code, output = parley("check", str(mine))
    assert code == 1
    assert output.splitlines() == [
        f"parley: {mine}: nmae: no such key; did you mean name?",
        f"{mine}: idle_s: -1 is not valid; valid is a number above 0 and at most 86400",
    ]


def test_an_engine_that_only_the_settings_may_know_is_warned_of(parley, mine):
    mine.write_text("engines = 'box'")
    code, output = parley("check", str(mine))
    assert code == 0
    assert "the engine 'box' is not known" in output


def test_a_look_up_can_be_tried_without_an_engine(parley):
    code, output = parley("look", "support", "find_order", "number=P L four seven double two")
    assert code == 0
    assert json.loads(output)["found"][0]["product"] == "Arden kettle"


@pytest.mark.parametrize(
    ("arguments", "status", "named"),
    [
        (("show", "suport"), 1, "bundled are home, kiosk, support"),
        (("look", "support", "find_order", "4722"), 2, "'4722' is not KEY=WORDS"),
        (("look", "support", "find_ordre", "number=1"), 1, "there are find_order, find_answer"),
        (("look", "support", "find_order", "no=1"), 1, "`no`"),
        (("look", "home", "x"), 1, "there are none"),
    ],
)
def test_what_cannot_be_done_is_named(parley, arguments, status, named):
    code, output = parley(*arguments)
    assert (code, named in output) == (status, True)


def test_a_look_up_that_the_local_engine_cannot_use_is_warned_of(parley, mine):
    file = mine
    file.write_text("""engines = "local"

[lookup.find]
description = "Find a thing."
file = "things.csv"
keys.name = "name"
""")
    (file.parent / "things.csv").write_text("name,place\nkey,drawer\n")
    code, output = parley("check", str(file))
    assert code == 0, output
    assert f"parley: {file}: find: the local engine needs a language model for that; set brain.url" in output
    file.write_text(file.read_text().replace('"local"', '"openai"'))
    assert "language model" not in parley("check", str(file))[1]


def test_what_an_engine_would_be_sent_is_json_without_keys(parley, monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    config = tmp_path / "parley.toml"
    config.write_text('name = "Ada"\nlanguage = "de"\n')
    code, output = parley("show", "support", "--engine", "openai", "--config", str(config))
    assert code == 0
    session = json.loads(output)["session"]
    assert session["instructions"].startswith("You are the customer support")
    assert [tool["name"] for tool in session["tools"]] == [
        "get_time", "sleep", "find_order", "find_answer", "submit_result",
    ]  # fmt: skip
    assert session["audio"]["output"]["voice"] == "marin"
    assert session["audio"]["input"]["transcription"]["language"] == "de", "one's own settings count over it"
    assert "sk-secret" not in output


def test_an_engine_that_there_is_not_is_named_with_those_that_there_are(parley):
    code, output = parley("show", "support", "--engine", "opnai")
    assert code == 1
    assert "there is no engine 'opnai'; there are openai, local, azure" in output


def test_a_profile_is_shown_to_machines(parley, mine):
    code, output = parley("show", str(mine), "--json")
    assert code == 0
    shown = json.loads(output)
    assert (shown["settings"]["name"], shown["lookups"], shown["file"]) == ("Butler", [], str(mine))
