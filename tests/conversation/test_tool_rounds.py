"""How many rounds of calls a model has; what ends them is in test_engine_events."""

from device.conversation.tool_rounds import CALLS, ROUNDS, ToolRounds


def rounds_of(count):
    rounds = ToolRounds()
    for n in range(count):
        assert rounds.call(f"r{n}")
    return rounds


def test_after_a_few_rounds_it_is_asked_once_to_speak_without_tools():
    assert rounds_of(ROUNDS - 1).ask() is None
    rounds = rounds_of(ROUNDS)
    speak = rounds.ask()
    assert speak is not None
    assert not speak.tools
    assert rounds.ask() is None
    assert not rounds.call("again"), "that was one too many"


def test_calls_of_one_reply_are_one_round_but_not_without_end():
    rounds = ToolRounds()
    assert all(rounds.call("r") for _ in range(CALLS))
    assert rounds.ask() is None
    assert not rounds.call("r")


def test_words_begin_the_rounds_anew_but_not_the_calls():
    rounds = rounds_of(ROUNDS)
    rounds.speaks()
    assert rounds.ask() is None
    for n in range(CALLS - ROUNDS):
        assert rounds.call(f"s{n}")
        rounds.speaks()
    assert not rounds.call("last")
    rounds.begin()
    assert rounds.call("the user has spoken")


def test_it_is_known_that_it_was_ended_before():
    rounds = ToolRounds()
    assert not rounds.end()
    assert rounds.end()
    rounds.begin()
    assert not rounds.end()
