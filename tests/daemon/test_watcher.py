import pytest

from device.conversation.engine import Words
from device.conversation.states import State
from device.daemon.watcher import OnState, Watcher, Watchers


class Seen(Watcher):
    def __init__(self, name, seen):
        self.name, self.seen = name, seen

    def state(self, state, at):
        self.seen.append((self.name, state, at))

    def reply_audio(self, item, pcm, rate):
        self.seen.append((self.name, item, pcm, rate))

    def words(self, words):
        self.seen.append((self.name, words))

    def announced(self, item, text):
        self.seen.append((self.name, item, text))

    def sent(self, at, total):
        self.seen.append((self.name, at, total))

    def earcon(self, name):
        self.seen.append((self.name, name))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("state", (State.ASLEEP, 5)),
        ("reply_audio", ("item", b"\0\0", 24_000)),
        ("sent", (160, 320)),
        ("words", (Words("user", "hello", final=True),)),
        ("announced", ("item", "Dinner is ready.")),
        ("earcon", ("wake",)),
    ],
)
def test_all_are_told_in_the_order_in_which_they_came(what, told):
    watchers, seen = Watchers(), []
    getattr(watchers, what)(*told)
    watchers.add(Seen("one", seen))
    watchers.add(Watcher())
    watchers.add(Seen("two", seen))
    getattr(watchers, what)(*told)
    assert seen == [("one", *told), ("two", *told)]


def test_lights_look_when_the_state_changes_and_at_nothing_else():
    looks = []
    lights = OnState(lambda: looks.append("look"))
    lights.sent(160, 160)
    lights.earcon("wake")
    assert looks == []
    lights.state(State.LISTENING, 0)
    assert looks == ["look"]
