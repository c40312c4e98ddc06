import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.tts.plain import LONGEST, chunks, plain


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Hello there.", "Hello there."),
        ("It is **very** _good_, `really`.", "It is very good, really."),
        ("# Title\n\n- one\n- two", "Title one two"),
        ("Sure! 😀👍🏽 Done 👩‍👩‍👧 1️⃣", "Sure! Done 1"),
        ("See [the page](https://example.com/a?b=c).", "See the page."),
        ("Look at https://www.example.com/long/path?x=1 now", "Look at example.com now"),
        ("```python\nprint(1)\n```\nThat is it.", "That is it."),
        ("21 °C is 69.8°F", "21 °C is 69.8°F"),
        ("It is -3 degrees, 5-3 or 10 - 4", "It is -3 degrees, 5-3 or 10 - 4"),
        ("snake_case and 3 \u00d7 4", "snake case and 3 \u00d7 4"),
        ("50% of £20 & more", "50% of £20 & more"),
        ("a <b>bold</b> word", "a bold word"),
        ("zero\x00byte\x1b[0m", "zero byte [0m"),
        ("\ud800", ""),
        ("😀", ""),
        ("...", ""),
        ("", ""),
        ("Grüße, naïve café", "Grüße, naïve café"),
    ],
)
def test_plain(written, said):
    assert plain(written) == said


@given(st.text())
def test_plain_text_can_be_spoken(text):
    said = plain(text)
    assert said.isprintable()
    said.encode()
    assert plain(said).split() == plain(plain(said)).split()


@given(st.text(st.sampled_from("ab. !"), max_size=2000))
def test_chunks_lose_nothing(text):
    cut = list(chunks(text))
    assert all(0 < len(chunk) <= LONGEST for chunk in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())
