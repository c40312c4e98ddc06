"""The tables of servers of tools: what goes together, where tokens come from, and that none is shown."""

import pytest

from device.settings.change import ChangeError, change
from device.settings.described import described
from device.settings.keys import recipients
from device.settings.loading import SettingsError, read
from device.settings.mcp import McpSettings, token_variable
from device.settings.text import in_force

HOME = '[mcp.home]\nurl = "http://ha.local:8123/api/mcp"\n'
PROGRAM = '[mcp.files]\ncommand = ["server", "--all"]\n'


def test_nothing_is_set_where_nothing_is_said(home):
    assert read(environ=home).settings.mcp == {}


def test_a_server_is_at_an_address_or_is_started(write, home):
    found = read(write(HOME + PROGRAM), home).settings.mcp
    assert found["home"] == McpSettings(url="http://ha.local:8123/api/mcp")
    assert found["files"].command == ("server", "--all")
    assert found["files"].tools == ("*",)


def test_a_table_may_be_called_as_an_engine_is(write, home):
    assert read(write('[mcp.openai]\nurl = "http://box/mcp"\n'), home).settings.mcp["openai"].url == "http://box/mcp"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[mcp]\nurl = 'http://x'\n", r"mcp\.url: is a table, \[mcp\.url\]"),
        ("[mcp.a]\n", r"mcp\.a: has either a url.*; neither is set"),
        (HOME + 'command = ["x"]\n', r"mcp\.home: has either.*; both are set"),
        (PROGRAM + 'token = "t"\n', r"mcp\.files\.token: goes to a url"),
        (HOME + 'token = "two words"\n', r"mcp\.home\.token: is no token"),
        ('[mcp."a b"]\nurl = "http://x"\n', r"mcp\.a b: is a server's name"),
        (f'[mcp.{"a" * 25}]\nurl = "http://x"\n', r"is a server's name"),
        ('[mcp.a]\nurl = "http://[::1/mcp"\n', r"mcp\.a\.url: is no address of a machine"),
        ('[mcp.a]\nurl = "http://:80/mcp"\n', r"mcp\.a\.url: is no address of a machine"),
        ('[mcp.a]\nurl = "http://box:99999/mcp"\n', r"mcp\.a\.url: is no address of a machine"),
        ('[mcp.a]\nurl = "ws://x"\n', r"mcp\.a\.url: 'ws://x' is not valid"),
        ('[mcp.a]\nurl = "http://x"\ntols = ["x"]\n', r"mcp\.a\.tols: no such key; did you mean mcp\.a\.tools"),
        ('[mcp.a]\nurl = "http://x"\ntools = []\n', r"mcp\.a\.tools: \[\] is not valid"),
        ('[mcp.a]\nurl = "http://x"\ntimeout_s = 0\n', r"mcp\.a\.timeout_s"),
    ],
)
def test_what_is_wrong_is_named(write, home, text, fault):
    with pytest.raises(SettingsError, match=fault) as found:
        read(write(text), home)
    assert "two words" not in str(found.value)


@pytest.mark.parametrize("where", ["file", "environment", "credential"])
def test_a_token_comes_from_where_keys_come_from_and_is_shown_nowhere(write, home, where, tmp_path):
    text = HOME
    if where == "file":
        text += 'token = "s3cret"\n'
    elif where == "environment":
        home["PARLEY_MCP_HOME_TOKEN"] = " s3cret\n"
    else:
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "key_PARLEY_MCP_HOME_TOKEN").write_text("s3cret\n")
        home["CREDENTIALS_DIRECTORY"] = str(tmp_path / "keys")
    loaded = read(write(text), home)
    assert loaded.settings.mcp["home"].token.reveal() == "s3cret"
    shown = in_force(loaded.settings, loaded.origins)
    assert "s3cret" not in shown + repr(loaded) + repr(list(described(loaded.settings)))
    assert "# token is set, by " in shown
    assert ("s3cret", "http://ha.local:8123") in recipients(loaded.settings)
    if where == "file":
        assert "mcp.home.token" in loaded.left_out


def test_the_variable_is_called_after_the_table():
    assert token_variable("my-home_2") == "PARLEY_MCP_MY_HOME_2_TOKEN"


def test_a_token_in_a_file_that_everybody_reads_is_warned_of(write, home):
    assert "holds a key" in read(write(HOME + 'token = "t"\n', mode=0o644), home).warnings[0]


def test_the_settings_in_force_can_be_read_again(write, home):
    loaded = read(write(HOME + PROGRAM + 'variables = ["A_KEY"]\nslow = true\n'), home)
    assert read(write(in_force(loaded.settings), "again.toml"), home).settings.mcp == loaded.settings.mcp


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mcp.files.command", ["sh", "-c", "evil"]),
        ("mcp.files.variables", ["OPENAI_API_KEY"]),
        ("mcp.new", {"command": ["evil"]}),
        ("mcp", {"new": {"command": ["evil"]}}),
        ("mcp.home.url", "http://evil.example/mcp"),
    ],
)
def test_who_has_not_the_keys_runs_no_program_and_sends_no_token_elsewhere(write, home, key, value):
    home["PARLEY_MCP_HOME_TOKEN"] = "s3cret"
    file = write(HOME + PROGRAM)
    before = file.read_text()
    with pytest.raises(ChangeError, match=r"would run a program|a key would go to"):
        change(key, value, owner=False, config=file, environ=home)
    assert file.read_text() == before
    change(key, value, config=file, environ=home)
    assert file.read_text() != before


def test_who_has_not_the_keys_may_still_set_the_rest(write, home):
    file = write(HOME + PROGRAM)
    change("mcp.files.timeout_s", 20, owner=False, config=file, environ=home)
    change("mcp.home.tools", ["HassTurn*"], owner=False, config=file, environ=home)
    assert read(file, home).settings.mcp["home"].tools == ("HassTurn*",)
