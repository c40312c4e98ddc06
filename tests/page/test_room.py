"""The kiosk view beside a whole daemon in a simulated room, while a visitor interrupts.

The room has a clock of its own, which stands still while the browser is looked at: it is in a thread of its own.
"""

import asyncio
import threading
import time

import pytest
from support.chromium import Browser
from support.doorway import door
from support.house import House, play, says
from support.listener import Listener, spoken

from device.door.client import connect
from device.door.place import FILE
from device.page.server import serve
from device.settings.page import PageSettings

QUESTION = "hey jarvis, what time is it?"
WORDS = "One two three four five six seven eight nine ten eleven twelve."
STYLE = "getComputedStyle(document.querySelector('#captions .assistant .{}')).{}"
TEXT = "document.querySelector('#captions .assistant .{}').textContent"
OVERLAP = "document.body.dataset.light === 'overlap'"
INK, GREY = "rgb(243, 245, 248)", "rgb(146, 156, 171)"


class Beside:
    """An event loop on the wall's clock, beside a room on its own."""

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def do(self, work):
        """Have something done there, while the room's clock stands still and its sockets work."""
        done = asyncio.run_coroutine_threadsafe(work, self.loop)
        while not done.done():
            await asyncio.sleep(0)
            time.sleep(0.001)  # noqa: ASYNC251 - the other thread's turn
        return done.result()


class Screen:
    """A browser with the page of the daemon that has its door in a folder."""

    def __init__(self, folder):
        self.folder = folder

    async def open(self):
        ready = asyncio.get_running_loop().create_future()
        settings = PageSettings(port=0)
        self.serving = asyncio.create_task(
            serve(
                settings,
                lambda: (settings, "en"),
                self.folder,
                ready=ready.set_result,
                reach=lambda who: connect(who, self.folder / FILE),
            )
        )
        self.browser = await Browser().__aenter__()
        self.tab = await self.browser.tab(f"http://127.0.0.1:{await ready}/")
        await self.tab.until("document.body.dataset.light === 'asleep'")

    async def close(self):
        await self.browser.__aexit__()
        self.serving.cancel()
        await asyncio.gather(self.serving, return_exceptions=True)

    async def shows(self, first, *expressions):
        await self.tab.until(first)
        return [await self.tab.run(one) for one in expressions]


@pytest.mark.usefixtures("there_is_a_browser")
def test_what_was_not_heard_is_grey_while_somebody_interrupts(tmp_path):
    found = {}

    async def script(house):
        screen = Screen(house.folder)
        async with door(house):
            await beside.do(screen.open())
            try:
                await house.until("state", state="overlap")
                found["overlap"] = await beside.do(
                    screen.shows(OVERLAP, TEXT.format("heard"), TEXT.format("yet"), STYLE.format("yet", "color"))
                )
                cut = await house.until("heard", whole=False)
                found["cut"] = await beside.do(
                    screen.shows(
                        "document.querySelector('#captions .assistant.over')",
                        TEXT.format("heard"),
                        TEXT.format("yet"),
                        STYLE.format("heard", "color"),
                        STYLE.format("yet", "textDecorationLine"),
                    )
                )
                found["ledger"] = cut.text, cut.unheard
            finally:
                await beside.do(screen.close())

    visitors = [says(QUESTION, at=1.0), says("no, stop, I meant the date", after="speaking", plus=1.0)]
    house = House(tmp_path, visitors, 14)
    with Beside() as beside:
        play(house, Listener(spoken(6.0, WORDS, pace=0.3), spoken(1.0, "It is Monday.")), script)
    heard, yet, grey = found["overlap"]
    assert heard + yet == WORDS
    assert heard.startswith("One")
    assert yet
    assert grey == GREY
    heard, yet, ink, line = found["cut"]
    assert heard + yet == WORDS
    assert heard.split() == found["ledger"][0].split()
    assert yet.split() == found["ledger"][1].split()
    assert (ink, line) == (INK, "line-through")
