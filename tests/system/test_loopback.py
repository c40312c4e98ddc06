"""Which hosts are this machine."""

import pytest

from device.system.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "llm.localhost", "127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]
)
def test_this_machine_is_known_by_each_of_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost.example", "notlocalhost", "127.0.0.1.example", "0.0.0.0", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1"],
)
def test_all_others_are_elsewhere(host: str) -> None:
    assert not is_loopback(host)
