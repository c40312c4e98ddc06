"""One response as its events, through the official client; every event is checked against its types."""

from support.scripted import Brain, Scripted

from device.local.stages import Call, Choice, Cost, Text


async def test_function_calls_and_their_outputs():
    def script(asked):
        if asked.turns[-1].role == "tool":
            return [Text(f"The tool says {asked.turns[-1].text}.")]
        return [Text("Let me see."), Call("get_time", '{"zone":"UTC"}'), Call("get_date", "{}")]

    tool = {"type": "function", "name": "get_time", "description": "Time", "parameters": {"type": "object"}}
    async with Scripted(brain=Brain(script)) as server, server.connect() as client:
        await client.update(tools=[tool], tool_choice="required")
        await client.speak()
        done = await client.until("response.done")
        assert [item.type for item in done.response.output] == ["message", "function_call", "function_call"]
        asked = server.brain.asked[-1]
        assert (asked.tools[0].name, asked.choice) == ("get_time", Choice("required"))
        calls = client.of("response.function_call_arguments.done")
        assert [(call.name, call.arguments, call.output_index) for call in calls] == [
            ("get_time", '{"zone":"UTC"}', 1),
            ("get_date", "{}", 2),
        ]
        assert client.of("response.function_call_arguments.delta")[0].delta == '{"zone":"UTC"}'
        order = [kind for kind in client.types if "function_call" in kind or "output_item" in kind]
        assert order[2:6] == [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
        ]
        for call, output in zip(calls, ("noon", "Monday"), strict=True):
            item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
            await client.send(type="conversation.item.create", item=item)
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output[0].content[0].transcript == "The tool says Monday."
        turns = server.brain.asked[-1].turns
        assert [turn.role for turn in turns] == ["user", "assistant", "assistant", "assistant", "tool", "tool"]
        assert turns[2].name == "get_time"
        assert turns[2].call_id == turns[4].call_id == calls[0].call_id


async def test_written_replies():
    brain = Brain(lambda asked: [Text("It is noon."), Text("Anything else?"), Cost(11, 7)])
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.update(output_modalities=["text"])
        await client.user("what time is it")
        await client.send(type="response.create")
        done = await client.until("response.done")
        assert done.response.output_modalities == ["text"]
        assert done.response.output[0].content[0].text == "It is noon. Anything else?"
        assert "".join(event.delta for event in client.of("response.output_text.delta")) == "It is noon. Anything else?"
        assert client.of("response.output_text.done")[0].text == "It is noon. Anything else?"
        assert client.of("response.content_part.added")[0].part.type == "text"
        assert not client.of("response.output_audio.delta")
        assert (done.response.usage.input_tokens, done.response.usage.output_tokens) == (11, 7)
        assert done.response.usage.total_tokens == 18


async def test_too_many_tokens_make_a_response_incomplete():
    brain = Brain(lambda asked: [Text("word " * 8)] * 50)
    async with Scripted(brain=brain) as server, server.connect() as client:
        await client.user("talk")
        await client.send(type="response.create", response={"max_output_tokens": 40})
        done = await client.until("response.done")
        assert (done.response.status, done.response.status_details.reason) == ("incomplete", "max_output_tokens")
        assert done.response.max_output_tokens == 40
        assert 40 < done.response.usage.output_tokens < 80
