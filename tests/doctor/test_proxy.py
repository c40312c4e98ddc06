"""What the doctor says of proxies."""

import pytest
from msgspec.structs import replace

from device.doctor.proxy import check_proxy, take_proxies
from device.settings.local import BrainSettings, LocalSettings
from device.settings.tree import Settings
from device.settings.types import Secret


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_where_there_is_none_nothing_is_said():
    assert not list(check_proxy(Settings()))


def test_each_server_is_said_to_be_reached_by_it_or_directly(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hush@proxy.corp:3128")
    monkeypatch.setenv("NO_PROXY", "llm.corp")
    engine = Settings().engine
    engine["openai"] = replace(engine["openai"], api_key=Secret("sk"))
    brain = BrainSettings(url="https://llm.corp/v1")
    (found,) = check_proxy(Settings(engines=("openai", "local"), engine=engine, brain=brain))
    assert found.status == "ok"
    assert "by proxy.corp:3128: api.openai.com; directly: llm.corp" in found.message
    assert "hush" not in found.message


def test_this_machine_is_never_behind_it(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.corp:3128")
    (found,) = check_proxy(Settings(local=LocalSettings(url="ws://127.0.0.1:8765/v1/realtime")))
    assert "directly: 127.0.0.1" in found.message


def test_one_that_is_none_fails(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://proxy.corp:3128")
    (found,) = check_proxy(Settings(brain=BrainSettings(url="https://llm.corp/v1")))
    assert found.status == "fail"


def unit(environment):
    return {"Environment": f"HOME=/var/lib/parley {environment}"}


def test_a_service_goes_by_its_own_environment(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://mine:1")
    units = {
        "parley.service": unit("HTTPS_PROXY=http://theirs:2"),
        "parley-engine.service": unit('"HTTPS_PROXY=http://engines:3" NO_PROXY=llm.corp'),
    }
    engine = Settings().engine
    engine["openai"] = replace(engine["openai"], api_key=Secret("sk"))
    settings = Settings(engines=("openai", "local"), engine=engine, brain=BrainSettings(url="https://llm.corp/v1"))
    (found,) = check_proxy(settings, units)
    assert "by theirs:2: api.openai.com; directly: llm.corp" in found.message


def test_a_service_that_lacks_the_proxy_that_is_set_here_is_told_of(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://mine:1")
    units = {"parley.service": unit(""), "parley-engine.service": unit("")}
    found, *_ = check_proxy(Settings(brain=BrainSettings(url="https://llm.corp/v1")), units)
    assert found.status == "warn"
    assert "not for parley-engine.service" in found.message
    assert "sudo systemctl edit parley-engine," in found.fix
    monkeypatch.delenv("HTTPS_PROXY")
    assert not list(check_proxy(Settings(brain=BrainSettings(url="https://llm.corp/v1")), units))


def test_the_doctor_asks_by_the_services_proxies_unless_it_has_its_own():
    units = {"parley.service": unit("https_proxy=http://theirs:2 NO_PROXY=.corp")}
    environ = {"HOME": "/root"}
    take_proxies(environ, units)
    assert environ == {"HOME": "/root", "https_proxy": "http://theirs:2", "NO_PROXY": ".corp"}
    environ = {"HTTPS_PROXY": "http://mine:1"}
    take_proxies(environ, units)
    assert environ == {"HTTPS_PROXY": "http://mine:1"}
    take_proxies(environ, {})
