import pytest

from device.listen.shared_recogniser import SharedRecogniser
from device.model_files.files import ModelError


@pytest.fixture
def loads(monkeypatch):
    """Return a list to which each recogniser that is loaded is added."""
    loaded = []

    def load(directory):
        loaded.append(directory)
        return object()

    monkeypatch.setattr("device.listen.moonshine.load_moonshine", load)
    return loaded


async def test_it_is_loaded_once_for_all_and_dropped_when_nobody_wants_it(loads):
    shared = SharedRecogniser("somewhere")
    shared.want("one", wanted=True)
    first = await shared.use(id)
    shared.want("two", wanted=True)
    shared.want("one", wanted=False)
    assert await shared.use(id) == first
    shared.want("two", wanted=False)
    assert await shared.use(id) is None
    assert loads == ["somewhere"]
    shared.want("one", wanted=True)
    assert await shared.use(id) is not None
    assert len(loads) == 2


async def test_nobody_has_to_say_only_once_what_they_want(loads):
    shared = SharedRecogniser("")
    for _ in range(2):
        shared.want("one", wanted=True)
    shared.want("one", wanted=False)
    shared.want("two", wanted=False)
    assert await shared.use(id) is None


async def test_whoever_uses_it_is_told_that_it_is_missing(monkeypatch):
    def load(_):
        raise ModelError("decoder is missing: run parley models fetch")

    monkeypatch.setattr("device.listen.moonshine.load_moonshine", load)
    shared = SharedRecogniser("")
    shared.want("one", wanted=True)
    with pytest.raises(ModelError, match="fetch"):
        await shared.use(id)
    monkeypatch.setattr("device.listen.moonshine.load_moonshine", lambda _: object())
    assert await shared.use(id) is not None  # it was fetched meanwhile
