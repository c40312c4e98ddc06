"""What is said of an endpoint that does not answer, for each of the stages that ask one."""

import aiohttp
import pytest

from device.local.remote.endpoint import QUOTED, Endpoint
from device.settings.local import BrainSettings, TranscriptionSettings
from device.settings.types import Secret

KEY = "very-secret-123456"
KINDS = {
    "brain": (BrainSettings, "/chat/completions"),
    "transcription": (TranscriptionSettings, "/audio/transcriptions"),
}


@pytest.fixture(params=list(KINDS))
def make(request):
    kind, path = KINDS[request.param]

    def made(url="http://box:1/v1", **more):
        return Endpoint(kind(url=url, **more), section=request.param, name="the helper at", path=path)

    made.section, made.path = request.param, path
    return made


def test_the_address_may_be_the_base_or_the_whole_and_keeps_its_query(make):
    whole = f"http://box:1/v1{make.path}"
    assert [str(make(url).url) for url in ("http://box:1/v1", "http://box:1/v1/", whole)] == [whole] * 3
    assert str(make(f"{whole}?version=2").url) == f"{whole}?version=2"


def test_with_a_key_there_are_no_other_credentials_and_neither_is_ever_shown(make):
    url = "http://me:word@box:1/v1?token=hush"
    assert make(url).url.user == "me"
    assert make(url).headers == {}
    endpoint = make(url, api_key=Secret(KEY))
    assert endpoint.url.user is None
    assert endpoint.headers == {"Authorization": f"Bearer {KEY}"}
    for one in (endpoint, make(url)):
        assert one.tell("is ill") == f"the helper at http://box:1/v1{make.path} is ill"


@pytest.mark.parametrize("leak", [KEY, "sk-another-98765", "key_0123456789", "Bearer abc.def-123"])
def test_a_refusal_repeats_no_key_nor_what_looks_like_one(make, leak):
    endpoint = make(api_key=Secret(KEY))
    for message in (endpoint.refusal(401, f"bad {leak} given"), endpoint.unreached(aiohttp.ClientError(f"bad {leak}"))):
        assert "bad ***" in message
        assert leak not in message


@pytest.mark.parametrize(
    ("status", "fix"),
    [
        (401, "the right key, in PARLEY_{0}_API_KEY or {1}.api_key"),
        (403, "may use this model, in PARLEY_{0}_API_KEY"),
        (404, "is {1}.url right (it mostly ends in /v1), and is there a model 'tiny' ({1}.model)?"),
        (429, "quota"),
        (500, "see its log"),
        (418, "check {1}.url and {1}.model"),
    ],
)
def test_a_refusal_is_told_with_its_fix_and_a_piece_of_what_was_said(make, status, fix):
    message = make(model="tiny").refusal(status, "no  \n good " + 1000 * "x")
    assert f"answered {status}: " in message
    assert fix.format(make.section.upper(), make.section) in message
    assert "It says: no good xxx" in message
    assert message.count("x") < QUOTED + 20


def test_why_there_is_no_answer_names_the_setting(make):
    endpoint = make(timeout_s=2.5)
    assert f"no answer for 2.5 s: take a faster model or a larger {make.section}.timeout_s" in endpoint.unreached(
        TimeoutError()
    )
    assert f"fix {make.section}.url" in endpoint.unreached(aiohttp.InvalidURL("http://["))
    assert f"(refused): is it running, is {make.section}.url right?" in endpoint.unreached(OSError("refused"))
