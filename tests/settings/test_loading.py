"""The settings in force: which file counts over which, what is wrong with them, and where keys come from."""

import logging
import pickle

import msgspec
import pytest

from device.settings.loading import SettingsError, able, load, read, require
from device.settings.text import in_force
from device.settings.tree import Settings

KEY = "sk-this-must-never-be-seen"


def fault(path, home):
    with pytest.raises(SettingsError) as caught:
        load(path, home)
    return str(caught.value)


def test_without_any_file_the_defaults_are_in_force(home, tmp_path):
    loaded = read(None, home, tmp_path / "none.toml")
    assert (loaded.settings, loaded.origins, loaded.files, loaded.warnings) == (Settings(), {}, (), ())


def test_a_later_file_counts_over_an_earlier_one_key_by_key(write, home):
    system = write('name = "System"\n[card]\ninput = "usb"\nrate = 16000\n[wake]\nmodels = ["alexa"]', "etc.toml")
    user = write('name = "User"\n[card]\nrate = 24000', "home/.config/parley/parley.toml")
    given = write('[wake]\nmodels = ["hey_mycroft", "hey_rhasspy"]')
    loaded = read(given, home, system)
    assert loaded.settings.name == "User"
    assert (loaded.settings.card.input, loaded.settings.card.rate) == ("usb", 24000)
    assert loaded.settings.wake.models == ("hey_mycroft", "hey_rhasspy")
    assert loaded.files == (system, user, given)
    assert loaded.origins == {
        "name": str(user),
        "card.input": str(system),
        "card.rate": str(user),
        "wake.models": str(given),
    }


def test_the_user_s_file_follows_xdg(write, tmp_path, home):
    write('name = "Elsewhere"', "xdg/parley/parley.toml")
    assert load(None, home | {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}).name == "Elsewhere"


def test_keys_come_from_the_environment_over_the_file(write, home):
    path = write('[engine.openai]\napi_key = "file"\n[brain]\napi_key = "file"')
    loaded = read(path, home | {"OPENAI_API_KEY": f" {KEY}\n", "PARLEY_BRAIN_API_KEY": " "})
    assert loaded.settings.engine["openai"].api_key.reveal() == KEY
    assert loaded.settings.brain.api_key.reveal() == "file"
    assert loaded.origins["engine.openai.api_key"] == "OPENAI_API_KEY"
    loaded = read(path, home | {"PARLEY_BRAIN_API_KEY": KEY})
    assert loaded.settings.brain.api_key.reveal() == KEY
    assert loaded.origins["brain.api_key"] == "PARLEY_BRAIN_API_KEY"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nname = \n", "{path}:2: not TOML: Invalid value"),
        ('[card]\ninput = "a"\ninput = "b"', "{path}:3: not TOML: Cannot overwrite a value"),
        ("x = [", "{path}:1: not TOML: Invalid value"),
        ("nmae = 'x'", "{path}: nmae: no such key; did you mean name?"),
        ("[card]\ninptu = 'x'", "{path}: card.inptu: no such key; did you mean card.input?"),
        ("[crad]\ninput = 'x'", "{path}: crad: no such key; did you mean card?"),
        ("threshold = 0.4", "{path}: threshold: no such key; did you mean wake.threshold?"),
        (
            "url = ''",
            "{path}: url: no such key; did you mean local.url or brain.url or transcription.url or cartesia.url or ",
        ),
        (
            "[card]\nxyz = 1",
            "{path}: card.xyz: no such key; [card] knows channel, gain_db, input, latency_ms, music, output, rate",
        ),
        ("card = 3", "{path}: card: is a table, [card], not 3"),
        ("name = ''", "{path}: name: '' is not valid; valid is text that is not empty"),
        ("[name]\na = 1", "{path}: name: a table is not valid; valid is text that is not empty"),
        ("engine = 'openai'", "{path}: engine: is a group of tables, [engine.NAME]; the order of engines is `engines`"),
        ("[card]\nrate = 96000", "{path}: card.rate: 96000 is not valid; valid is 0, 16000, 24000, 44100 or 48000"),
        (
            "[card]\nlatency_ms = '40'",
            "{path}: card.latency_ms: '40' is not valid; valid is a whole number from 5 to 500",
        ),
        (
            "[card]\nlatency_ms = true",
            "{path}: card.latency_ms: true is not valid; valid is a whole number from 5 to 500",
        ),
        ("[wake]\nthreshold = 1", "{path}: wake.threshold: 1 is not valid; valid is a number above 0 and below 1"),
        ("[wake]\nthreshold = nan", "{path}: wake.threshold: nan is not valid; valid is a number above 0 and below 1"),
        (
            "[wake]\nmodels = []",
            "{path}: wake.models: [] is not valid; valid is a list of at least one, each text that is not empty",
        ),
        (
            "[listen]\nfollow_up_s = inf",
            "{path}: listen.follow_up_s: inf is not valid; valid is a number above 0 and at most 86400",
        ),
        ("[playout]\nearcons = 1", "{path}: playout.earcons: 1 is not valid; valid is true or false"),
        (
            "barge_in = 'always'",
            '{path}: barge_in.decide: \'always\' is not valid; valid is "device", "engine" or "off"',
        ),
        (
            "[engine.openai]\nurl = 'api.example.org'",
            "{path}: engine.openai.url: 'api.example.org' is not valid; valid is an address that begins with ws:// or wss://",
        ),
    ],
)
def test_a_fault_names_the_file_the_key_and_what_would_be_valid(text, message, write, home):
    path = write(text)
    assert fault(path, home).startswith(message.format(path=path))


