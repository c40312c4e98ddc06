from support.scripted_cascade import engine, hear


async def test_silence_is_sent_while_a_turn_waits_for_its_end(cartesia):
    async with engine(cartesia) as server, server.connect() as client:
        await hear(client, cartesia)
        await cartesia.turn("turn.start")
        before = len(cartesia.heard)
        # The client sends nothing more.
        await cartesia.until(lambda: len(cartesia.heard) >= before + 3 * 3200)
        assert not any(cartesia.heard[before:])
        await cartesia.turn("turn.end", "hello")
        assert (await client.until("response.done")).response.status == "completed"
