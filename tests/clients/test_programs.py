"""The clients' programs when something hangs: the other scenes are played, and the test is shown where it waits."""

import textwrap

from clients.house import HERE, TASKS, run

BEGIN = f"""
import asyncio, itertools, sys, time
from contextlib import asynccontextmanager
sys.path.insert(0, {str(HERE / "programs")!r})
import scenes
"""
END = """
asyncio.run(scenes.perform("client", talk))
"""


def play(tmp_path, body, **options):
    """Run a program whose client is `body`."""
    for name in ("time", "timer", "story", "castle"):
        (tmp_path / f"{name}.pcm").write_bytes(b"\1")
    program = tmp_path / "client.py"
    program.write_text(BEGIN + textwrap.dedent(body) + END)
    return run(program, "sentences", "chat", str(tmp_path), **options)


def test_a_scene_that_fails_leaves_the_others_to_a_new_session(tmp_path):
    client = """
        scenes.PATIENCE_S = 0.2
        sessions = itertools.count(1)

        @asynccontextmanager
        async def talk(url, stage):
            hears = next(sessions) == 2

            async def hear():
                async for block in stage.microphone():
                    if hears and any(block):
                        stage.called("set_timer", {})
                        stage.transcribed("words")
                        stage.sounded(block)
                        stage.ended()

            hearing = stage.beside(hear())
            try:
                yield
            finally:
                hearing.cancel()
    """
    played = play(tmp_path, client)
    assert list(played.scenes) == ["tool"]
    assert "client ended with status 1" in played.trouble
    assert "client: not answered aloud within 0.2 s" in played.trouble
    assert "client: not speaking within 0.2 s" in played.trouble


def test_an_error_in_any_of_its_tasks_ends_a_scene(tmp_path):
    client = """
        @asynccontextmanager
        async def talk(url, stage):
            async def hear():
                raise OSError("no connection")

            hearing = stage.beside(hear())
            yield
    """
    played = play(tmp_path, client)
    assert played.scenes == {}
    assert played.trouble.count("client reports: OSError('no connection')") == 3


def test_a_client_that_hangs_is_left_and_says_where(tmp_path):
    client = """
        scenes.SESSION_S = 0.2

        async def stubborn():
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    pass

        @asynccontextmanager
        async def talk(url, stage):
            waiting = asyncio.create_task(stubborn())
            yield
            await waiting

        async def scene(stage):
            scenes.report("scene")

        scenes.turn = scenes.tool = scenes.interruption = scene
    """
    played = play(tmp_path, client)
    assert list(played.scenes) == ["scene"]
    assert played.trouble.count(TASKS) == 2
    assert " stubborn\n" in played.trouble
    assert "locks.py" in played.trouble.split(" stubborn\n")[1]  # what it waits for


def test_a_client_that_does_not_come_back_is_ended_and_says_where(tmp_path):
    client = """
        def blocks():
            time.sleep(600)

        @asynccontextmanager
        async def talk(url, stage):
            blocks()
            yield
    """
    played = play(tmp_path, client, patience_s=10)
    assert "client did not end within 10 s" in played.trouble
    assert "in blocks\n" in played.trouble
    assert TASKS in played.trouble
