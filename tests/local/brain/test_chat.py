import asyncio
import json
import logging

import pytest
from aiohttp import web

from device.local.brain.chat import Chat
from device.local.brain.sentences import Sentences
from device.local.stages import Call, Choice, Cost, Text, Tool, Turn
from device.settings.local import BrainSettings
from device.settings.types import Secret

KEY = "sk-very-secret-123456"
TOOL = Tool("set_timer", "Sets.", {"type": "object", "properties": {"seconds": {"type": "integer"}}})
SLEEP = Tool("sleep", "Ends.", {"type": "object", "properties": {}})


@pytest.fixture(scope="module")
def sentences():
    return Sentences()


class Endpoint:
    """A chat-completions endpoint that answers by script and remembers what it was asked."""

    def __init__(self):
        self.requests = []
        self.answer = None
        self.gone = asyncio.Event()

    async def handle(self, request):
        self.requests.append((request, await request.json()))
        try:
            return await self.answer(request)
        finally:
            self.gone.set()

    @property
    def body(self):
        return self.requests[-1][1]


@pytest.fixture
async def endpoint():
    scripted = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", scripted.handle)
    runner = web.AppRunner(app, shutdown_timeout=1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield scripted
    await runner.cleanup()


@pytest.fixture
def chat(endpoint, sentences):
    return Chat(BrainSettings(url=endpoint.url, model="tiny", api_key=Secret(KEY), timeout_s=10), sentences)


def event(delta=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta}]
    return f"data: {json.dumps({'id': 'x', 'choices': choices, **more})}\n\n".encode()


def streams(*events, done=b"data: [DONE]\n\n"):
    """Answer with these events, each sent by itself; an asyncio.Event among them is waited for."""

    async def answer(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for one in (*events, done):
            if isinstance(one, asyncio.Event):
                await one.wait()
            else:
                await response.write(one)
        return response

    return answer


def refuses(status, text):
    async def answer(_request):
        return web.Response(status=status, text=text)

    return answer


async def ask(chat, *turns, tools=(), instructions="", choice=None):
    turns = [Turn("user", turn) if isinstance(turn, str) else turn for turn in turns]
    async with asyncio.timeout(30):
        return [item async for item in chat.reply(turns, tools, instructions, choice or Choice())]


async def test_a_reply_in_sentences(chat, endpoint):
    pieces = ["It", " is", " 3.5", " km", ". Is", " that all?", ""]
    endpoint.answer = streams(*(event({"content": piece}) for piece in pieces))
    assert await ask(chat, "how far is it") == [Text("It is 3.5 km."), Text("Is that all?")]
    assert endpoint.body["model"] == "tiny"
    assert endpoint.body["stream"] is True
    assert endpoint.body["messages"][-1] == {"role": "user", "content": "how far is it"}
    assert "Jarvis" in endpoint.body["messages"][0]["content"]
    assert endpoint.requests[0][0].headers["Authorization"] == f"Bearer {KEY}"


async def test_the_first_sentence_comes_before_the_second_is_written(chat, endpoint):
    more = asyncio.Event()
    endpoint.answer = streams(event({"content": "First. "}), more, event({"content": "Second."}))
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("First.")
    more.set()
    assert [item async for item in reply] == [Text("Second.")]


async def test_instructions_and_usage(chat, endpoint):
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    endpoint.answer = streams(event({"content": "Yes."}), event(usage=usage))
    assert await ask(chat, "x", instructions="Be a pirate.") == [Text("Yes."), Cost(12, 3)]
    assert endpoint.body["messages"][0] == {"role": "system", "content": "Be a pirate."}
    assert endpoint.body["stream_options"] == {"include_usage": True}


async def test_calls_are_put_together(chat, endpoint):
    def piece(index, arguments, **more):
        function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
        return event({"tool_calls": [{"index": index, "function": function, **more}]})

    endpoint.answer = streams(
        event({"role": "assistant", "content": "One moment."}),
        piece(0, "", id="a", name="set_timer", type="function"),
        piece(0, '{"sec'),
        piece(1, '{"seconds": 2}', id="b", name="set_timer"),
        piece(0, 'onds": 1}'),
    )
    assert await ask(chat, "two timers", tools=[TOOL]) == [
        Text("One moment."),
        Call("set_timer", '{"seconds": 1}'),
        Call("set_timer", '{"seconds": 2}'),
    ]
    assert endpoint.body["tools"][0]["function"]["name"] == "set_timer"
    assert endpoint.body["tool_choice"] == "auto"


async def test_calls_without_numbers_are_several(chat, endpoint):
    whole = [{"id": "a", "function": {"name": "set_timer", "arguments": f'{{"seconds": {n}}}'}} for n in (1, 2)]
    endpoint.answer = streams(event({"tool_calls": whole}))
    assert await ask(chat, "x") == [Call("set_timer", '{"seconds": 1}'), Call("set_timer", '{"seconds": 2}')]


async def test_outputs_are_passed_on(chat, endpoint):
    endpoint.answer = streams(event({"content": "Done."}))
    call = Turn("assistant", call_id="a", name="set_timer", arguments='{"seconds": 1}')
    assert await ask(chat, "x", call, Turn("tool", '{"seconds": 1}', call_id="a")) == [Text("Done.")]
    assert [m["role"] for m in endpoint.body["messages"]] == ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize("text", ["Stop.", "Hey Jarvis, goodbye!", "go to sleep"])
async def test_stop_and_goodbye_need_no_model(chat, endpoint, text):
    assert Call("sleep", "{}") in await ask(chat, text, tools=[SLEEP])
    assert endpoint.requests == []
    call = Turn("assistant", call_id="a", name="sleep", arguments="{}")
    assert await ask(chat, text, call, Turn("tool", "{}", call_id="a")) == []
    assert endpoint.requests == []


async def test_nothing_said_nothing_asked(chat, endpoint):
    assert await ask(chat, "") == []
    assert await ask(chat) == []
    assert endpoint.requests == []


async def test_an_answer_that_is_no_stream(chat, endpoint):
    async def answer(_request):
        return web.json_response({"choices": [{"message": {"content": "All at once. Yes."}}]})

    endpoint.answer = answer
    assert await ask(chat, "x") == [Text("All at once."), Text("Yes.")]


async def test_events_in_odd_pieces(chat, endpoint):
    data = b": keep-alive\r\n\r\nevent: message\r\n" + event({"content": "Grüße. "}).replace(b"\n", b"\r\n")
    data += b"data:" + event({"content": "Ja."})[6:] + b"data: \n\n"
    endpoint.answer = streams(*(data[at : at + 3] for at in range(0, len(data), 3)), done=b"")
    assert await ask(chat, "x") == [Text("Grüße."), Text("Ja.")]


async def test_a_server_that_knows_no_stream_options(chat, endpoint):
    async def answer(request):
        if "stream_options" in endpoint.body:
            return web.Response(status=400, text="unknown field stream_options")
        return await streams(event({"content": "Fine."}))(request)

    endpoint.answer = answer
    assert await ask(chat, "x") == [Text("Fine.")]
    assert await ask(chat, "y") == [Text("Fine.")]
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("status", "fix"),
    [
        (400, "check brain.url and brain.model"),
        (401, "PARLEY_BRAIN_API_KEY"),
        (403, "PARLEY_BRAIN_API_KEY"),
        (404, "brain.model"),
        (429, "quota"),
        (500, "see its log"),
        (302, "check brain.url"),
    ],
)
async def test_refusals_are_spoken_of_and_the_log_names_the_mend(chat, endpoint, caplog, status, fix):
    endpoint.answer = refuses(status, f'{{"error": "Incorrect API key provided: {KEY}."}}')
    items = await ask(chat, "x")
    assert len(items) == 1
    assert items[0].text.startswith("Sorry")
    assert str(status) in caplog.text
    assert fix in caplog.text
    assert KEY not in caplog.text + repr(items)


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {not json}\n\n",
        b'data: {"choices": 3}\n\n',
        event(error={"message": f"overloaded, {KEY}"}),
        b"data: [1]\n\n",
    ],
)
async def test_a_broken_stream(chat, endpoint, caplog, broken):
    endpoint.answer = streams(event({"content": "So far. And th"}), broken)
    assert await ask(chat, "x") == [Text("So far."), Text("And th"), Text("Sorry, I lost the rest of that.")]
    assert caplog.records[-1].levelno == logging.WARNING
    assert KEY not in caplog.text


