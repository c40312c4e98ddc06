"""Profiles: the bundled ones, those of users, and their place among the settings."""

import json

import pytest

from device.engines.prompt import instructions
from device.settings import profiles
from device.settings.engines import known_engines
from device.settings.loading import SettingsError, read, require
from device.settings.profiles import ProfileError, load
from device.settings.text import in_force
from device.tools.profile import profile_tools

MINE = """
description = "Mine."
engines = "openai"
voice = "cedar"
name = "Butler"
wake_words = "alexa"
language = "de"
greeting = "Yes?"
idle_s = 30
tools = ["sleep"]
instructions.role = "You are {name}."

[result_schema]
type = "object"
properties.mood = { type = "string" }

[lookup.find_room]
description = "Finds a room."
file = "rooms.csv"
keys = { name = "name" }
"""


@pytest.fixture
def mine(tmp_path):
    """Write a profile of the user's own and return its path."""

    def write(text=MINE, name="mine.toml", rows="name,floor\nLibrary,2\nHall,0\n"):
        (tmp_path / "rooms.csv").write_text(rows)
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def settings(tmp_path):
    """Write a settings file into a folder of its own and read it."""

    def load_settings(text):
        folder = tmp_path / "config"
        folder.mkdir(exist_ok=True)
        (folder / "parley.toml").write_text(text)
        return read(folder / "parley.toml", {"HOME": str(tmp_path / "home")}, tmp_path / "none.toml")

    return load_settings


@pytest.mark.parametrize("name", profiles.names())
def test_the_bundled_profiles_are_right_and_their_instructions_short(name, settings):
    profile = load(name)
    assert profile.description
    assert not profiles.unknown_engines(profile, known_engines())
    told = instructions(settings(f'profile = "{name}"').settings)
    assert len(told.split()) <= 280
    assert not set("*#`|•[]{}") & set(told), "nothing that is written and not spoken"


def test_three_profiles_ship():
    assert profiles.names() == ["home", "kiosk", "support"]


def test_a_profile_is_between_the_defaults_and_the_user_s_settings(mine, settings):
    mine()
    loaded = settings('profile = "../mine.toml"\nname = "Mabel"\n[listen]\nfollow_up_s = 5\n[instructions]\nstyle = ""')
    force = loaded.settings
    assert force.engines == ("openai",)
    assert force.engine["openai"].voice == "cedar"
    assert force.engine["openai"].model == known_engines()["openai"].model
    assert (force.language, force.greeting, force.tools) == ("de", "Yes?", ("sleep",))
    assert force.wake.models == ("alexa",)
    assert (force.name, force.listen.follow_up_s) == ("Mabel", 5)
    assert instructions(force).startswith("You are Mabel.\nThe user may cut you off")
    assert loaded.origins["greeting"] == f"profile {mine().resolve()}"
    assert loaded.origins["name"].endswith("parley.toml")


def test_without_a_user_s_word_the_profile_counts(mine, settings):
    mine()
    force = settings('profile = "../mine.toml"').settings
    assert (force.name, force.listen.follow_up_s) == ("Butler", 30)


def test_a_user_s_whole_text_counts_over_the_profile_s_sections(mine, settings):
    mine()
    force = settings('profile = "../mine.toml"\ninstructions = "Rhyme, {name}, in {curly} braces."').settings
    assert instructions(force) == "Rhyme, Butler, in {curly} braces."


def test_the_settings_in_force_read_again_are_the_same(mine, settings):
    mine()
    force = settings('profile = "../mine.toml"').settings
    assert settings(in_force(force)).settings == force


def test_a_later_file_may_do_without_the_profile_of_an_earlier_one(tmp_path, settings):
    home = tmp_path / "home/.config/parley"
    home.mkdir(parents=True)
    (home / "parley.toml").write_text('profile = "kiosk"')
    assert settings("").settings.greeting.startswith("Welcome")
    assert settings('profile = ""').settings.greeting == ""


def test_what_a_profile_brings(mine):
    profile = load(mine())
    assert profile.result_schema == {"type": "object", "properties": {"mood": {"type": "string"}}}
    tool, result = profile_tools(profile)
    assert tool.spec().parameters["properties"].keys() == {"name"}
    assert (result.name, result.spec().parameters) == ("submit_result", profile.result_schema)
    assert (profile.title, profile.voices) == ("mine", {"openai": "cedar"})


def test_a_result_s_schema_may_be_a_file(mine):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    path = mine('result_schema = "result.json"')
    (path.parent / "result.json").write_text(json.dumps(schema))
    assert load(path).result_schema == schema


