"""One setting changed in a file that somebody wrote by hand."""

import os

import pytest

from device.settings import change as changing
from device.settings.change import ChangeError, StaleError, change, file_for, parts_of, said
from device.settings.loading import read
from device.system import paths

WRITTEN = """\
# Ada's kitchen.
name = "Ada"   # short
barge_in = "off"

[wake]
# it wakes too often
threshold = 0.7

[engine.openai]
model = "gpt-realtime"
"""


@pytest.fixture
def environ(tmp_path, monkeypatch):
    monkeypatch.setattr("device.settings.loading.SYSTEM", tmp_path / "none.toml")
    return {"HOME": str(tmp_path)}


@pytest.fixture
def file(environ, tmp_path):
    path = tmp_path / ".config/parley/parley.toml"
    path.parent.mkdir(parents=True)
    path.write_text(WRITTEN)
    return path


def lines(path):
    return path.read_text().splitlines()


def test_a_value_is_changed_and_all_else_stays_as_it_was(environ, file):
    assert change("wake.threshold", 0.4, environ=environ) == file
    assert file.read_text() == WRITTEN.replace("threshold = 0.7", "threshold = 0.4")
    assert read(None, environ).settings.wake.threshold == 0.4


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("name", 'Ada "the" \\ second\n', r'name = "Ada \"the\" \\ second\n"'),
        ("wake.patience", 2, "patience = 2"),
        ("playout.earcons", False, "earcons = false"),
        ("listen.eagerness", "low", 'eagerness = "low"'),
        ("engines", ["local"], 'engines = ["local"]'),
        ("engine.openai.voice", "cedar", 'voice = "cedar"'),
        ('prices."gpt-5.1".minute', 0.1, "minute = 0.1"),
        ("barge_in.cut_ms", 300, "cut_ms = 300"),
    ],
)
def test_what_was_not_there_is_added(environ, file, key, value, line):
    change(key, value, environ=environ)
    assert any(one.startswith(line) for one in lines(file))
    assert "# Ada's kitchen." in lines(file)
    assert said(key, file) == value
    read(None, environ)


def test_what_is_short_for_a_table_becomes_one_and_keeps_what_it_said(environ, file):
    assert said("barge_in.decide", file) == "off"
    change("barge_in.cut_ms", 300, environ=environ)
    assert (said("barge_in.decide", file), said("barge_in.cut_ms", file)) == ("off", 300)


def test_what_is_taken_out_is_at_its_default_again(environ, file):
    change("wake.threshold", None, environ=environ)
    change("listen.silence_ms", None, environ=environ)  # it is not there
    change("name", None, environ=environ)
    assert said("wake.threshold", file) is None
    assert "# it wakes too often" in lines(file)
    assert read(None, environ).settings.name == "Jarvis"


def test_without_a_file_one_is_made_for_its_owner_alone(environ):
    path = change("name", "Ada", environ=environ)
    assert path == file_for(None, environ)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_named_is_the_one(environ, tmp_path):
    named = tmp_path / "named.toml"
    named.write_text("# mine\n")
    named.chmod(0o640)
    assert change("name", "Ada", config=named, environ=environ) == named
    assert named.read_text().startswith("# mine\n")
    assert named.stat().st_mode & 0o777 == 0o640, "who may read it stays as it was"


@pytest.mark.parametrize(("key", "value"), [("brain.api_key", "sk-1"), ("engine.openai", {"api_key": "sk-1"})])
def test_a_file_that_everybody_can_read_is_no_more_once_it_holds_a_key(environ, key, value):
    file = file_for(environ=environ)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(0o644)
    change("name", "Ada", environ=environ)
    assert file.stat().st_mode & 0o777 == 0o644
    change(key, value, environ=environ)
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_link_leads_to_the_file_that_is_changed(environ, file, tmp_path):
    real = tmp_path / "real.toml"
    file.rename(real)
    file.symlink_to(real)
    change("name", "Bob", environ=environ)
    assert file.is_symlink()
    assert said("name", real) == "Bob"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("wake.threshold", 7, "wake.threshold: 7 is not valid; valid is a number above 0 and below 1"),
        ("wake.treshold", 0.5, "no such key; did you mean wake.threshold"),
        ("name", "", "name: '' is not valid"),
        ("wake", 3, "is a table"),
        ("engines", ["opnai"], "did you mean openai"),
        ("engines", ["openai"], "OPENAI_API_KEY"),
        ("name", {"a": [None]}, "name"),
        ("name.first", "x", "name"),
        ("profile", "nowhere", "profile"),
    ],
)
def test_what_is_not_valid_changes_nothing(environ, file, key, value, told):
    with pytest.raises(ChangeError, match=told):
        change(key, value, environ=environ)
    assert file.read_text() == WRITTEN


def test_a_secret_goes_in_and_is_in_no_message(environ, file):
    change("brain.api_key", "s3cret", environ=environ)
    assert "s3cret" in file.read_text()
    for value in (["s3cret"], {"s3cret": 1}):
        with pytest.raises(ChangeError) as error:
            change("brain.api_key", value, environ=environ)
        assert "s3cret" not in str(error.value)


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(environ, file):
    with pytest.raises(StaleError, match=r"was changed in .* meanwhile"):
        change("wake.threshold", 0.4, was=0.5, environ=environ)
    with pytest.raises(StaleError):
        change("wake.threshold", 0.4, was=None, environ=environ)
    change("wake.threshold", 0.4, was=0.7, environ=environ)
    change("wake.patience", 3, was=None, environ=environ)


