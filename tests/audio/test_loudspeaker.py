import inspect

import pytest

from device.audio.card.remote_playout import RemotePlayout
from device.audio.loudspeaker import Loudspeaker
from device.audio.playout import Playout

METHODS = [name for name, member in vars(Loudspeaker).items() if inspect.isfunction(member) and name[0] != "_"]


@pytest.mark.parametrize("name", METHODS)
def test_both_have_each_method_with_the_same_arguments(name):
    wanted = inspect.signature(getattr(Loudspeaker, name))
    assert inspect.signature(getattr(Playout, name)) == wanted
    assert inspect.signature(getattr(RemotePlayout, name)) == wanted


def test_there_are_all_methods_of_a_playout():
    public = {name for name, member in vars(Playout).items() if inspect.isfunction(member) and name[0] != "_"}
    assert public == set(METHODS)
