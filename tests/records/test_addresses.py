"""Addresses in a text, and the secrets in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.records.addresses import hidden, secrets_of
from device.settings.engines import known_engines

SHOWN = [
    ("wss://api.openai.com/v1/realtime", None),
    ("ws://10.0.0.5:8765/v1/realtime?model=gpt-realtime", None),
    ("wss://me:hush-hush@10.0.0.5/v1", "wss://***@10.0.0.5/v1"),
    ("wss://hush-hush@10.0.0.5/v1", "wss://***@10.0.0.5/v1"),
    ("https://host/v1?key=hush-hush&model=m", "https://host/v1?key=***&model=m"),
    ("https://host/v1?hush-hush", "https://host/v1?***"),
    ("https://host/hooks/hush-hush/v1", "https://host/***/***/v1"),
    ("https://host/hush-hush", "https://host/***"),
    ("https://host/v1#hush-hush", "https://host/v1#***"),
    ("https://host/v1?a=b?key=hush-hush", "https://host/v1?a=***"),
    ("https://host/v1;key=hush-hush", "https://host/***"),
    ("HTTPS://host/%68ush-hush", "HTTPS://host/***"),
    ("ws+unix:///run/parley-engine/engine.socket", "ws+unix:///***/***/***"),
]


@pytest.mark.parametrize(("address", "instead"), SHOWN)
def test_what_may_be_a_secret_is_hidden_and_the_rest_stays(address, instead):
    for text in ("{}", "cannot reach {}.", 'url = "{}"', "({}), it says", "“{}”"):
        assert hidden(text.format(address)) == text.format(instead or address)


@pytest.mark.parametrize("address", [address for address, instead in SHOWN if instead and "hush" in address])
def test_what_is_hidden_is_known_elsewhere_too(address):
    assert any("hush-hush" in one for one in secrets_of(f"brain.url is {address}, no more"))


def test_addresses_that_parley_knows_stay():
    for engine in known_engines().values():
        assert hidden(engine.url) == engine.url


@given(text=st.text() | st.from_regex(r"[a-z]+://[^ ]*"))
def test_no_text_is_too_odd(text):
    assert hidden(hidden(text)) == hidden(text)
    list(secrets_of(text))