async def test_no_call_from_a_broken_stream(chat, endpoint):
    endpoint.answer = streams(
        event({"tool_calls": [{"index": 0, "function": {"name": "mute", "arguments": "{"}}]}), b"data: x\n\n"
    )
    assert [type(item) for item in await ask(chat, "x")] == [Text]


async def test_an_endless_event(chat, endpoint, caplog):
    endpoint.answer = streams(b"data: " + b"x" * (1 << 21))
    assert [item.text[:5] for item in await ask(chat, "x")] == ["Sorry"]
    assert "megabyte" in caplog.text


async def test_a_server_that_says_nothing(endpoint, sentences, caplog):
    chat = Chat(BrainSettings(url=endpoint.url, timeout_s=0.2), sentences)
    endpoint.answer = streams(b": keep-alive\n\n", asyncio.Event())
    assert [item.text[:5] for item in await ask(chat, "x")] == ["Sorry"]
    assert "brain.timeout_s" in caplog.text


async def test_no_server(sentences, caplog, unused_tcp_port):
    url = f"http://user:{KEY}@127.0.0.1:{unused_tcp_port}/v1"
    chat = Chat(BrainSettings(url=url, api_key=Secret(KEY)), sentences)
    assert [item.text[:5] for item in await ask(chat, "x")] == ["Sorry"]
    assert "out of reach" in caplog.text
    chat = Chat(BrainSettings(url=url), sentences)
    assert [item.text[:5] for item in await ask(chat, "x")] == ["Sorry"]
    assert KEY not in caplog.text


async def test_closing_hangs_up(chat, endpoint):
    endpoint.answer = streams(event({"content": "First. "}), asyncio.Event())
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("First.")
    await reply.aclose()
    async with asyncio.timeout(10):
        await endpoint.gone.wait()


async def test_a_whole_address_is_taken_as_it_is(endpoint, sentences):
    chat = Chat(BrainSettings(url=f"{endpoint.url}/chat/completions"), sentences)
    endpoint.answer = streams(event({"content": "Yes."}))
    assert await ask(chat, "x") == [Text("Yes.")]
    assert "Authorization" not in endpoint.requests[0][0].headers
