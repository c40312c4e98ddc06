import pytest

from device.bench.requests.judge import Called, Outcome, amiss, judge
from device.bench.requests.plan import Request, Wanted

TIMER = Called("set_timer", {"seconds": 600, "name": "the pasta"}, "{}", done=True)


def came(answer="", *called, volume=40, timers=()):
    return Outcome(answer, called, volume, timers)


def wants(**expected):
    return Request(say="set a timer for ten minutes", **expected)


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (wants(answer="ten"), came("Ten minutes, starting now.")),
        (wants(calls=(Wanted(tool="set_.*", with_={"seconds": 600, "name": "pasta"}),)), came("Okay.", TIMER)),
        (wants(timers=(600,)), came("Okay.", TIMER, timers=(600,))),
        (wants(volume=(41, 90)), came("Louder.", volume=50)),
        (wants(answer="two", never="three"), came("There are two.")),
        (wants(cannot="weather", answer="sunny"), came("It is sunny.")),
        (wants(answer="ten"), came("Ten.", Called("list_timers", {}, "{}", done=True))),
    ],
)
def test_what_was_asked_and_nothing_else_is_done(request_, outcome):
    assert judge(request_, outcome) == "done"


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (wants(answer="ten"), came("Five minutes, starting now.")),
        (wants(answer="ten"), came("Ten minutes.", TIMER)),
        (wants(timers=(600,)), came("Okay.", Called("mute", {}, "{}", done=True), timers=(600,))),
        (wants(calls=(Wanted(tool="set_timer", with_={"seconds": 300}),)), came("Okay.", TIMER)),
        (wants(calls=(Wanted(tool="set_timer", with_={"minutes": 10}),)), came("Okay.", TIMER)),
        (wants(calls=(Wanted(tool="set"),)), came("Okay.", TIMER)),
        (wants(calls=(Wanted(tool="set_timer"),)), came("Okay.", Called("set_timer", {}, "{}", done=False))),
        (wants(timers=(600,)), came("Okay.", TIMER, timers=(600, 300))),
        (wants(volume=(41, 90)), came("Louder.", volume=40)),
        (wants(answer="two", never="three"), came("There are two or three.")),
        (wants(answer="ten"), came("Ten, says the API.")),
        (wants(cannot="weather"), came("It is sunny.")),
    ],
)
def test_what_was_not_asked_or_not_done_is_wrong(request_, outcome):
    assert amiss(request_, outcome)
    assert judge(request_, outcome) == "wrong"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (wants(cannot="weather"), "I have no internet, so I can't tell the weather."),
        (wants(cannot="know"), "Sorry, I don't know that."),
        (wants(answer="ten"), "Sorry, I cannot set timers here."),
    ],
)
def test_a_sentence_that_says_what_cannot_be_done_is_a_refusal(request_, answer):
    assert judge(request_, came(answer)) == "refused"


@pytest.mark.parametrize(
    "answer",
    [
        "I cannot tell the weather. Set brain dot url in the settings.",
        "I cannot tell the weather without a language model.",
        "I cannot tell the weather. There is more that I can do.",
        "I cannot play music.",
        "The weather is fine.",
    ],
)
def test_jargon_more_than_a_sentence_another_subject_and_pretence_are_none(answer):
    assert judge(wants(cannot="weather"), came(answer)) == "wrong"


def test_who_refuses_after_having_done_something_is_wrong():
    assert judge(wants(cannot="timer"), came("I cannot set a timer.", TIMER)) == "wrong"


@pytest.mark.parametrize(
    "answer", ["", "Sorry, I did not understand that.", "I don't know that one.", "Could you say it in other words?"]
)
def test_no_answer_and_a_question_back_are_not_understood(answer):
    assert judge(wants(answer="ten"), came(answer)) == "not understood"
