"""A session with Gemini Live that goes on in another connection, over real sockets."""

import asyncio

import numpy as np
from support.gemini_session import SILENCE, TONE, holds, setup_of, speak
from support.scripted_gemini import HEAR_RATE, RATE
from support.sessions import until

from device.conversation.engine import Audio, Expiring, Fault, ReplyEnded, ReplyStarted
from device.simulation.scripted_reply import Reply, Speech
from device.wire import gemini as wire


async def test_a_session_goes_on_in_another_connection_without_a_word_lost_or_doubled(server, opened) -> None:
    server.hold_setup = asyncio.Event()
    session = await opened()
    speech = np.random.default_rng(1).integers(-9000, 9000, HEAR_RATE // 2, np.int16).tobytes()
    await holds(session, "handle_2")
    await speak(session, speech[:6400])
    await server.wait(lambda m: m.realtime_input is not None, 10)
    await server.peers[0].go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.resuming.wait()
    await speak(session, speech[6400:12800])  # while the next connection is being opened
    server.hold_setup.set()
    await server.wait(lambda m: m.realtime_input is not None, 10 + 10 + 20)
    await speak(session, speech[12800:] + SILENCE)
    got = await got
    assert len(server.peers) == 2
    assert setup_of(server)["sessionResumption"] == {"handle": "handle_2"}
    assert server.heard == speech + SILENCE
    assert server.turns == 1
    assert [type(event) for event in got if isinstance(event, ReplyStarted | ReplyEnded)] == [ReplyStarted, ReplyEnded]
    assert server.peers[0].socket.closed


async def test_a_session_does_not_move_in_mid_reply(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(30)
    got = await until(session, ReplyEnded)
    assert got[-1].status == "completed"
    assert sum(len(event.pcm) for event in got if isinstance(event, Audio)) > RATE
    await server.wait(lambda m: m.setup is not None, 2)
    await speak(session)
    await until(session, ReplyEnded)
    assert len(server.peers) == 2
    assert server.peer.turns == 1


async def test_in_manual_mode_the_next_connection_hears_where_the_turn_began(server, opened) -> None:
    session = await opened(end_of_turn="device")
    await holds(session, "handle_2")
    await speak(session, TONE)
    await server.wait(lambda m: m.realtime_input is not None, 26)
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.wait(lambda m: m.setup is not None, 2)
    await session.commit()
    await got
    assert server.heard == TONE
    assert server.peer.turns == 1


async def test_a_handle_that_came_in_mid_turn_goes_on_in_mid_turn(server, opened) -> None:
    session = await opened(end_of_turn="device")
    await speak(session, TONE[:6400])
    await server.wait(lambda m: m.realtime_input is not None, 11)
    await holds(session, await server.peer.handle())
    await speak(session, TONE[6400:])
    await server.wait(lambda m: m.realtime_input is not None, 26)
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.wait(lambda m: m.setup is not None, 2)
    await session.commit()
    await got
    assert server.heard == TONE
    assert server.peer.turns == 1


async def test_a_reply_that_begins_while_the_next_connection_opens_is_heard_out(server, opened) -> None:
    server.hold_setup = asyncio.Event()
    server.replies.appendleft(Reply((Speech(bytes(RATE), "one two three four"),), pace=0.5))
    session = await opened()
    await holds(session, "handle_2")
    await server.peer.go_away(30)
    reader = asyncio.create_task(until(session, Audio))
    await server.resuming.wait()
    server.reply(server.peers[0])
    got = await reader
    server.hold_setup.set()
    got += await until(session, ReplyEnded)
    assert got[-1].status == "completed"
    assert sum(len(event.pcm) for event in got if isinstance(event, Audio)) == RATE
    # Only then does the session move, by a handle that knows of the reply.
    await server.wait(lambda m: m.setup is not None, 3)
    assert setup_of(server, 1)["sessionResumption"] == {"handle": "handle_2"}
    assert setup_of(server, 2)["sessionResumption"] != {"handle": "handle_2"}


async def test_a_connection_that_was_left_is_not_listened_to(server, opened) -> None:
    session = await opened()
    await holds(session, "handle_2")
    await server.peer.go_away(10)
    await server.wait(lambda m: m.setup is not None, 2)
    await speak(session)
    await until(session, ReplyEnded)
    late = wire.Content(parts=[wire.Part(text="late")])
    session._take(session._left, wire.ServerMessage(server_content=wire.ServerContent(model_turn=late)))  # noqa: SLF001 - no event or message tells of it
    assert session._turns.idle  # noqa: SLF001 - no event or message tells of it


async def test_where_it_cannot_go_on_the_session_says_that_it_expires(server, opened) -> None:
    server.forgets = True
    session = await opened()
    await server.peer.go_away(8)
    got = await until(session, Expiring)
    assert 7 < got[-1].seconds <= 8
    # The present connection still works.
    await speak(session)
    assert (await until(session, ReplyEnded))[-1].status == "completed"


async def test_without_a_pause_the_session_expires_early_enough_for_others(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 8), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(0.2)
    got = await until(session, Expiring)
    assert 0 < got[-1].seconds <= 0.1
    assert len(server.peers) == 1


async def test_a_connection_that_closes_after_it_said_so_is_followed_by_the_next(server, opened) -> None:
    session = await opened()
    server.hold_setup = asyncio.Event()
    await server.peer.go_away(10)
    got = asyncio.create_task(until(session, ReplyEnded))
    await server.resuming.wait()
    await server.peers[0].close(1001)
    server.hold_setup.set()
    await speak(session)
    assert (await got)[-1].status == "completed"
    assert server.turns == 1


async def test_where_the_next_connection_does_not_come_in_time_the_session_is_over(server, opened, monkeypatch) -> None:
    monkeypatch.setattr("device.engines.gemini.session.ORPHANED_S", 0.05)
    session = await opened()
    server.hold_setup = asyncio.Event()
    await server.peer.go_away(30)
    got = asyncio.create_task(until(session, Fault))
    await server.resuming.wait()
    await server.peers[0].close(1001, "moved")
    fault = (await got)[-1]
    assert (fault.code, fault.retry) == ("closed_1001", True)


async def test_one_that_closes_in_mid_reply_ends_the_session(server, opened) -> None:
    server.replies.appendleft(Reply((Speech(bytes(2 * RATE * 4), "one two three four"),), pace=1.0))
    session = await opened()
    await speak(session)
    await until(session, Audio)
    await server.peer.go_away(30)
    await server.peer.close(1011, "Internal error")
    fault = (await until(session, Fault))[-1]
    assert (fault.code, fault.retry) == ("closed_1011", True)
