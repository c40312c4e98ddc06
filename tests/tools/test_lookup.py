import asyncio
import json
import threading

import pytest

from device.settings import profiles
from device.settings.tools import Lookup
from device.tools import lookup
from device.tools.lookup import LONGEST_ASKED, StoppedError, lookup_tool, search
from device.tools.profile import profile_tools
from device.tools.registry import ANNOUNCE, Registry

ROWS = [
    {"number": "PL-4722", "town": "Leicester", "state": "on its way"},
    {"number": "PL-4729", "town": "Bristol", "state": "delivered"},
    {"number": "PL-6011", "town": "Bristol", "state": ""},
]
KEYS = {"number": "code", "town": "name"}
LOOKUP = Lookup(description="Finds.", file="x.csv", keys=KEYS, most=1)


async def ask(lookup=LOOKUP, rows=ROWS, /, **asked):
    result = await Registry([lookup_tool("find", lookup, rows)]).call("find", json.dumps(asked))
    return json.loads(result.output)


async def test_what_fits_is_told_without_what_is_empty():
    assert await ask(number="P L four seven double two") == {"found": [ROWS[0]]}
    assert await ask(number="6011", town="") == {"found": [{"number": "PL-6011", "town": "Bristol"}]}


async def test_of_what_is_unsure_only_what_was_asked_by_is_told():
    told = await ask(number="PL 4723")
    assert told["near"] == [{"number": "PL-4722"}, {"number": "PL-4729"}]
    assert "Ask" in told["next"]
    assert "way" not in json.dumps(told)


async def test_a_second_key_settles_what_was_misheard():
    assert await ask(number="PL 4723", town="Leister") == {"found": [ROWS[0]]}
    assert await ask(number="PL 4723", town="bristle") == {"found": [ROWS[1]]}


async def test_keys_that_contradict_each_other_find_nothing():
    told = await ask(number="PL-4722", town="Bristol")
    assert told["found"] == []
    assert "once more" in told["next"]


async def test_more_than_can_be_told_are_asked_about():
    told = await ask(town="Bristol")
    assert (told["several"], told["next"]) == (2, "Ask the user which one.")
    assert told["among"] == [{"number": "PL-4729", "town": "Bristol"}, {"number": "PL-6011", "town": "Bristol"}]
    many = Lookup(description="Finds.", file="x.csv", keys=KEYS, most=2, show=("number",))
    assert await ask(many, town="Bristol") == {"found": [{"number": "PL-4729"}, {"number": "PL-6011"}]}


@pytest.mark.parametrize("asked", [{}, {"number": " "}])
async def test_without_a_key_the_user_is_to_be_asked(asked):
    assert await ask(**asked) == {"error": "find needs number or town: ask the user"}


async def test_a_key_that_is_required_must_be_given():
    strict = Lookup(description="Finds.", file="x.csv", keys=KEYS, required=("number",))
    assert lookup_tool("find", strict, ROWS).spec().parameters["required"] == ["number"]
    assert "`number`" in (await ask(strict, town="Leicester"))["error"]
    assert await ask(strict, number="", town="Leicester") == {"error": "find needs number: ask the user"}
    assert await ask(strict, number="4722") == {"found": [ROWS[0]]}


def test_of_a_slow_search_the_model_is_told_to_speak_first():
    slow = Lookup(description="Finds.", file="x.csv", keys=KEYS, slow=True)
    assert lookup_tool("find", slow, ROWS).spec().description == f"Finds. {ANNOUNCE}"
    assert lookup_tool("find", LOOKUP, ROWS).spec().description == "Finds."


async def test_a_search_has_its_own_time_limit(monkeypatch):
    async def never(*_):
        await asyncio.Event().wait()

    monkeypatch.setattr("device.tools.lookup.asyncio.to_thread", never)
    hasty = Lookup(description="Finds.", file="x.csv", keys=KEYS, timeout_s=0.01)
    assert await ask(hasty, number="4722") == {"error": "find took longer than 0.01 s"}


def test_the_model_is_told_how_to_give_each_key():
    spec = lookup_tool("find", LOOKUP, ROWS).spec()
    assert (spec.name, spec.description) == ("find", "Finds.")
    assert spec.parameters["properties"]["number"]["type"] == "string"
    assert "number words" in spec.parameters["properties"]["number"]["description"]
    assert not spec.parameters.get("required")


def test_the_best_come_first_and_the_rest_is_left_out():
    rows = [{"t": text} for text in ("delivery cost", "delivery time", "cost of delivery to islands", "kettles")]
    found = search(rows, {"t": "text"}, {"t": "what does delivery cost"})
    assert [row["t"] for row in found.sure] == ["delivery cost", "cost of delivery to islands"]


@pytest.mark.parametrize(
    ("profile", "asked", "part"),
    [
        ("find_order", {"number": "five one five oh"}, "being packed"),
        ("find_order", {"number": "P L five two zero six", "town": "Redding"}, "refunded"),
        ("find_answer", {"topic": "my toaster is broken"}, "send a new one"),
        ("find_answer", {"topic": "how long does delivery take"}, "working days"),
        ("find_answer", {"topic": "can I cancel"}, "until it is packed"),
    ],
)
async def test_the_support_profile_s_data_answers(profile, asked, part):
    tools = Registry(profile_tools(profiles.load("support")))
    output = json.loads((await tools.call(profile, json.dumps(asked))).output)
    assert part in json.dumps(output["found"][0])
    assert len(output["found"][0]) <= 5


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("where is the loo or toilets", "behind the stairs"),
        ("something to drink", "first floor"),
        ("what do the tickets cost", "under eighteen"),
        ("can I leave my coat somewhere", "lockers"),
        ("old radios", "second floor"),
    ],
)
async def test_the_kiosk_s_data_answers(said, part):
    tools = Registry(profile_tools(profiles.load("kiosk")))
    output = json.loads((await tools.call("find_place", json.dumps({"what": said}))).output)
    assert part in json.dumps(output["found"])


async def test_what_is_asked_for_has_a_length():
    told = await ask(number="1" * (LONGEST_ASKED + 1))
    assert str(LONGEST_ASKED) in told["error"]
    assert await ask(number="x" * LONGEST_ASKED)


async def test_a_search_that_took_too_long_is_over(monkeypatch):
    going, ended, go = threading.Event(), threading.Event(), threading.Event()

    def likeness(*_):
        def like(said, value):
            going.set()
            assert go.wait(10)
            return 0.0

        return like

    def searching(*args):
        try:
            return search(*args)
        finally:
            ended.set()

    monkeypatch.setattr(lookup, "likeness", likeness)
    monkeypatch.setattr(lookup, "search", searching)
    rows = [{"number": str(n), "town": ""} for n in range(10**6)]
    result = await Registry([lookup_tool("find", LOOKUP, rows)], timeout_s=0.05).call("find", '{"number": "1"}')
    assert "took longer" in result.output
    go.set()
    assert await asyncio.to_thread(ended.wait, 10)
    with pytest.raises(StoppedError):
        search(ROWS, KEYS, {"number": "1"}, lambda: True)
