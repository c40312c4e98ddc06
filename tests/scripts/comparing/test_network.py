import asyncio

from scripts.comparing.network import Network


async def test_all_arrives_in_order_and_the_end_too():
    async def echo(reader, writer):
        while data := await reader.read(1000):
            writer.write(data[::-1])
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Network(port, 1.0) as network:
            reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
            for word in (b"abc", b"def"):
                writer.write(word)
                assert await reader.readexactly(3) == word[::-1]
            writer.write_eof()
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()


async def test_it_takes_so_long_each_way():
    async with await asyncio.start_server(_echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Network(port, 30.0) as network:
            reader, writer = await asyncio.open_connection("127.0.0.1", network.port)
            loop = asyncio.get_running_loop()
            began = loop.time()
            writer.write(b"a")
            await reader.readexactly(1)
            assert loop.time() - began >= 0.06
            writer.close()


async def _echo(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()
