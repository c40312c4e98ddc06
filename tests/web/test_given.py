"""Sockets that are handed over."""

import os
import socket
import subprocess
import sys

import pytest

from device.web.given import GivenError, sockets_given, taken


def test_what_systemd_hands_over_is_taken_and_told_to_no_child():
    with socket.create_server(("127.0.0.1", 0)) as one:
        first = os.dup(one.fileno())
        environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x", "HOME": "/"}
        [given] = sockets_given(environ, first)
        assert given.getsockname() == one.getsockname()
        assert environ == {"HOME": "/"}
        given.close()


@pytest.mark.parametrize(
    "environ", [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"}]
)
def test_what_is_another_processs_is_not_taken(environ):
    assert sockets_given(environ) == []


def test_a_file_that_is_no_socket_is_named(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(GivenError, match="no socket"):
        taken(file.fileno())


BECOMES = """
import os, sys
from device.web.given import handed_on, taken

given = [taken(int(number)) for number in sys.argv[1:]]
hand_on = handed_on(given)
for one in given:
    one.close()
hand_on()
again = "from device.web.given import sockets_given; print(*(one.getsockname()[1] for one in sockets_given()))"
os.execv(sys.executable, [sys.executable, "-c", again])
"""


def test_a_program_has_the_sockets_of_the_one_that_it_was():
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        numbers = [one.fileno(), other.fileno()]
        command = [sys.executable, "-c", BECOMES, *map(str, numbers)]
        told = subprocess.run(command, pass_fds=numbers, capture_output=True, text=True, check=True)
        assert told.stdout.split() == [str(one.getsockname()[1]), str(other.getsockname()[1])]
