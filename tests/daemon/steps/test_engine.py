"""An engine chosen, with its key."""

import pytest

from device.daemon.steps.engine import WrongServer, use
from device.door.first_steps import UseEngine
from device.settings.change import ChangeError
from device.settings.loading import read

OPENAI, CARTESIA = "wss://api.openai.com", "wss://api.cartesia.ai"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "parley.toml"
    path.write_text('# mine\nengines = ["box", "local"]\n[engine.box]\nlike = "localai"\n')
    return path


def in_force(config):
    return read(config, {}).settings


def test_it_answers_first_and_the_others_after_it(config):
    assert use(UseEngine("openai", OPENAI, key=" sk-new "), owner=False, config=config) == config
    settings = in_force(config)
    assert settings.engines == ("openai", "box", "local")
    assert settings.engine["openai"].api_key.reveal() == "sk-new"
    assert config.read_text().startswith("# mine")
    use(UseEngine("local", ""), owner=False, config=config)
    assert in_force(config).engines == ("local",)
    assert in_force(config).engine["openai"].api_key.reveal() == "sk-new", "it may be chosen again"


def test_a_key_that_is_set_stays_where_none_is_given(config):
    use(UseEngine("openai", OPENAI, key="sk-new"), owner=False, config=config)
    use(UseEngine("openai", OPENAI), owner=False, config=config)
    assert in_force(config).engine["openai"].api_key.reveal() == "sk-new"


def test_a_key_is_not_kept_for_a_server_that_was_not_shown(config):
    config.write_text('[engine.openai]\nurl = "wss://evil.example/v1/realtime"\n')
    before = config.read_text()
    with pytest.raises(WrongServer, match=r"is at wss://evil\.example"):
        use(UseEngine("openai", OPENAI, key="sk-new"), owner=False, config=config)
    assert config.read_text() == before


def test_an_agent_is_kept_with_its_key(config):
    use(UseEngine("cartesia", CARTESIA, key="k", agent="agent_1"), owner=False, config=config)
    assert in_force(config).engine["cartesia"].agent == "agent_1"


@pytest.mark.parametrize("name", ["no-such", "local.x", "engine.openai"])
def test_what_is_no_engine_is_refused(config, name):
    with pytest.raises(ChangeError, match="no engine is called"):
        use(UseEngine(name, OPENAI, key="k"), owner=True, config=config)


def test_settings_that_are_broken_by_hand_are_named(config):
    config.write_text("engines = [")
    with pytest.raises(ChangeError, match="not TOML"):
        use(UseEngine("openai", OPENAI, key="k"), owner=True, config=config)


@pytest.mark.parametrize("key", ["two words", "sk-\nX-Header: 1", "sk-€", "\x00"])
def test_what_cannot_be_a_key_is_not_kept_and_not_said_again(config, key):
    before = config.read_text()
    with pytest.raises(ChangeError, match="no key") as error:
        use(UseEngine("openai", OPENAI, key=key), owner=True, config=config)
    assert key not in str(error.value)
    assert config.read_text() == before