@pytest.mark.parametrize("text", ["wake = [", "name = 3\n", "\x00"])
def test_a_file_that_is_broken_is_left_to_a_person(environ, file, text):
    file.write_text(text)
    with pytest.raises(ChangeError):
        change("wake.threshold", 0.4, environ=environ)
    assert file.read_text() == text


def test_a_disk_that_cannot_be_written_is_named(environ, file, monkeypatch):
    def full(path, data):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(changing.state_file, "write", full)
    with pytest.raises(ChangeError, match="No space left"):
        change("name", "Bob", environ=environ)


def test_settings_of_the_engines_service_are_changed_like_others(environ, file, tmp_path, monkeypatch):
    (tmp_path / "engine.socket").touch()
    monkeypatch.setattr(paths, "ENGINE_SOCKET", tmp_path / "engine.socket")
    service = {**environ, "STATE_DIRECTORY": str(tmp_path)}
    assert change("piper.voice", "x", environ=service) == file
    assert said("piper.voice", file) == "x"


def test_a_path_with_a_nul_character_is_not_taken(environ, file):
    with pytest.raises(ChangeError, match=r"models_dir: there is a NUL"):
        change("models_dir", "/a\0b", environ=environ)
    assert file.read_text() == WRITTEN


@pytest.mark.parametrize("key", ["", "a b", "a.", "a\nb = 1\nc", "a = 1 #", "[a]", "a" * 100_000 + "..", "\x1b[2J"])
def test_what_is_no_key_is_told(key):
    with pytest.raises(ChangeError, match="is no key"):
        parts_of(key)


def test_keys_have_parts():
    assert parts_of("wake.threshold") == ("wake", "threshold")
    assert parts_of('prices."gpt-5.1".minute') == ("prices", "gpt-5.1", "minute")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("brain.url", "http://evil.example/v1"),
        ("brain", {"url": "http://evil.example/v1", "model": "m"}),
        ("engine.x", {"url": "wss://evil.example/", "key_variable": "OPENAI_API_KEY"}),
    ],
)
def test_who_has_not_the_keys_does_not_send_them_elsewhere(environ, file, key, value):
    file.write_text('engines = "openai"\n\n[brain]\nurl = "http://box/v1"\nmodel = "m"\n')
    environ |= {"OPENAI_API_KEY": "sk-vendor", "PARLEY_BRAIN_API_KEY": "sk-brain"}
    before = file.read_text()
    with pytest.raises(ChangeError, match=r"a key would go to \w+://evil\.example"):
        change(key, value, owner=False, environ=environ)
    assert file.read_text() == before
    change(key, value, environ=environ)
    assert "evil.example" in file.read_text()


@pytest.mark.parametrize("place", ["{}/evil.toml", "profiles/../../evil.toml", "~nobody/evil.toml", "~nobody.toml"])
def test_who_has_not_the_keys_has_no_profile_read_that_others_may_have_written(environ, file, tmp_path, place):
    (tmp_path / "keys").write_text("OPENAI_API_KEY=sk-vendor\n# the end\n")
    table = f'[lookup.x]\ndescription = "x"\nfile = "{tmp_path}/keys"\nkeys = {{ x = "code" }}\n'
    for evil in (tmp_path / "evil.toml", file.parent.parent / "evil.toml"):
        evil.write_text(table)
    with pytest.raises(ChangeError, match="it must be bundled, or lie in") as told:
        change("profile", place.format(tmp_path), owner=False, environ=environ)
    assert "sk-vendor" not in str(told.value)
    assert file.read_text() == WRITTEN


def test_who_has_not_the_keys_chooses_among_the_profiles_that_there_are(environ, file):
    environ["OPENAI_API_KEY"] = "sk-vendor"
    (file.parent / "profiles").mkdir()
    (file.parent / "profiles" / "shop.toml").write_text('name = "Butler"\n')
    for choice in ("home", "profiles/shop.toml", None):
        change("profile", choice, owner=False, environ=environ)
        assert said("profile", file) == choice


def test_who_has_not_the_keys_may_set_others(environ, file):
    file.write_text('[brain]\nurl = "http://box/v1"\nmodel = "m"\napi_key = "sk-old"\n')
    change("brain.url", "http://box/v2", owner=False, environ=environ)
    change("brain", {"url": "http://new/v1", "model": "m", "api_key": "sk-new"}, owner=False, environ=environ)
    assert read(None, environ).settings.brain.url == "http://new/v1"


def test_a_password_in_an_address_is_not_told_and_not_asked_for(environ, file):
    file.write_text('[brain]\nurl = "http://ada:s3cret@box/v1"\nmodel = "m"\n')
    told = said("brain.url", file)
    assert told == "http://***@box/v1"
    with pytest.raises(StaleError):
        change("brain.url", "http://box/v2", was="http://other/v1", environ=environ)
    change("brain.url", "http://box/v2", was=told, environ=environ)
    assert said("brain.url", file) == "http://box/v2"
