"""Sockets that are handed over."""

import os
import socket

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
