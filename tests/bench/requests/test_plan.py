import pytest

from device.bench.requests.plan import load
from device.bench.result import BenchError


def written(folder, text):
    path = folder / "requests.toml"
    path.write_text(text)
    return path


def test_sixty_are_bundled_and_no_two_are_the_same_conversation():
    found = load()
    assert len(found) == 60
    assert len({(request.before, request.say) for request in found}) == 60


def test_most_of_them_can_be_done_and_some_cannot():
    assert 6 <= sum(bool(request.cannot) for request in load()) <= 12


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "missing required field `request`"),
        ("request = []", "has no requests"),
        ('[[request]]\nsay = "hello"', "nothing is expected of it"),
        ('[[request]]\nsay = "hello"\nanswer = "("', "no regular expression"),
        ('[[request]]\nsay = "hello"\ncalls = [{ tool = "x", with = { name = "(" } }]', "no regular expression"),
        ('[[request]]\nsay = "hello"\nanser = "hi"', "anser"),
        ("[[", "requests.toml"),
    ],
)
def test_a_file_that_cannot_judge_is_named_with_its_fault(tmp_path, text, told):
    with pytest.raises(BenchError, match=r"requests\.toml") as error:
        load(written(tmp_path, text))
    assert told in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BenchError, match=r"absent\.toml cannot be read"):
        load(tmp_path / "absent.toml")


def test_that_no_timer_is_left_can_be_expected(tmp_path):
    assert load(written(tmp_path, '[[request]]\nsay = "cancel all timers"\ntimers = []'))[0].timers == ()
