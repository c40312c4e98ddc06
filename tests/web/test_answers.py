"""The shape of errors."""

import json

from openai.types.shared import ErrorObject

from device.web.answers import SHOWN, quoted, refusal


def test_an_error_is_what_clients_of_openai_read():
    for status, kind in ((404, "invalid_request_error"), (503, "server_error")):
        answer = refusal(status, "some_code", "Some words.", "a.field")
        error = ErrorObject.model_validate(json.loads(answer.text)["error"], strict=True)
        assert (answer.status, error.type, error.code, error.param) == (status, kind, "some_code", "a.field")


def test_what_is_repeated_is_short_and_one_line():
    said = quoted("\x1b[2Ja\n" + "x" * 10_000)
    assert said.isprintable()
    assert len(said) < 2 * SHOWN
