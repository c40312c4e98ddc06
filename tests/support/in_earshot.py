"""A process with one of a group, on real datagrams: `python in_earshot.py PORT BID`, told by lines what happens.

`wake` is answered by what is decided, `answer` or `yield`, and by how many ms that took; `here` by how many others
there are.
"""

import asyncio
import secrets
import sys

from device.earshot.air import Multicast
from device.earshot.arbiter import Arbiter, Verdict
from device.earshot.datagram import Envelope, Foreign, Forged, Told
from device.earshot.peers import Address, Peers


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(port: int, bid: float) -> None:
    loop = asyncio.get_running_loop()
    air, envelope, peers = Multicast(["lo"], port=port), Envelope("house", "hush"), Peers(secrets.token_hex(8))
    woken = 0.0

    def send(told: Told) -> None:
        air.send(envelope.seal(told), peers.addresses())

    def decided(verdict: Verdict) -> None:
        say(f"{verdict} {1000 * (loop.time() - woken):.0f}")

    def receive(datagram: bytes, address: Address) -> None:
        try:
            told = envelope.open(datagram)
        except (Foreign, Forged):
            return
        if peers.take(told, address, loop.time()):
            arbiter.hear(told, loop.time())

    arbiter = Arbiter(peers, send, decided, lambda: (bid, False))
    air.open(receive)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def tick() -> None:
        while True:
            arbiter.look(loop.time())
            await asyncio.sleep(0.005)

    ticking = asyncio.create_task(tick())
    async for line in reader:
        if line.strip() == b"here":
            send(peers.stamp(loop.time(), kind="here"))
            await asyncio.sleep(0.05)
            say(f"{len(peers.there(loop.time()))}")
        else:
            woken = loop.time()
            arbiter.woke(woken, bid)
    ticking.cancel()
    air.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
