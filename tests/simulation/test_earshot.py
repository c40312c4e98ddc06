import asyncio

import pytest

from device.simulation import virtual_clock
from device.simulation.earshot import Network, SimulatedAir, Together

HERE, THERE = ("10.0.0.1", 1), ("10.0.0.2", 1)


def test_datagrams_come_to_all_or_to_one_and_late():
    async def main():
        loop, heard = asyncio.get_running_loop(), []
        network = Network(delay_ms=(10.0, 20.0))
        here, there = SimulatedAir(network, HERE), SimulatedAir(network, THERE)
        here.open(lambda datagram, sender: heard.append(("here", datagram, sender, loop.time())))
        there.open(lambda datagram, sender: heard.append(("there", datagram, sender, loop.time())))
        here.send(b"all", [])
        here.send(b"one", [THERE], everybody=False)
        await asyncio.sleep(1)
        there.close()
        here.send(b"gone", [THERE], everybody=False)
        await asyncio.sleep(1)
        return heard

    heard = virtual_clock.run(main())
    assert sorted(one[:3] for one in heard) == [
        ("here", b"all", HERE), ("there", b"all", HERE), ("there", b"one", HERE),
    ]  # fmt: skip
    assert all(0.01 <= at <= 0.02 for *_, at in heard)


def test_a_part_gets_lost():
    async def main():
        network, heard = Network(lost=0.2, seed=1), []
        SimulatedAir(network, THERE).open(lambda datagram, _: heard.append(datagram))
        for _ in range(1000):
            network.carry(b"x", HERE)
        await asyncio.sleep(1)
        return len(heard), network.sent

    came, sent = virtual_clock.run(main())
    assert sent == 1000
    assert came == pytest.approx(800, abs=50)


def test_a_block_passes_in_all_when_all_are_there():
    passed = []
    together = Together(2, Network())
    one = together.seats[0].step(lambda: passed.append("one") or 0.01)
    assert one() == 0.0
    assert passed == []
    together.seats[1].step(lambda: passed.append("two") or 0.0)
    assert one() == 0.01
    assert passed == ["one", "two"]
