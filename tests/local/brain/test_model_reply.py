import msgspec

from device.local.brain.completions import Chunk, Usage
from device.local.brain.model_reply import ModelReply, added
from device.local.stages import Call, Cost, Text


def event(**delta):
    return msgspec.convert({"choices": [{"delta": delta}]}, Chunk)


def written(*pieces, **more):
    reply = ModelReply()
    said = [text for piece in pieces for text in reply.take(event(content=piece, **more))]
    return reply, [*said, *reply.rest()]


def test_thoughts_and_what_cannot_be_said_are_no_sentences():
    reply, said = written("<think>Hm. Well.</think>", "Yes", ", of course. ", "👍 ", "***")
    assert said == [Text("Yes, of course.")]
    assert reply.begun


def test_what_goes_in_circles_is_said_once():
    reply, said = written("The sky is so blue. Yes. Yes. ", "The sky is so blue. The sky is so blue. ")
    assert said == [Text("The sky is so blue."), Text("Yes."), Text("Yes.")]
    assert reply.goes_in_circles


def test_calls_that_were_made_and_that_were_written_are_kept():
    call = {"index": 0, "id": "a", "function": {"name": "one", "arguments": "{}"}}
    reply, said = written('{"name": "two", "arguments": {}}', tool_calls=[call])
    assert said == []
    assert reply.calls == [Call("one", "{}"), Call("two", "{}")]


def test_what_it_cost_is_kept_and_added():
    reply = ModelReply()
    assert list(reply.take(Chunk(usage=Usage(3, 4)))) == []
    assert reply.cost == Cost(3, 4)
    assert added(Cost(1, 2), reply.cost) == Cost(4, 6)
    assert added(None, reply.cost) == Cost(3, 4)