def test_all_faults_of_all_files_are_told_at_once(write, home):
    write("rate = 1\n[card]\nrate = 1", "home/.config/parley/parley.toml")
    given = write("a b")
    assert [line.split(": ")[1].split(" ")[0] for line in fault(given, home).splitlines()] == [
        "rate",
        "card.rate",
        "not",
    ]


def test_a_file_that_was_asked_for_must_be_there(tmp_path, home):
    assert fault(tmp_path / "none.toml", home) == f"{tmp_path}/none.toml: cannot be read: No such file or directory"
    assert fault(tmp_path, home) == f"{tmp_path}: cannot be read: Is a directory"


def test_a_file_must_be_utf8(tmp_path, home):
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "J\xe9"')
    assert fault(path, home) == f"{path}: is not text in UTF-8 (byte 9)"


def test_a_key_is_never_seen(write, home):
    settings = load(write(f"[engine.openai]\napi_key = '{KEY}'\nurl = 'ws://me:{KEY}@example.org/'"), home)
    assert settings.engine["openai"].api_key.reveal() == KEY
    assert (
        KEY
        not in repr(settings.engine["openai"].api_key)
        + str(settings.engine["openai"].api_key)
        + f"{settings.engine['openai'].api_key}"
    )
    assert KEY not in in_force(settings)
    assert KEY not in fault(write(f"[engine.openai]\napi_key = ['{KEY}']"), home)
    assert KEY not in fault(write(f"[engine.openai]\nurl = 'http://me:{KEY}@example.org/'"), home)
    assert KEY not in fault(write(f"[engine.openai]\napi_key = '{KEY}"), home)
    with pytest.raises(TypeError):
        pickle.dumps(settings.engine["openai"].api_key)
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)


def test_a_key_in_a_file_that_everybody_can_read_is_warned_of(write, home, caplog):
    path = write("[brain]\napi_key = 'x'", mode=0o644)
    with caplog.at_level(logging.WARNING):
        load(path, home)
    assert f"chmod o-r {path}" in caplog.text
    path.chmod(0o640)
    assert read(path, home).warnings == ()
    assert read(write("[brain]\nmodel = 'x'", mode=0o644), home).warnings == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("engines = 'openai'", "OPENAI_API_KEY"),
        ("engines = 'openai'\n[engine.openai]\nurl = 'wss://eu.api.openai.com/v1/realtime'", "OPENAI_API_KEY"),
        ("engines = 'openai'\n[engine.openai]\nurl = 'ws://10.0.0.5/v1/realtime'", ""),
        ("engines = 'openai'\n[engine.openai]\nurl = 'ws://127.0.0.1:8000/v1/realtime'", ""),
        ("engines = 'openai'\n[engine.openai]\napi_key = 'x'", ""),
        ("engines = 'local'", ""),
        ("[brain]\nmodel = 'llama'", "brain.url"),
        ("barge_in = 'engine'", ""),
        ("barge_in = 'engine'\n[listen]\nend_of_turn = 'device'", "listen.end_of_turn"),
        ("[brain]\nmodel = 'llama'\nurl = 'http://127.0.0.1:11434/v1'", ""),
        ("[local]\nstt = 'endpoint'", "transcription.url"),
        ("[local]\nstt = 'endpoint'\n[transcription]\nurl = 'http://127.0.0.1:8000/v1'", ""),
        ("[local]\nstt = 'endpoint'\nurl = 'ws://10.0.0.5/v1/realtime'", ""),
        ("[local]\nstt = 'sherpa-onnx'", "sherpa.model"),
        ("[local]\ntts = 'piper'", ""),
        ("[local]\nstt = 'cartesia'", "CARTESIA_API_KEY"),
        ("[local]\ntts = 'cartesia'\n[cartesia]\napi_key = 'x'", "cartesia.voice: .*local.tts"),
        ("[local]\nstt = 'cartesia'\n[cartesia]\napi_key = 'x'", ""),
        (
            "[local]\nstt = 'cartesia'\n[cartesia]\napi_key = 'x'\neager_end_threshold = 0.3\nend_threshold = 0.4",
            "cartesia.eager_end_threshold",
        ),
    ],
)
def test_what_the_engine_needs_is_required_at_use(text, named, write, home):
    settings = load(write(text), home)
    if named:
        with pytest.raises(SettingsError, match=named):
            require(settings)
    else:
        require(settings)


