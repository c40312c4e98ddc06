"""What people ask in words that no template has, and what they say to somebody else."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from device.bench.requests.household import Household, its_zone
from device.bench.requests.judge import reads
from device.bench.requests.plan import load
from device.bench.requests.run import Said, ask
from device.bench.requests.talk import Conversation
from device.language.language import load_language
from device.local.brain.sentences import Sentences
from device.settings.tree import Settings

FOLDER = Path(__file__).parent / "requests"
OVERHEARD = (FOLDER / "overheard.txt").read_text("utf-8").splitlines()
BEFORE = ((), ("set a timer for ten minutes",), ("add milk to the shopping list",))


async def acts(texts, before=()):
    """Return what was changed by each of the texts, said after others."""
    changed = []
    brain = Sentences("en", ["Jarvis"], Household().now)
    for text in texts:
        household = Household()
        conversation = Conversation(brain, household)
        for earlier in before:
            await conversation.ask(earlier)
        outcome = await conversation.ask(text)
        changed += [(text, call.tool) for call in outcome.called if not reads(call) and call.tool != "sleep"]
    return changed


@pytest.mark.parametrize(("name", "done"), [("build", 74), ("held", 72)])
def test_most_requests_are_done_and_nearly_all_others_refused_honestly(name, done):
    requests = load(FOLDER / f"{name}.toml")
    with its_zone():
        came = asyncio.run(ask([Said(request, request.say) for request in requests], Settings()))
    count = Counter(one.verdict for one in came)
    wrong = [one.request.say for one in came if one.verdict == "wrong"]
    assert 100 * count["done"] / len(came) >= done
    assert 100 * (count["done"] + count["refused"]) / len(came) >= 95
    assert len(wrong) <= 0.03 * len(came), wrong


@pytest.mark.parametrize("before", BEFORE)
async def test_what_is_said_to_somebody_else_changes_nothing(before):
    assert await acts(OVERHEARD, before) == []


async def test_random_words_change_nothing():
    language, chance = load_language("en"), random.Random(14)
    words = sorted(
        {
            word
            for intent in language.intents.values()
            for one in intent.sentences
            for word in one.split()
            if word.isalpha()
        }
    )
    texts = [" ".join(chance.choices(words, k=length)) for length in (15, 30, 60, 500) for _ in range(50)]
    assert await acts(texts) == []
