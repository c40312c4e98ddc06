import re

import pytest
from support.skills import talk

from device.language.language import load_language
from device.local.brain.cut import sentences
from device.skills.cannot.skill import CANNOT, FACTS
from device.skills.skill import Meaning

JARGON = re.compile(
    r"\b(urls?|settings?|brain|apis?|config\w*|tokens?|language models?|servers?|skills?)\b", re.IGNORECASE
)


@pytest.mark.parametrize("intent", sorted(set(load_language("en").skills["cannot"].intents) - FACTS))
def test_it_is_said_in_one_sentence_without_jargon_that_it_cannot_be_done(intent):
    assert CANNOT.calls == {}
    for count in range(3):
        said = CANNOT.answer(Meaning(intent, {}), talk(count=count))
        assert len(sentences(said)) == 1
        assert re.search(r"can't|don't", said)
        assert not JARGON.search(said)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("how tall is the eiffel tower", "I don't know how tall the eiffel tower is."),
        ("who was my grandmother", "I don't know who your grandmother was."),
        ("who invented the telephone", "I don't know who invented the telephone."),
        ("what is the capital of australia", "I don't know what the capital of australia is."),
        ("tell me about the romans", "I don't know anything about the romans."),
        ("what is the meaning of life", "I don't know what life means."),
        ("why do cats purr", "I don't know that."),
        ("what is " + "very " * 30 + "big", "I don't know that."),
    ],
)
def test_a_question_that_was_heard_is_said_again(question, answer):
    assert CANNOT.answer(Meaning("fact_who", {"said": question}), talk()) == answer


def test_a_request_that_was_heard_cannot_be_done():
    assert CANNOT.answer(Meaning("do_something", {"said": "write a poem"}), talk()) == "I can't write a poem."
