"""What is said to `parley wifi`, and that no password shows."""

import msgspec
import pytest

from device.wifi import messages as m

REQUESTS = msgspec.json.Decoder(m.AnyRequest)


@pytest.mark.parametrize(
    "request_", [m.Look(), m.Look(visitor=True), m.SetUp(), m.GetKey(), m.Join("41ff", "a secret", hidden=True)]
)
def test_requests_come_back(request_):
    assert REQUESTS.decode(m.encode(request_)) == request_


def test_no_password_shows():
    for message in (m.Join("41", "a secret"), m.Key("Parley-1", "a secret", "10.42.97.1")):
        assert "secret" not in repr(message)
        assert "secret" not in f"{message}"


@pytest.mark.parametrize(
    "said",
    [
        b'{"type":"join","ssid":""}',
        b'{"type":"join","ssid":"4"}',
        b'{"type":"join","ssid":"4G"}',
        b'{"type":"join","ssid":"' + b"41" * 33 + b'"}',
        b'{"type":"join","ssid":"41","password":"' + b"x" * 257 + b'"}',
        b'{"type":"join","ssid":"41","more":1}',
        b'{"type":"forget"}',
    ],
)
def test_what_is_none_is_not_taken(said):
    with pytest.raises(msgspec.ValidationError):
        REQUESTS.decode(said)
