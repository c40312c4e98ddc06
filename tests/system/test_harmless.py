"""Text made harmless; what must not be in it is tried where it is printed."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.system.harmless import line, plain

KEPT = ["“Grüße” — 12 °C → 🙂", "日本語 עברית العربية", "👩‍👩‍👧 e\u0301", "[card] input", "a\\b"]


@pytest.mark.parametrize("text", KEPT)
def test_what_people_write_stays(text):
    assert plain(text) == line(text) == text


@given(text=st.text())
def test_documents_mean_what_they_meant(text):
    assert json.loads(plain(json.dumps(text, ensure_ascii=False))) == text
    written = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    assert tomllib.loads(plain(f"a = {written}")) == {"a": text}


@given(text=st.text(alphabet=st.characters()))
def test_no_text_at_all_does_harm(text):
    assert not set(line(text)) & set("\n\r\x1b\x9b\u2028\u202e")
    assert line(text).isascii() or line(text)
