import pytest

from device.bench.engine_client import Flood, cost_of_ours, cost_of_sdk
from device.bench.result import BenchError


def test_both_clients_take_and_send_the_same():
    with Flood(0.5) as server:
        assert server.url.startswith("http://127.0.0.1:")
        for cost in (cost_of_ours, cost_of_sdk):
            found = cost(server.url, 0.5)
            # More than nothing, and an hour in less than an hour.
            assert 0 < found.received < 3600
            assert 0 < found.sent < 3600
        # It says half a second, not one.
        for cost in (cost_of_ours, cost_of_sdk):
            with pytest.raises(BenchError, match=r"of 1 s of audio, 0\.5 s arrived"):
                cost(server.url, 1.0)
