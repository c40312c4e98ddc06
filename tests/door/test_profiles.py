"""What is said of profiles, as lines of JSON."""

import msgspec
import pytest

from device.door.messages import AnyRequest, encode
from device.door.profiles import CheckProfile, SaveProfile

REQUESTS = msgspec.json.Decoder(AnyRequest)


@pytest.mark.parametrize("was", [msgspec.UNSET, "", "abc"])
def test_what_is_believed_of_the_file_may_be_left_out(was):
    request = SaveProfile("shop", "name = 'x'", was=was, id=3)
    line = encode(request)
    assert (b'"was"' in line) is (was is not msgspec.UNSET)
    assert REQUESTS.decode(line) == request


@pytest.mark.parametrize("text", ["x" * 32_769, None])
def test_texts_have_bounds(text):
    line = msgspec.json.encode({"type": "check_profile", "name": "shop", "text": text})
    with pytest.raises(msgspec.ValidationError, match=r"\$\.text"):
        REQUESTS.decode(line)
    assert isinstance(REQUESTS.decode(encode(CheckProfile("shop", "x" * 32_768))), CheckProfile)
