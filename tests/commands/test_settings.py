"""`parley settings`: what is in force, without secrets."""


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
        f"{config}: card.rate: 1 is not valid; valid is 0, 16000, 24000 or 48000",
    ]
