import os
import socket

import pytest

from device.system.listener import listeners, trusted

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def table(folder, *rows):
    path = folder / "tcp"
    lines = [f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {uid} 0 1\n"
             for address, state, uid in rows]  # fmt: skip
    path.write_text(HEAD + "".join(lines))
    return (path, folder / "absent")


def test_who_listens_at_a_port_of_this_machine_is_seen():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert list(listeners(port)) == [os.getuid()]
        assert trusted(port)
    assert list(listeners(port)) == []


@pytest.mark.parametrize(
    ("address", "state", "uid", "right"),
    [
        ("0100007F:1F90", "0A", 0, True),
        ("0100007F:1F90", "0A", 998, True),
        ("00000000:1F90", "0A", 62_000, True),
        ("0100007F:1F90", "0A", 4321, False),
        ("00000000:1F90", "0A", 4321, False),
        ("00000000000000000000000000000000:1F90", "0A", 4321, False),
        ("0100007F:1F91", "0A", 4321, True),
        ("0100007F:1F90", "01", 4321, True),
    ],
)
def test_another_persons_program_is_not_trusted(tmp_path, address, state, uid, right):
    assert trusted(0x1F90, table(tmp_path, (address, state, uid))) is right


def test_one_such_listener_among_others_is_enough(tmp_path):
    assert not trusted(0x1F90, table(tmp_path, ("0100007F:1F90", "0A", 0), ("00000000:1F90", "0A", 4321)))
