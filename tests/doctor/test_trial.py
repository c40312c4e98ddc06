"""A key tried that is not kept."""

import io

import msgspec
import pytest
from msgspec.structs import replace
from support.listener import Listener, spoken

from device.doctor import engine as examination
from device.doctor.trial import TrialError, answer, examine, with_key
from device.door.first_steps import EngineTried, TryEngine
from device.settings.engines import RealtimeEngine
from device.settings.prices import Price
from device.settings.tree import Settings
from device.settings.types import Secret
from device.simulation import virtual_clock as virtual
from device.simulation.scripted_reply import Call, Reply

CALL = Reply((Call("get_time", "{}"),))
TOLD = spoken(1.0, "It is seventeen minutes past six.")
GOOD = (CALL, TOLD, spoken(5.0, pace=1.0))
OPENAI = "wss://api.openai.com"


def tried(server, **more):
    async def run():
        async with server:
            settings = Settings(engines=("it",), engine={"it": RealtimeEngine(url=server.url)}, **more)
            return await examine(settings, "it")

    return virtual.run(run())


def test_an_engine_that_works_says_what_it_answered_how_soon_and_for_how_much():
    prices = {"it": Price(minute=0.06)}
    found = tried(Listener(*GOOD, transcript="What time is it?"), prices=prices)
    assert (found.ok, found.wrong) == (True, "")
    assert (found.question, found.answer) == ("What time is it?", "It is seventeen minutes past six.")
    assert 0 < found.delay_ms < 2000
    assert 0.002 < found.price < 0.03
    assert {one.status for one in found.found} == {"ok"}


@pytest.mark.parametrize(
    ("server", "wrong", "words"),
    [
        (lambda: Listener(refuse=401), "key", "refused the key"),
        (lambda: Listener(refuse=404), "model", "404"),
        (lambda: Listener(refuse=503), "busy", "503"),
        (lambda: Listener(Reply(status="failed")), "other", "failed"),
    ],
)
def test_what_is_wrong_is_told_in_a_word_and_in_words(server, wrong, words):
    found = tried(server())
    assert (found.ok, found.wrong) == (False, wrong)
    assert any(words in one.what for one in found.found)


def test_one_that_says_nothing_is_silent(monkeypatch):
    monkeypatch.setattr(examination, "ANSWER_S", 3.0)
    server = Listener()
    server.deaf = True
    assert tried(server).wrong == "silent"


async def test_one_that_is_out_of_reach_is_told_and_costs_nothing():
    settings = Settings(engines=("it",), engine={"it": RealtimeEngine(url="ws://127.0.0.1:9/v1")})
    found = await examine(settings, "it")
    assert (found.ok, found.wrong, found.price) == (False, "unreachable", None)


def test_a_key_is_tried_with_the_server_that_was_shown_and_no_other():
    usual = Settings()
    asked = TryEngine("openai", OPENAI, key="sk-new")
    assert with_key(usual, asked).engine["openai"].api_key == Secret("sk-new")
    openai = replace(usual.engine["openai"], url="wss://evil.example/v1", api_key=Secret("sk-old"))
    moved = replace(usual, engine={"openai": openai})
    for one in (asked, TryEngine("openai", OPENAI)):
        with pytest.raises(TrialError, match=r"is at wss://evil\.example, not at"):
            with_key(moved, one)


def test_without_a_key_the_one_that_is_set_is_tried_or_it_is_said_that_none_is():
    usual = Settings()
    openai = replace(usual.engine["openai"], api_key=Secret("sk-old"))
    settings = replace(usual, engine={"openai": openai})
    assert with_key(settings, TryEngine("openai", OPENAI)).engine["openai"].api_key == Secret("sk-old")
    with pytest.raises(TrialError, match="needs a key"):
        with_key(usual, TryEngine("openai", OPENAI))
    with pytest.raises(TrialError, match="no engine is called"):
        with_key(usual, TryEngine("no", OPENAI))


def test_a_message_is_answered_by_a_message(tmp_path, monkeypatch):
    config = tmp_path / "parley.toml"
    config.write_text("""
[engine.box]
like = "localai"
url = "ws://127.0.0.1:9/v1"
""")
    out = io.BytesIO()
    answer(msgspec.json.encode(TryEngine("box", "ws://127.0.0.1:9", key="s3cret")), config, out)
    assert msgspec.json.decode(out.getvalue(), type=EngineTried).wrong == "unreachable"
    assert b"s3cret" not in out.getvalue()


@pytest.mark.parametrize("key", ["two words", "sk-\nX-Header: 1", "sk-€"])
def test_what_cannot_be_a_key_is_sent_to_nobody(key):
    with pytest.raises(TrialError, match="no key") as error:
        with_key(Settings(), TryEngine("openai", OPENAI, key=key))
    assert key not in str(error.value)
