"""What every message is made of."""

import msgspec
import pytest

from device.door.base import Request


class TryItOut(Request, frozen=True):
    """Try it out."""


def test_a_message_is_called_as_its_class_is():
    assert msgspec.json.encode(TryItOut(id=3)) == b'{"type":"try_it_out","id":3}'
    assert msgspec.json.decode(b'{"type":"try_it_out"}', type=TryItOut) == TryItOut()


def test_what_a_request_does_not_know_is_an_error():
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"type":"try_it_out","loud":true}', type=TryItOut)
