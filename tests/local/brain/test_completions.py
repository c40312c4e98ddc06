import asyncio
import json

import pytest
from aiohttp import web
from support.scripted_endpoint import Endpoint, refuses, says, streams

from device.local.brain.completions import Completions, CompletionsError, ToolCall, Usage
from device.settings.local import BrainSettings
from device.settings.types import Secret

KEY = "sk-very-secret-123456"
DONE = b"data: [DONE]\n\n"


@pytest.fixture
async def endpoint():
    async with Endpoint("/chat/completions") as scripted:
        yield scripted


@pytest.fixture
def completions(endpoint):
    return Completions(BrainSettings(url=endpoint.url, model="tiny", api_key=Secret(KEY), timeout_s=10))


def event(delta=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta}]
    return f"data: {json.dumps({'id': 'x', 'choices': choices, **more})}\n\n".encode()


def body(endpoint):
    return json.loads(endpoint.bodies[-1])


async def ask(completions, **request):
    async with asyncio.timeout(30):
        return [chunk async for chunk in completions.ask({"messages": [], **request})]


async def text(completions):
    return "".join(chunk.delta.content or "" for chunk in await ask(completions))


async def test_a_request_is_streamed_and_its_tokens_are_counted(completions, endpoint):
    counted = event(usage={"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15})
    endpoint.answer = streams(event({"content": "Yes."}), event({"tool_calls": [{"index": 1}]}), counted, DONE)
    said, called, cost = await ask(completions, temperature=0)
    assert said.delta.content == "Yes."
    assert called.delta.tool_calls == [ToolCall(1)]
    assert cost.usage == Usage(12, 3)
    assert cost.delta.content is None
    assert body(endpoint) == {
        "model": "tiny",
        "messages": [],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
    }
    assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_events_after_the_end_are_not_read(completions, endpoint):
    endpoint.answer = streams(event({"content": "Yes."}), DONE, event({"content": " No."}))
    assert await text(completions) == "Yes."


async def test_events_in_odd_pieces(completions, endpoint):
    data = b": keep-alive\r\n\r\nevent: message\r\n" + event({"content": "Grüße. "}).replace(b"\n", b"\r\n")
    data += b"data:" + event({"content": "Ja."})[6:] + b"data: \n\n"
    endpoint.answer = streams(*(data[at : at + 3] for at in range(0, len(data), 3)))
    assert await text(completions) == "Grüße. Ja."


async def test_an_answer_that_is_no_stream_is_one_event(completions, endpoint):
    endpoint.answer = says({"choices": [{"message": {"content": "All at once. Yes."}}]})
    assert await text(completions) == "All at once. Yes."


async def test_a_server_that_counts_no_tokens_in_streams_is_asked_without(completions, endpoint):
    async def answer(request):
        if "stream_options" in body(endpoint):
            return web.Response(status=400, text="unknown field stream_options")
        return await streams(event({"content": "Fine."}), DONE)(request)

    endpoint.answer = answer
    assert await text(completions) == "Fine."
    assert await text(completions) == "Fine."
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("status", "said", "fix"),
    [
        (400, "no", "check brain.url and brain.model"),
        (422, "no", "check brain.url and brain.model"),
        (404, "no", "is there a model 'tiny'"),
        (500, "no", "see its log"),
        (302, "no", "check brain.url"),
        (401, f"Incorrect API key provided: {KEY}.", "PARLEY_BRAIN_API_KEY"),
    ],
)
async def test_a_refusal_is_told_with_its_fix_and_without_the_key(completions, endpoint, status, said, fix):
    endpoint.answer = refuses(status, said)
    with pytest.raises(CompletionsError, match=f"answered {status}: ") as caught:
        await ask(completions)
    assert fix in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (b"data: {not json}\n\n", "no chat completion"),
        (b'data: {"choices": 3}\n\n', "end in /v1"),
        (event(error={"message": f"overloaded, {KEY}"}), r"failed: .*overloaded, \*\*\*"),
        (b"data: " + b"x" * (1 << 21), "an event of more than a megabyte"),
    ],
)
async def test_a_broken_stream_is_told_after_what_came_before(completions, endpoint, broken, said):
    endpoint.answer = streams(event({"content": "So far."}), broken, DONE)
    chunks = completions.ask({"messages": []})
    assert (await anext(chunks)).delta.content == "So far."
    with pytest.raises(CompletionsError, match=said):
        await anext(chunks)


async def test_a_server_that_only_keeps_alive_says_nothing(endpoint):
    endpoint.answer = streams(b": keep-alive\n\n", asyncio.Event())
    with pytest.raises(CompletionsError, match=r"no answer for 0\.2 s.*brain\.timeout_s"):
        await ask(Completions(BrainSettings(url=endpoint.url, timeout_s=0.2)))


@pytest.mark.parametrize("key", [Secret(KEY), Secret()])
async def test_no_server_is_told_without_any_key(unused_tcp_port, key):
    url = f"http://user:{KEY}@127.0.0.1:{unused_tcp_port}/v1"
    with pytest.raises(CompletionsError, match="out of reach") as caught:
        await ask(Completions(BrainSettings(url=url, api_key=key)))
    assert KEY not in str(caught.value)


async def test_a_whole_address_is_taken_as_it_is_and_a_model_may_be_left_to_the_server(endpoint):
    endpoint.answer = streams(event({"content": "Yes."}), DONE)
    assert await text(Completions(BrainSettings(url=f"{endpoint.url}/chat/completions"))) == "Yes."
    assert "Authorization" not in endpoint.requests[0].headers
    assert body(endpoint)["model"] == "default"
