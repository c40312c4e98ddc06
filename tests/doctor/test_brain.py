import pytest

from device.doctor import brain
from device.doctor.brain import check_brain
from device.doctor.units import check_egress
from device.local.brain.discovery import Found, Place, Search
from device.local.brain.models import Model
from device.settings.tree import BrainSettings, LocalSettings, Settings

AUTO = BrainSettings(url="auto", host="box.local")


@pytest.fixture
def finds(monkeypatch):
    def find(found):
        async def search(settings):
            return found

        monkeypatch.setattr(brain, "search", search)

    return find


async def findings(settings):
    return [finding async for finding in check_brain(settings)]


async def test_what_is_found_is_named_with_what_was_passed_over(finds):
    finds(Search(Found(Place("127.0.0.1", 11434), Model("llama3.2:3b")), ("vLLM at box.local:8000 has no model",)))
    (found,) = await findings(Settings(brain=AUTO))
    assert found.status == "ok"
    assert "llama3.2:3b of Ollama at 127.0.0.1:11434" in found.message
    assert "vLLM" in found.message


async def test_where_nothing_is_found_the_sentences_answer_and_the_fix_is_named(finds):
    finds(Search(None, ("no server answers at 127.0.0.1",)))
    (found,) = await findings(Settings(brain=AUTO))
    assert found.status == "warn"
    assert "box.local or 127.0.0.1" in found.message
    assert "brain.host" in found.fix


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(brain=BrainSettings(url="http://127.0.0.1:1/v1")),
        Settings(brain=AUTO, local=LocalSettings(url="ws://box:8765/v1/realtime")),
    ],
)
async def test_nobody_is_asked_where_nothing_is_looked_for(finds, settings):
    finds(None)
    assert await findings(settings) == []


def test_a_machine_that_the_engine_may_not_reach_is_named():
    units = {"parley-engine.service": {"IPAddressDeny": "0.0.0.0/0 ::/0", "IPAddressAllow": "127.0.0.0/8"}}
    (found,) = check_egress(Settings(brain=AUTO), units)
    assert "brain.host is box.local" in found.message
    assert not list(check_egress(Settings(brain=BrainSettings(url="auto")), units)), "this machine may be reached"