@pytest.mark.parametrize(
    ("text", "left", "named"),
    [
        ("engines = ['openai', 'local']", ("local",), "OPENAI_API_KEY"),
        ("engines = ['local', 'gemini']", ("local",), "GEMINI_API_KEY"),
        ("engines = ['cartesia', 'azure', 'local']", ("local",), "agents"),
        ("engines = ['local', 'vllm-omni']\n[local]\nstt = 'sherpa-onnx'", ("vllm-omni",), "sherpa.model"),
        ("engines = ['openai', 'local']\n[engine.openai]\napi_key = 'x'", ("openai", "local"), ""),
        ("engines = ['openai', 'gemini']", ("openai", "gemini"), ""),
    ],
)
def test_engines_that_lack_something_are_passed_over_where_another_can_answer(text, left, named, write, home):
    settings = load(write(text), home)
    fit, why = able(settings)
    assert fit.engines == left
    assert len(why) == len(settings.engines) - len(left)
    assert named in "".join(why)


def test_what_each_engine_lacks_is_a_line_of_its_own(write, home):
    with pytest.raises(SettingsError) as caught:
        require(load(write("engines = ['openai', 'gemini']"), home))
    openai, gemini = str(caught.value).split("\n")
    assert "OPENAI_API_KEY" in openai
    assert "GEMINI_API_KEY" in gemini


def test_an_engine_that_is_not_known_is_no_engine_that_lacks_its_key(write, home):
    with pytest.raises(SettingsError, match="'opnai' is not known"):
        require(load(write("engines = ['opnai', 'local']"), home))


@pytest.mark.parametrize("decide", ["device", "engine", "off"])
def test_who_decides_about_interruptions_may_be_said_in_a_word(decide, write, home):
    assert load(write(f'barge_in = "{decide}"'), home) == load(write(f'[barge_in]\ndecide = "{decide}"'), home)
    assert load(write(f'barge_in = "{decide}"'), home).barge_in.decide == decide


def test_keys_come_from_credentials_too_and_the_environment_counts_over_them(tmp_path, home):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "key_OPENAI_API_KEY").write_text(f"{KEY}\n")
    (folder / "key_GEMINI_API_KEY").write_text("g")
    (folder / "other").write_text("x")
    credentials = {"CREDENTIALS_DIRECTORY": str(folder)}
    engine = load(None, home | credentials | {"GEMINI_API_KEY": "mine"}).engine
    assert engine["openai"].api_key.reveal() == KEY
    assert engine["gemini"].api_key.reveal() == "mine"
    assert load(None, home | {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}) == load(None, home)


def test_a_credential_that_cannot_be_read_is_warned_of_and_concerns_nobody_else(tmp_path, home):
    (tmp_path / "key_OPENAI_API_KEY").write_text(KEY)
    (tmp_path / "key_XAI_API_KEY").write_bytes(b"\xff")
    (tmp_path / "key_GEMINI_API_KEY").mkdir()
    loaded = read(None, home | {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert loaded.settings.engine["openai"].api_key.reveal() == KEY
    assert not loaded.settings.engine["xai"].api_key
    assert loaded.warnings == (
        "the key in /etc/parley/keys/GEMINI_API_KEY cannot be read (Is a directory): write it anew",
        "the key in /etc/parley/keys/XAI_API_KEY cannot be read (it is not text): write it anew",
    )


def test_a_home_that_one_may_not_look_into_is_named(tmp_path):
    away = str(tmp_path / ("x" * 300))
    with pytest.raises(SettingsError, match=r"xxx/parley/parley\.toml: cannot be read: .*HOME"):
        read(None, {"XDG_CONFIG_HOME": away}, tmp_path / "none.toml")
