"""A question by text, by itself."""

from device.conversation.question import Question


def test_one_at_a_time_the_last():
    question = Question()
    assert not question.due
    assert not question.lost()
    question.ask("One?")
    question.ask("Two?")
    assert question.put() == "Two?"
    assert not question.due
    assert question.lost()
    assert question.due
    question.forget()
    assert not question.due
