import gc
import weakref

from device.system.memory import settle


class Knot:
    """An object that only the collector can free."""

    def __init__(self):
        self.itself = self


def test_what_is_there_is_not_looked_at_again_and_what_is_garbage_goes_first():
    garbage, kept = weakref.ref(Knot()), Knot()
    try:
        settle()
        assert garbage() is None
        assert gc.get_freeze_count() > 1000, "all that pytest is made of"
        assert not any(thing is kept for thing in gc.get_objects())
    finally:
        gc.unfreeze()
    assert any(thing is kept for thing in gc.get_objects())
