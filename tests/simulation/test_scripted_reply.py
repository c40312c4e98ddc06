"""Replies as they are sent, on a virtual clock: that they are the vendor's events is for the server's own tests."""

import asyncio
from itertools import count

from device.simulation import virtual_clock
from device.simulation.scripted_reply import RATE, Call, Replies, Reply, Speech
from device.wire import realtime as wire


class Client:
    """Takes what is sent, with the time at which it came."""

    def __init__(self):
        self.got = []
        ids = count(1)
        self.replies = Replies(self.take, lambda kind: f"{kind}_{next(ids)}")

    async def take(self, event):
        self.got.append((asyncio.get_running_loop().time(), event))

    def of(self, kind):
        return [event for _, event in self.got if isinstance(event, kind)]


def sent(reply):
    """Return what a client gets of a whole reply."""
    client = Client()

    async def whole():
        await client.replies.begin(reply)

    virtual_clock.run(whole())
    return client


def test_a_reply_takes_its_delay_and_its_pace():
    client = sent(Reply((Speech(bytes(2 * RATE)),), delay_s=0.5, delta_ms=250, pace=2.0))
    times = [at for at, event in client.got if isinstance(event, wire.ResponseOutputAudioDelta)]
    assert times == [0.5, 1.0, 1.5, 2.0]
    assert client.got[-1][0] == 2.5
    assert [len(event.delta) for event in client.of(wire.ResponseOutputAudioDelta)] == [RATE // 2] * 4


def test_without_a_pace_all_is_sent_at_once():
    client = sent(Reply((Speech(bytes(20 * RATE)),)))
    assert {at for at, _ in client.got} == {0.0}
    assert sum(len(event.delta) for event in client.of(wire.ResponseOutputAudioDelta)) == 20 * RATE


def test_words_and_calls_are_items_in_their_order():
    client = sent(Reply((Speech(b"\1\2", "Let me see."), Call("look_up", '{"n":1}', "call_own"), Call("wait"))))
    (done,) = client.of(wire.ResponseDone)
    assert [item.type for item in done.response.output] == ["message", "function_call", "function_call"]
    assert [event.output_index for event in client.of(wire.ResponseOutputItemDone)] == [0, 1, 2]
    first, second = client.of(wire.ResponseFunctionCallArgumentsDone)
    assert (first.name, first.arguments, first.call_id) == ("look_up", '{"n":1}', "call_own")
    assert second.call_id not in ("", "call_own"), "one is made up"
    assert done.response.usage.total_tokens == 30


def test_one_that_is_stopped_says_why_and_sends_no_more():
    client = Client()

    async def stopped():
        assert not await client.replies.stop("too early"), "there is none"
        client.replies.begin(Reply((Speech(bytes(2 * RATE)),), pace=1.0))
        await asyncio.sleep(0.45)
        assert client.replies.busy
        assert await client.replies.stop("client_cancelled")
        assert not client.replies.busy
        await asyncio.sleep(10)
        assert not await client.replies.stop("too late")

    virtual_clock.run(stopped())
    (done,) = client.of(wire.ResponseDone)
    assert (done.response.status, done.response.status_details.reason) == ("cancelled", "client_cancelled")
    assert len(client.of(wire.ResponseOutputAudioDelta)) == 5


def test_of_one_that_is_dropped_nothing_more_is_said():
    client = Client()

    async def dropped():
        client.replies.drop()
        task = client.replies.begin(Reply(delay_s=1.0))
        await asyncio.sleep(0.5)
        client.replies.drop()
        await asyncio.wait([task])

    virtual_clock.run(dropped())
    assert [type(event) for _, event in client.got] == [wire.ResponseCreated]
