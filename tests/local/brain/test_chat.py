import asyncio
import json
import logging
from pathlib import Path

import pytest
from support.scripted_endpoint import Endpoint, refuses, streams

from device.local.brain.chat import Chat
from device.local.brain.discovery import Found, Place, Search
from device.local.brain.models import Model
from device.local.brain.sentences import Sentences
from device.local.brain.server import Server
from device.local.stages import Call, Choice, Cost, Text, Tool, Turn, Unmet
from device.settings.local import BrainSettings
from device.settings.types import Secret

KEY = "sk-very-secret-123456"
TOOL = Tool("set_timer", "Sets.", {"type": "object", "properties": {"seconds": {"type": "integer"}}})
SLEEP = Tool("sleep", "Ends.", {"type": "object", "properties": {}})


@pytest.fixture(scope="module")
def sentences():
    return Sentences()


@pytest.fixture
async def endpoint():
    async with Endpoint("/chat/completions") as scripted:
        yield scripted


@pytest.fixture
def chat(endpoint, sentences):
    return Chat(BrainSettings(url=endpoint.url, model="tiny", api_key=Secret(KEY), timeout_s=10), sentences)


def event(delta=None, **more):
    choices = [] if delta is None else [{"index": 0, "delta": delta}]
    return f"data: {json.dumps({'id': 'x', 'choices': choices, **more})}\n\n".encode()


def tells(*events, done=b"data: [DONE]\n\n"):
    """Answer with these events, each sent by itself."""
    return streams(*events, done)


def body(endpoint):
    return json.loads(endpoint.bodies[-1])


async def ask(chat, *turns, tools=(), instructions="", choice=None):
    turns = [Turn("user", turn) if isinstance(turn, str) else turn for turn in turns]
    async with asyncio.timeout(30):
        return [item async for item in chat.reply(turns, tools, instructions, choice or Choice())]


async def test_a_reply_in_sentences(chat, endpoint):
    pieces = ["It", " is", " 3.5", " km", ". Is", " that all?", ""]
    endpoint.answer = tells(*(event({"content": piece}) for piece in pieces))
    assert await ask(chat, "how far is it") == [Text("It is 3.5 km."), Text("Is that all?")]
    assert body(endpoint)["model"] == "tiny"
    assert body(endpoint)["stream"] is True
    assert body(endpoint)["messages"][-1] == {"role": "user", "content": "how far is it"}
    assert "Jarvis" in body(endpoint)["messages"][0]["content"]
    assert endpoint.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_the_first_sentence_comes_before_the_second_is_written(chat, endpoint):
    more = asyncio.Event()
    endpoint.answer = tells(event({"content": "First. "}), more, event({"content": "Second."}))
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("First.")
    more.set()
    assert [item async for item in reply] == [Text("Second.")]


async def test_instructions_and_usage(chat, endpoint):
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
    endpoint.answer = tells(event({"content": "Yes."}), event(usage=usage))
    assert await ask(chat, "x", instructions="Be a pirate.") == [Text("Yes."), Cost(12, 3)]
    assert body(endpoint)["messages"][0] == {"role": "system", "content": "Be a pirate."}
    assert body(endpoint)["stream_options"] == {"include_usage": True}


