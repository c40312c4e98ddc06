import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import to_builtins

from device.local.session.items import MOST_CHARACTERS, MOST_ITEMS, Conversation, Entry, message, turns
from device.local.stages import Turn, Word
from device.wire.errors import WireError
from device.wire.realtime_items import Content, Item


def user(text, name=None):
    return Entry(message("user", [Content(type="input_text", text=text)], item_id=name))


def spoken(*sentences):
    """Return an assistant's item; each sentence is (text, ms)."""
    entry = Entry(message("assistant", [Content(type="output_audio", transcript="")]))
    for text, ms in sentences:
        entry.say(text)
        entry.add_audio(ms)
    return entry


def words(entry):
    return entry.item.content[0].transcript


def test_items_go_where_they_are_put():
    conversation = Conversation()
    assert conversation.add(user("b", "b")) is None
    assert conversation.add(user("d", "d")) == "b"
    assert conversation.add(user("c", "c"), "b") == "b"
    assert conversation.add(user("a", "a"), "root") is None
    assert [entry.id for entry in conversation] == ["a", "b", "c", "d"]
    assert (conversation.tail, conversation.before("c"), conversation.before("a")) == ("d", "b", None)
    conversation.remove("b")
    assert [entry.id for entry in conversation] == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda c: c.add(user("x", "a")), "item_create_duplicate_item_id"),
        (lambda c: c.add(user("x"), "nowhere"), "item_create_invalid_previous_item_id"),
        (lambda c: c.remove("nowhere"), "item_delete_invalid_item_id"),
        (lambda c: c.get("nowhere", "mine"), "mine"),
    ],
)
def test_ids_that_cannot_be(act, code):
    conversation = Conversation()
    conversation.add(user("a", "a"))
    with pytest.raises(WireError) as caught:
        act(conversation)
    assert caught.value.code == code
    assert [entry.id for entry in conversation] == ["a"]


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        (0, ""),
        (99, ""),
        (450, "One two"),
        (1000, "One two three four."),
        (1001, "One two three four."),
        (1500, "One two three four. Five six"),
        (2000, "One two three four. Five six seven eight."),
        (9999, "One two three four. Five six seven eight."),
    ],
)
def test_words_are_cut_to_what_was_heard(heard, left):
    entry = spoken(("One two three four.", 1000), (" Five six seven eight.", 1000))
    entry.truncate(heard)
    assert words(entry) == left


def test_what_is_made_after_a_truncation_was_not_heard():
    entry = spoken(("One.", 500))
    entry.truncate(500)
    entry.say(" Two.")
    entry.add_audio(500)
    entry.truncate(900)
    assert words(entry) == "One."


@given(ms=st.floats(0, 3000), lengths=st.lists(st.floats(1, 1000), min_size=1, max_size=3))
def test_a_truncation_leaves_a_beginning(ms, lengths):
    sentences = [("Alpha beta gamma.", lengths[0]), *((" Delta epsilon.", length) for length in lengths[1:])]
    entry = spoken(*sentences)
    whole = words(entry)
    entry.truncate(ms)
    assert whole.startswith(words(entry))
    assert words(entry) == whole or ms < sum(lengths)


def test_turns_leave_out_what_says_nothing():
    call = Entry(Item(type="function_call", call_id="c", name="f", arguments="{}"))
    output = Entry(Item(type="function_call_output", call_id="c", output=""))
    noise = Entry(message("user", [Content(type="input_audio", transcript="")]))
    both = message("user", [Content(type="input_text", text="a"), Content(type="input_audio", transcript="b")])
    told = turns([Entry(message("system", [Content(type="input_text", text="s")])), noise, Entry(both), call, output])
    assert told == (
        Turn("system", "s"),
        Turn("user", "a\nb"),
        Turn("assistant", call_id="c", name="f", arguments="{}"),
        Turn("tool", "", call_id="c"),
    )
    assert turns([user("hello"), noise]) == (Turn("user", "hello"), Turn("user", ""))


def test_a_users_audio_tells_that_its_words_are_not_known_yet():
    entry = Entry(message("user", [Content(type="input_audio"), Content(type="input_text", text="hi")]))
    assert to_builtins(entry.item)["content"] == [
        {"type": "input_audio", "transcript": None},
        {"type": "input_text", "text": "hi"},
    ]
    entry.hear("hello")
    assert to_builtins(entry.item)["content"][0] == {"type": "input_audio", "transcript": "hello"}


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        (0, ""),
        (299, ""),
        (300, "Well,"),
        (650, "Well, the price"),
        (1500, "Well, the price is $5."),
        (1999, "Well, the price is $5."),
        (2000, "Well, the price is $5. Is"),
        (5000, "Well, the price is $5. Is that"),
    ],
)
def test_where_the_words_times_are_known_nothing_is_guessed(heard, left):
    entry = spoken(("Well, the price is $5.", 4000), (" Is that all?", 1000))
    times = [("Well", 300), ("the", 400), ("price", 600), ("is", 700), ("$5", 1500), ("Is", 2000), ("that", 2100)]
    entry.time([Word(text, end - 100, end) for text, end in times])
    assert words(entry) == "Well, the price is $5. Is that all?"
    entry.truncate(heard)
    assert words(entry) == left


def test_a_word_that_is_not_in_the_text_is_passed_over():
    entry = spoken(
        ("Five pounds a day.", 1000),
    )
    entry.time([Word("5", 0, 100), Word("pounds", 100, 200), Word("daily", 200, 300), Word("day", 300, 400)])
    entry.truncate(350)
    assert words(entry) == "Five pounds"


def test_a_clients_items_are_refused_when_there_are_too_many():
    conversation = Conversation()
    for _ in range(MOST_ITEMS):
        conversation.check_room(user("hi"))
        conversation.add(user("hi"))
    with pytest.raises(WireError, match=f"{MOST_ITEMS} items") as caught:
        conversation.check_room(user("hi"))
    assert caught.value.code == "too_many_items"


@pytest.mark.parametrize(
    "item",
    [
        Item(type="message", role="user", content=[Content(type="input_text", text="x" * MOST_CHARACTERS)]),
        Item(type="message", role="user", content=[Content(type="input_audio", transcript="x" * MOST_CHARACTERS)]),
        Item(type="function_call", name="x" * MOST_CHARACTERS, arguments="{}"),
        Item(type="function_call", name="f", arguments="x" * MOST_CHARACTERS),
        Item(type="function_call_output", call_id="x" * MOST_CHARACTERS, output=""),
        Item(type="function_call_output", call_id="c", output="x" * MOST_CHARACTERS),
        Item(type="message", id="x" * MOST_CHARACTERS, role="user", content=[]),
    ],
    ids=range(7),
)
def test_a_clients_items_are_refused_when_they_are_too_long(item):
    conversation = Conversation()
    conversation.add(user("hi"))
    with pytest.raises(WireError, match=str(MOST_CHARACTERS)) as caught:
        conversation.check_room(Entry(item))
    assert caught.value.code == "conversation_too_long"


def test_what_grows_by_itself_forgets_its_beginning():
    conversation = Conversation()
    names = [f"item_{n}" for n in range(MOST_ITEMS + 2)]
    for name in names:
        conversation.add(user("hi", name))
    assert conversation.make_room() == names[:2]
    assert conversation.make_room() == []
    conversation.add(user("x" * (MOST_CHARACTERS + 1), "long"))
    assert conversation.make_room() == names[2:]
    assert conversation.tail == "long"
