import asyncio
import json

import pytest
from aiohttp import web

from device.local.brain import discovery
from device.local.brain.discovery import HERE, SERVERS, Place, candidates, search
from device.settings.local import BrainSettings
from device.settings.types import Secret

AUTO = BrainSettings(url="auto", api_key=Secret("sk-not-for-the-found-123"))


class Servers:
    """Servers on ports of their own, each a dictionary of paths and what is answered there."""

    def __init__(self):
        self.runners = []
        self.seen = []

    async def start(self, answers):
        app = web.Application()

        async def handle(request):
            self.seen.append((request.path, request.headers.get("Authorization")))
            answer = answers.get(request.path)
            if answer is None:
                return web.Response(status=404, text="<html>nothing here</html>", content_type="text/html")
            if isinstance(answer, asyncio.Event):
                await answer.wait()
            if isinstance(answer, web.StreamResponse):
                return answer
            text = answer if isinstance(answer, str) else json.dumps(answer)
            return web.Response(text=text, content_type="application/json")

        app.router.add_get("/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, HERE, 0).start()
        self.runners.append(runner)
        return Place(HERE, runner.addresses[0][1])


@pytest.fixture
async def servers():
    made = Servers()
    yield made
    for runner in made.runners:
        await runner.cleanup()


def models(*names, **more):
    return {"/v1/models": {"data": [{"id": name, **more} for name in names]}}


async def test_a_server_is_found_and_no_key_is_sent_to_it(servers):
    place = await servers.start(models("text-embedding-x", "qwen2.5-1.5b-instruct"))
    found = (await search(AUTO, [place])).found
    assert found is not None
    assert found.url == f"http://127.0.0.1:{place.port}/v1"
    assert found.model.name == "qwen2.5-1.5b-instruct"
    assert servers.seen == [("/v1/models", None)]
    named = found.named_in(AUTO)
    assert (named.url, named.model, named.api_key) == (found.url, found.model.name, Secret())


async def test_the_model_of_the_settings_is_taken_where_it_is(servers):
    one, two = await servers.start(models("a-7b-it")), await servers.start(models("a-7b-it", "b-1b-it:latest"))
    found = (await search(BrainSettings(url="auto", model="b-1b-it"), [one, two])).found
    assert found is not None
    assert (found.place, found.model.name) == (two, "b-1b-it:latest")
    nothing = await search(BrainSettings(url="auto", model="absent"), [one])
    assert nothing.found is None
    assert "has no model 'absent'" in nothing.passed_over[0]


async def test_one_that_has_a_model_loaded_comes_before_one_that_has_not(servers):
    cold = await servers.start(models("a-7b-it"))
    warm = await servers.start(models("b-3b-it", owned_by="llamacpp"))
    found = (await search(AUTO, [cold, warm])).found
    assert found is not None
    assert found.place == warm


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("<html>", "is no JSON"),
        ("[1]", "is no object"),
        ({"error": "x"}, "has no list of models"),
        ({"data": []}, "has no model that answers"),
        ({"data": [{"id": "nomic-embed-text"}]}, "has no model that answers"),
        ({"data": [{"id": "a-400b-it", "size": 10**13}]}, "fits into the memory"),
        ("[" * 100_000, "is no JSON"),
        ({"data": ["x" * (5 << 20)]}, "more than 4 MB"),
        (None, "has the status 404"),
    ],
)
async def test_what_is_no_chat_server_is_passed_over_and_said(servers, answer, why):
    place = await servers.start({"/v1/models": answer})
    found = await search(AUTO, [place])
    assert found.found is None
    assert len(found.passed_over) == 1
    assert why in found.passed_over[0]
    assert len(found.passed_over[0]) < 300


async def test_a_list_of_ten_thousand_is_read(servers):
    place = await servers.start(models(*(f"model-{n}-1b-it" for n in range(10_000)), object="model"))
    assert (await search(AUTO, [place])).found is not None


async def test_names_that_control_a_terminal_are_nobodys(servers):
    place = await servers.start(models("\x1b[2Jevil-3b-it", "good-1b-it"))
    found = (await search(AUTO, [place])).found
    assert found is not None
    assert found.model.name == "good-1b-it"


async def test_one_that_hangs_is_given_up_and_the_others_taken(servers, monkeypatch):
    monkeypatch.setattr(discovery, "ANSWER_S", 0.2)
    hanging, place = await servers.start({"/v1/models": asyncio.Event()}), await servers.start(models("a-1b-it"))
    found = await search(AUTO, [hanging, place])
    assert found.found is not None
    assert found.found.place == place
    assert "gave no list of models" in found.passed_over[0]


async def test_a_redirect_is_not_followed(servers):
    elsewhere = await servers.start(models("a-1b-it"))
    moved = web.Response(status=302, headers={"Location": f"{elsewhere.url}/models"})
    place = await servers.start({"/v1/models": moved})
    assert (await search(AUTO, [place])).found is None
    assert len(servers.seen) == 1


async def test_another_users_server_is_not_asked(servers, monkeypatch):
    place = await servers.start(models("a-1b-it"))
    monkeypatch.setattr(discovery, "trusted", lambda port: port != place.port)
    found = await search(AUTO, [place])
    assert found.found is None
    assert "another user's" in found.passed_over[0]
    assert servers.seen == []


async def test_where_nobody_answers_that_is_said(servers):
    place = await servers.start({})
    await servers.runners.pop().cleanup()
    found = await search(AUTO, [place])
    assert found.found is None
    assert found.passed_over == ("no server answers at 127.0.0.1",)


async def test_what_ollama_and_lm_studio_say_besides_counts(servers, monkeypatch):
    tags = {"models": [{"name": "small-1b-it", "size": 10**9}, {"name": "e", "details": {"family": "bert"}}]}
    place = await servers.start(
        models("small-1b-it", "large-7b-it", "e")
        | {"/api/tags": tags, "/api/ps": {"models": [{"name": "small-1b-it"}]}}
    )
    monkeypatch.setattr(discovery, "MORE", {place.port: ("/api/tags", "/api/ps")})
    found = (await search(AUTO, [place])).found
    assert found is not None
    assert (found.model.name, found.model.loaded, found.model.size) == ("small-1b-it", True, 10**9)


def test_only_this_machine_and_the_one_that_is_named_are_asked():
    assert {place.host for place in candidates(AUTO)} == {HERE}
    assert [place.port for place in candidates(AUTO)] == list(SERVERS)
    named = candidates(BrainSettings(url="auto", host="box.local"))
    assert named[0] == Place("box.local", 11434)
    assert {place.host for place in named} == {"box.local", HERE}
    assert candidates(BrainSettings(url="auto", host="box.local:9000"))[:2] == [
        Place("box.local", 9000),
        Place(HERE, 11434),
    ]