async def test_calls_are_put_together(chat, endpoint):
    def piece(index, arguments, **more):
        function = {"arguments": arguments, **({"name": more.pop("name")} if "name" in more else {})}
        return event({"tool_calls": [{"index": index, "function": function, **more}]})

    endpoint.answer = tells(
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
    assert body(endpoint)["tools"][0]["function"]["name"] == "set_timer"
    assert body(endpoint)["tool_choice"] == "auto"


async def test_calls_without_numbers_are_several(chat, endpoint):
    whole = [{"id": "a", "function": {"name": "set_timer", "arguments": f'{{"seconds": {n}}}'}} for n in (1, 2)]
    endpoint.answer = tells(event({"tool_calls": whole}))
    assert await ask(chat, "x", tools=[TOOL]) == [
        Call("set_timer", '{"seconds": 1}'),
        Call("set_timer", '{"seconds": 2}'),
    ]


async def test_outputs_are_passed_on(chat, endpoint):
    endpoint.answer = tells(event({"content": "Done."}))
    call = Turn("assistant", call_id="a", name="set_timer", arguments='{"seconds": 1}')
    assert await ask(chat, "x", call, Turn("tool", '{"seconds": 1}', call_id="a")) == [Text("Done.")]
    assert [m["role"] for m in body(endpoint)["messages"]] == ["system", "user", "assistant", "tool"]


@pytest.mark.parametrize("text", ["Stop.", "Hey Jarvis, goodbye!", "go to sleep"])
async def test_stop_and_goodbye_need_no_model(chat, endpoint, text):
    assert Call("sleep", "{}") in await ask(chat, text, tools=[SLEEP])
    assert endpoint.requests == []
    call = Turn("assistant", call_id="a", name="sleep", arguments="{}")
    assert await ask(chat, text, call, Turn("tool", "{}", call_id="a")) == []
    prefixed = Turn("assistant", call_id="a", name="device__sleep", arguments="{}")
    assert await ask(chat, text, prefixed, Turn("tool", "{}", call_id="a")) == []
    assert endpoint.requests == []


async def test_nothing_said_nothing_asked(chat, endpoint):
    assert await ask(chat, "") == [Text("Are you still there?")]
    assert await ask(chat) == []
    assert endpoint.requests == []


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
async def test_refusals_are_spoken_of_and_the_log_names_the_fix(chat, endpoint, caplog, status, fix):
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
    endpoint.answer = tells(event({"content": "So far. And th"}), broken)
    assert await ask(chat, "x") == [Text("So far."), Text("And th"), Text("Sorry, I lost the rest of that.")]
    assert caplog.records[-1].levelno == logging.WARNING
    assert KEY not in caplog.text


async def test_no_call_from_a_broken_stream(chat, endpoint):
    endpoint.answer = tells(
        event({"tool_calls": [{"index": 0, "function": {"name": "mute", "arguments": "{"}}]}), b"data: x\n\n"
    )
    assert [type(item) for item in await ask(chat, "x")] == [Text]


async def test_closing_hangs_up(chat, endpoint):
    endpoint.answer = tells(event({"content": "First. "}), asyncio.Event())
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("First.")
    await reply.aclose()
    async with asyncio.timeout(10):
        await endpoint.gone.wait()


def test_what_the_sentences_know_needs_no_more_words_and_warming_up_asks_nothing(chat, endpoint):
    chat.warm_up()
    assert (chat.knows("What time is it?"), chat.knows("Who was the first woman on the moon?")) == (True, False)
    assert endpoint.requests == []


def then(*answers):
    """Give one answer after the other, the last again and again."""
    left = list(answers)

    async def answer(request):
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def called(name, arguments):
    return event({"tool_calls": [{"index": 0, "function": {"name": name, "arguments": arguments}}]})


@pytest.mark.parametrize("text", ["What time is it?", "Set a timer for five minutes.", "What is two times three?"])
async def test_what_the_sentences_surely_know_they_answer(chat, endpoint, text):
    assert await ask(chat, text, tools=[TOOL])
    assert endpoint.requests == []
    call = Turn("assistant", call_id="a", name="set_timer", arguments='{"seconds": 300}')
    output = Turn("tool", '{"name": "five minute timer", "seconds": 300}', call_id="a")
    assert await ask(chat, "Set a timer for five minutes.", call, output) == [Text("Your timer for 5 minutes is set.")]
    assert endpoint.requests == []


@pytest.mark.parametrize("text", ["What is the weather like?", "Five minutes.", "Play some jazz.", "Who wrote Faust?"])
async def test_what_they_do_not_know_or_cannot_do_the_model_is_asked(chat, endpoint, text):
    endpoint.answer = tells(event({"content": "Well."}))
    assert await ask(chat, text) == [Text("Well.")]


async def test_a_wrong_call_is_told_once_and_the_right_one_made(chat, endpoint):
    endpoint.answer = then(tells(called("start_timer", "{}")), tells(called("set_timer", '{"seconds": "5"}')))
    assert await ask(chat, "x", tools=[TOOL]) == [Call("set_timer", '{"seconds": 5}')]
    assert "there is no function 'start_timer'" in body(endpoint)["messages"][-1]["content"]


@pytest.mark.parametrize(
    "wrong",
    [
        called("start_timer", "{}"),
        called("set_timer", '{"second'),
        called("set_timer", '{"minutes": 3}'),
        event({"content": '<tool_call>{"name": "dance", "arguments": {}}</tool_call>'}),
        event({"content": "<think>I do not know what to say.</think>"}),
    ],
)
async def test_a_model_that_calls_wrongly_for_ever_is_asked_three_times_and_then_apologised_for(chat, endpoint, wrong):
    endpoint.answer = tells(wrong)
    assert await ask(chat, "x", tools=[TOOL]) == [Text("Sorry, I cannot answer that at the moment.")]
    assert ["tools" in json.loads(sent) for sent in endpoint.bodies] == [True, True, False]


async def test_a_call_that_was_made_is_not_made_again(chat, endpoint):
    endpoint.answer = then(tells(called("set_timer", '{"seconds": 1}')), tells(event({"content": "It runs."})))
    call = Turn("assistant", call_id="a", name="set_timer", arguments='{"seconds":1}')
    assert await ask(chat, "x", call, Turn("tool", "{}", call_id="a"), tools=[TOOL]) == [Text("It runs.")]
    assert "tools" not in body(endpoint)


async def test_a_model_that_is_slow_to_begin_is_covered_once(chat, endpoint, monkeypatch):
    monkeypatch.setattr("device.local.brain.chat.COVER_S", 0.05)
    slow = asyncio.Event()
    endpoint.answer = tells(slow, event({"content": "First. "}), event({"content": "Second."}))
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("Let me think.")
    slow.set()
    assert [item async for item in reply] == [Text("First."), Text("Second.")]


async def test_what_was_said_since_the_user_spoke_covers_too(chat, endpoint, monkeypatch):
    monkeypatch.setattr("device.local.brain.chat.COVER_S", 0.0)
    endpoint.answer = tells(event({"content": "It is set."}))
    call = Turn("assistant", call_id="a", name="set_timer", arguments='{"seconds":1}')
    said = Turn("assistant", "Let me think.")
    assert await ask(chat, "x", said, call, Turn("tool", "{}", call_id="a")) == [Text("It is set.")]
    assert "Let me think." not in endpoint.bodies[-1].decode(), "or it would say so itself"


async def test_a_quick_model_is_not_covered_and_a_slow_second_sentence_neither(chat, endpoint, monkeypatch):
    monkeypatch.setattr("device.local.brain.chat.COVER_S", 5.0)
    more = asyncio.Event()
    endpoint.answer = tells(event({"content": "First. "}), more, event({"content": "Second."}))
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("First.")
    monkeypatch.setattr("device.local.brain.chat.COVER_S", 0.0)
    more.set()
    assert [item async for item in reply] == [Text("Second.")]


async def test_closing_while_covered_hangs_up(chat, endpoint, monkeypatch):
    monkeypatch.setattr("device.local.brain.chat.COVER_S", 0.0)
    endpoint.answer = tells(asyncio.Event())
    reply = chat.reply([Turn("user", "tell me")], [], "", Choice())
    assert await anext(reply) == Text("Let me think.")
    await reply.aclose()
    async with asyncio.timeout(10):
        if endpoint.requests:
            await endpoint.gone.wait()


async def test_a_server_that_was_found_is_left_when_it_fails_and_the_sentences_answer(endpoint, sentences):
    server = Server(BrainSettings(url="auto"))
    chat = Chat(BrainSettings(url="auto"), sentences, server=server)
    assert [type(item) for item in await ask(chat, "Who wrote Faust?")] == [Unmet, Text]
    assert endpoint.requests == []
    place = Place("127.0.0.1", int(endpoint.url.rpartition(":")[2].removesuffix("/v1")))
    server.take(Search(Found(place, Model("tiny")), ()))
    endpoint.answer = tells(event({"content": "Goethe."}))
    assert await ask(chat, "Who wrote Faust?") == [Text("Goethe.")]
    assert body(endpoint)["model"] == "tiny"
    assert "Authorization" not in endpoint.requests[0].headers
    endpoint.answer = refuses(500, "no memory")
    assert await ask(chat, "Who wrote Faust?") == [Text("Sorry, I cannot answer that at the moment.")]
    assert server.completions is None


RECORDED = [json.loads(line) for line in (Path(__file__).parent / "llama_cpp.jsonl").read_text().splitlines()]
"""What llama.cpp (xllamacpp 2026.10.11549) with Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) answered to these on 2026-11-30,
with the instructions and tools of the defaults: a small model that calls functions in ways of its own."""


@pytest.mark.parametrize("asked", list(dict.fromkeys(one["asked"] for one in RECORDED)))
async def test_what_a_real_small_model_wrote_is_said_without_its_markup(chat, endpoint, asked):
    answers = [one["events"] for one in RECORDED if one["asked"] == asked]
    streamed = [tells(*(f"data: {json.dumps(one)}\n\n".encode() for one in events)) for events in answers]
    endpoint.answer = then(*streamed)
    items = await ask(chat, asked, tools=[TOOL])
    said = " ".join(item.text for item in items if isinstance(item, Text))
    assert said
    assert not set("<>{}_") & set(said)
    assert len(endpoint.requests) == len(answers) <= 3
    assert isinstance(items[-1], Cost), "llama.cpp tells it"
