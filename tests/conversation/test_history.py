import pytest

from device.conversation.engine import Said
from device.conversation.history import LONGEST, LONGEST_TEXT, History


@pytest.mark.parametrize(
    ("share", "kept"),
    [(0.0, None), (0.2, "one"), (0.5, "one two"), (0.9, "one two three four"), (1.7, "one two three four")],
)
def test_of_a_reply_only_the_words_heard_are_kept(share, kept):
    history = History()
    history.assistant("i", "one two ", final=False)
    history.assistant("i", "three four", final=False)
    heard, unheard = history.heard("i", share)
    assert history.said == ((Said("assistant", kept),) if kept else ())
    assert heard == (kept or "")
    assert f"{heard} {unheard}".split() == ["one", "two", "three", "four"]
    history.heard("i")
    assert len(history.said) == (1 if kept else 0)


def test_the_final_words_replace_the_pieces():
    history = History()
    history.assistant("i", "won too", final=False)
    history.assistant("i", "one two", final=True)
    history.heard("i")
    assert history.said == (Said("assistant", "one two"),)


def test_what_nobody_heard_is_forgotten_and_the_oldest_goes_first():
    history = History()
    history.assistant("i", "never heard", final=True)
    history.forget_unheard()
    history.heard("i")
    for n in range(LONGEST + 3):
        history.user(str(n))
    assert [s.text for s in history.said] == [str(n) for n in range(3, LONGEST + 3)]
    history.clear()
    assert history.said == ()


def test_words_without_end_are_kept_to_a_length():
    history = History()
    for n in range(1000):
        history.assistant("i", "x" * 100, final=False)
        history.assistant(f"other {n}", "word", final=True)
    history.assistant("i", "y" * 10**6, final=True)
    assert len(history.heard("i")[0]) == LONGEST_TEXT
    assert history.heard("other 0") == ("", "")
    assert history.heard("other 999") == ("word", "")
    history.user("z" * 10**6)
    assert len(history.said[-1].text) == LONGEST_TEXT
