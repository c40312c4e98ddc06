import pytest

from device.skills.lists.names import words_of


@pytest.fixture
def words():
    return words_of("en")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("the grocery list", "shopping"),
        ("Shopping List", "shopping"),
        ("", "shopping"),
        ("to do", "to-do"),
        ("my Christmas list", "christmas"),
        ("list", "shopping"),
        ("todo list", "to-do"),
    ],
)
def test_a_list_has_one_name_however_it_is_called(words, said, name):
    assert words.list_name(said) == name


@pytest.mark.parametrize(
    ("said", "entries"),
    [
        ("milk", ["milk"]),
        ("milk, eggs and bread", ["milk", "eggs", "bread"]),
        ("some milk, and a loaf of bread", ["milk", "loaf of bread"]),
        ("fish and chips and peas", ["fish and chips", "peas"]),
        ("um oat milk", ["oat milk"]),
        ("any", ["any"]),
        (" , ", []),
    ],
)
def test_entries_are_told_apart(words, said, entries):
    assert words.entries(said) == entries


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tomato", "tomatoes"),
        ("an egg", "some eggs"),
        ("Berries", "berry"),
        ("glass", "glasses"),
        ("Milk!", "the milk"),
    ],
)
def test_singular_and_plural_are_the_same(words, one, other):
    assert words.key(one) == words.key(other)


def test_what_only_sounds_alike_is_another(words):
    assert words.key("milk") != words.key("oat milk")


def test_a_language_without_lists_has_the_english_words():
    assert words_of("xx") is not None
    assert words_of("xx").usual == words_of("en").usual


def test_entries_are_read_out_with_an_and(words):
    assert words.enumerated([]) == ""
    assert words.enumerated(["milk"]) == "milk"
    assert words.enumerated(["milk", "eggs", "bread"]) == "milk, eggs and bread"