def test_voices_by_engine(mine, settings):
    mine('voice = { local = "en-us", openai = "cedar" }')
    force = settings('profile = "../mine.toml"').settings
    assert (force.local.voice, force.engine["openai"].voice, force.engines) == ("en-us", "cedar", ("local",))


def test_an_engine_that_only_the_user_s_settings_know(mine, settings):
    mine('engines = "mine"\nvoice = "x"')
    force = settings('profile = "../mine.toml"\n[engine.mine]\nlike = "openai"\nurl = "ws://box.lan/v1/realtime"')
    assert force.settings.engine["mine"].voice == "x"
    require(force.settings)
    with pytest.raises(SettingsError, match=r"the engine 'mine' is not known; there are .*local.*openai"):
        settings('profile = "../mine.toml"')


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("greting = 'x'", "greting: no such key; did you mean greeting?"),
        ("idle_s = 0", "idle_s: 0 is not valid; valid is a number above 0 and at most 86400"),
        (
            "tools = ['get_tyme']",
            'tools: [\'get_tyme\'] is not valid; valid is a list, each "add_to_list", "cancel_alarm"',
        ),
        ("instructions.stile = ''", "instructions.stile: no such key; did you mean instructions.style?"),
        ("wake_words = []", "wake_words: [] is not valid; valid is a list of at least one"),
        (
            "voice = 'marin'",
            "voice: a text is the voice of the first of `engines`, which is missing; or write voice = {",
        ),
        ("voice = 3", "voice: is the name of a voice"),
        ("voice = { openai = 3 }", "voice: is the name of a voice"),
        ("lookup = 3", "lookup: is a group of tables, [lookup.NAME]"),
        ("result_schema = 'no.json'", "cannot be read: No such file"),
        ("result_schema = 'rooms.csv'", "is not JSON"),
        ("result_schema = { type = 'object', properties = { a = { type = 3 } } }", "$.properties.a.type: 3 is not"),
        ("result_schema = { type = 'array' }", 'result_schema: is a JSON schema with type = "object" and properties'),
        ("lookup.a.file = 'x'", "lookup.a.description: is missing"),
        ("lookup.'a b'.file = 'x'", "lookup.a b: is the tool's name: letters, digits, _ and - only"),
        (MINE.replace("rooms.csv", "halls.csv"), "halls.csv: cannot be read: No such file"),
        (MINE.replace('{ name = "name" }', '{ nam = "name" }'), "has no column 'nam'; there are name, floor"),
        (MINE.replace('{ name = "name" }', '{ name = "sound" }'), "lookup.find_room.keys.name: 'sound' is not valid"),
        (MINE.replace("find_room", "sleep"), "lookup.sleep: is the name of a built-in tool"),
    ],
)
def test_what_is_wrong_with_a_profile_is_named(text, fault, mine, settings):
    path = mine(text)
    with pytest.raises(ProfileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fault in str(caught.value)
    with pytest.raises(SettingsError) as caught:
        settings('profile = "../mine.toml"')
    assert fault in str(caught.value)


def test_all_faults_of_a_profile_are_told_at_once(mine):
    with pytest.raises(ProfileError) as caught:
        load(mine("idle_s = 0\nvoice = 3\nx = 1\nlookup.a = 3"))
    assert [line.split(": ")[1] for line in str(caught.value).splitlines()] == ["idle_s", "x", "voice", "lookup.a"]


@pytest.mark.parametrize("name", ["suport", "nowhere/mine.toml", "", "."])
def test_a_profile_that_is_not_there_says_which_are(name, settings):
    with pytest.raises(ProfileError, match="bundled are home, kiosk, support"):
        load(name or "x")
    if name:
        with pytest.raises(SettingsError, match=r"parley.toml: profile: .*bundled are home, kiosk, support"):
            settings(f'profile = "{name}"')


def test_the_local_engine_without_a_language_model_is_warned_of(settings):
    (warning,) = settings('profile = "support"\nengines = "local"').warnings
    assert "find_order, find_answer, the result" in warning
    assert "brain.url" in warning
    assert not settings('profile = "support"\nengines = "local"\n[brain]\nurl = "http://127.0.0.1:1/v1"').warnings
    assert not settings('profile = "support"').warnings
    assert not settings('profile = "home"').warnings


def test_a_profile_where_one_may_not_look_is_told_of(tmp_path):
    with pytest.raises(ProfileError, match=r"mine\.toml: cannot be read: "):
        load(str(tmp_path / ("x" * 300) / "mine.toml"))


def test_a_profile_in_a_home_that_there_is_not_is_none():
    with pytest.raises(ProfileError, match="there is no such profile"):
        load("~nobody-is-called-so/x.toml")
