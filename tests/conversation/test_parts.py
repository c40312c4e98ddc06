"""What a conversation is built of."""

from device.conversation.parts import Parts
from device.conversation.rules import Rules


def test_before_anything_has_happened_nothing_is_wanted_said_or_to_come():
    parts = Parts.build(Rules(engines=("a", "b"), greeting="Hello!"), lambda _: False)
    assert not parts.connection.wanted
    assert not parts.history.said
    assert not parts.reply.to_come
    assert not parts.tools.busy
    assert parts.output.leave() == []


def test_engines_that_are_barred_are_passed_over():
    parts = Parts.build(Rules(engines=("a", "b")), lambda engine: engine == "a")
    attempt = parts.connection.begin(0)
    assert attempt is not None
    assert attempt.engine == "b"


def test_two_conversations_share_nothing():
    first, second = (Parts.build(Rules(), lambda _: False) for _ in range(2))
    attempt = first.connection.begin(0)
    assert attempt is not None
    first.connection.ask(attempt, ())
    assert first.connection.wanted
    assert not second.connection.wanted
