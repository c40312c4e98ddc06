"""`parley settings`: what is in force, without secrets."""

import pytest


def test_settings_show_no_secret_and_where_a_value_comes_from(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('engines = "openai"\n[engine.openai]\napi_key = "sk-very-secret"\n[card]\nrate = 48000\n')
    result = parley("settings", "--config", str(config))
    assert result.exit_code == 0
    assert "sk-very" not in result.output
    assert [line for line in result.output.splitlines() if line.startswith("rate = 48000") and str(config) in line]


def test_what_is_unwise_is_said_beside_them_as_a_comment(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text('[brain]\napi_key = "x"\n')
    config.chmod(0o644)
    result = parley("settings", "--config", str(config))
    assert result.stderr.startswith(f"# {config} holds a key and everybody can read it")
    assert "holds a key" not in result.stdout


def test_settings_that_cannot_be_read_are_a_line_each(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text("nmae = 1\n[card]\nrate = 1\n")
    result = parley("settings", "--config", str(config))
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"parley: {config}: nmae: no such key; did you mean name?",
        f"{config}: card.rate: 1 is not valid; valid is 0, 16000, 24000, 44100 or 48000",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('language = "german"', "language: 'german' is not valid; valid is a language's code, such as en"),
        ('language = "en_US.UTF-8"', "language: 'en_US.UTF-8' is not valid"),
        ('engines = "opnai"', "engines: 'opnai' is not known; did you mean openai?"),
        ('engines = ["local", "box"]', "engines: 'box' is not known."),
        ('[wake]\nmodels = ["hey_computer"]', "wake.models: no model is called"),
        ('[wake]\nmodels = ["hey_jarvis", "/nowhere/hey_joe.onnx"]', "wake.models: there is no /nowhere/hey_joe.onnx"),
        ('[local]\ntts = "piper"\n[piper]\nvoice = "/nowhere/joe.onnx"', "piper.voice: there is no"),
        ('[local]\nstt = "sherpa-onnx"\n[sherpa]\nmodel = "/nowhere/zipformer"', "sherpa.model: there is no"),
    ],
)
def test_what_cannot_be_is_refused_by_file_and_key(parley, tmp_path, text, named):
    config = tmp_path / "parley.toml"
    config.write_text(text)
    result = parley("settings", "--config", str(config))
    assert result.exit_code == 1
    assert result.output.startswith(f"parley: {config}: ")
    assert named in result.output


def test_what_cannot_be_is_a_line_each(parley, tmp_path):
    config = tmp_path / "parley.toml"
    config.write_text(
        '[wake]\nmodels = ["/nowhere/hey_joe.onnx"]\n[local]\ntts = "piper"\n[piper]\nvoice = "/nowhere/joe.onnx"'
    )
    assert len(parley("settings", "--config", str(config)).output.splitlines()) == 2


@pytest.mark.parametrize(
    "text",
    ['language = "pt-BR"', 'engines = ["box"]\n[engine.box]\nurl = "ws://box/v1"', '[wake]\nmodels = ["alexa"]'],
)
def test_what_can_be_is_not(parley, tmp_path, text):
    config = tmp_path / "parley.toml"
    config.write_text(text)
    assert parley("settings", "--config", str(config)).exit_code == 0
