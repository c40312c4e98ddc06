"""How many messages a server may send."""

import pytest

from device.mcp.limits import A_SECOND, BURST, Flow
from device.mcp.messages import McpError


def test_a_burst_is_taken_and_a_flood_is_not():
    now = [0.0]
    flow = Flow(lambda: now[0])
    for _ in range(BURST):
        flow.take()
    with pytest.raises(McpError, match="more than 50 messages a second"):
        flow.take()


def test_what_comes_slowly_goes_on_for_ever():
    now = [0.0]
    flow = Flow(lambda: now[0])
    for _ in range(20 * BURST):
        flow.take()
        now[0] += 1 / A_SECOND


def test_the_burst_grows_no_larger_by_waiting():
    now = [0.0]
    flow = Flow(lambda: now[0])
    now[0] = 1e6
    for _ in range(BURST):
        flow.take()
    with pytest.raises(McpError):
        flow.take()
