"""What would be right, in answer to what is no message."""

import msgspec
import pytest

from device.door.advice import example, refused
from device.door.messages import AnyRequest, ChangeSetting, Hello, Say


def answer(line):
    try:
        msgspec.json.decode(line, type=AnyRequest)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return refused(line, error)
    raise AssertionError("it is a request")


@pytest.mark.parametrize(
    ("line", "code", "what", "fix", "number"),
    [
        (b"hello\n", "bad_message", "it is no JSON", '{"type": "get_status"}', None),
        (b'{"type": "wake"', "bad_message", "it is no JSON", '{"type": "get_status"}', None),
        (b"\xff\xfe\n", "bad_message", "it is no JSON", "get_status", None),
        (b"[1, 2]\n", "bad_message", "Expected `object`", "get_status", None),
        (b'{"id": 3}\n', "bad_message", "required field `type`", "get_status", 3),
        (b'{"type": "mut", "id": 3}\n', "unknown", "there is no request 'mut'", "did you mean mute", 3),
        (b'{"type": "xyzzy"}\n', "unknown", "'xyzzy'", "there are ask, await_button, cancel_alarm", None),
        (b'{"type": "say", "id": 4}\n', "bad_message", "say: Object missing required field `text`", '"text": …', 4),
        (b'{"type":"set_volume","percent":200}\n', "bad_message", "<= 100 (at percent)", '"percent": …', None),
        (b'{"type":"say","text":"x","loud":true}\n', "bad_message", "unknown field `loud`", "if you like, wait", None),
        (b'{"type":"wake","id":-4}\n', "bad_message", ">= 0 (at id)", '{"type": "wake"}', None),
        (b'{"type":"get_status","id":"x"}\n', "bad_message", "Expected `int`", "get_status", None),
    ],
)
def test_it_says_what_is_wrong_and_what_would_be_right(line, code, what, fix, number):
    error = answer(line)
    assert (error.code, error.id) == (code, number)
    assert what in error.what
    assert fix in error.fix


def test_what_lies_too_deep_is_no_crash():
    assert "deep" in answer(b'{"type":"change_setting","key":"a","value":' + b"[" * 30_000).what


def test_a_secret_in_a_message_is_not_said_again():
    told = answer(b'{"type":"change_setting","key":"brain.api_key","value":"s3cret","x":"s3cret"}\n')
    assert "s3cret" not in repr(told)


def test_a_long_name_is_cut():
    assert len(answer(b'{"type":"' + b"x" * 60_000 + b'"}').what) < 200


def test_an_example_has_what_must_be_there_and_names_the_rest():
    assert example(Say) == '{"type": "say", "text": …} and, if you like, wait, digits, id'
    assert example(ChangeSetting) == '{"type": "change_setting", "key": …} and, if you like, value, was, id'
    assert example(Hello) == '{"type": "hello", "version": …} and, if you like, who'
