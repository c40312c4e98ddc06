"""A page that is served, with a door behind it whose daemon is the test."""

import asyncio
import platform
import threading
from contextlib import asynccontextmanager

import aiohttp
import pytest
from support.chromium import Browser
from support.owner_door import OwnerDoor
from support.scripted_door import ScriptedDoor
from support.steps_door import StepsDoor

from device.door.client import connect
from device.page.server import serve
from device.settings.metrics import MetricsSettings
from device.settings.page import PageSettings


class Served:
    """A page at `port`, whose door would be at `path`."""

    def __init__(self, folder):
        self.folder = folder
        self.wifi = folder / "wifi.socket"
        self.given = []
        self.path = folder / "door.socket"
        self.settings = PageSettings(port=0)
        self.language = "en"
        self.metrics = MetricsSettings()
        self.port = 0
        self.looked = threading.Event()

    def look(self):
        """Return what is in force, and note that somebody has looked."""
        self.looked.set()
        return self.settings, self.language

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def door(self, now=None):
        return ScriptedDoor(self.path, now)

    def owner_door(self, text="", **more):
        """Return a door to what settings make that say `text`."""
        config = self.folder / "parley.toml"
        config.write_text(text)
        return OwnerDoor(self.path, config, **more)

    def steps_door(self, text="", **more):
        """Return one at which the first steps are done, too."""
        config = self.folder / "parley.toml"
        config.write_text(text)
        return StepsDoor(self.path, config, **more)

    @asynccontextmanager
    async def serving(self, **settings):
        self.settings = PageSettings(**{"port": 0, **settings})
        ready = asyncio.get_running_loop().create_future()

        async def reach(who):
            return await connect(who, self.path)

        work = self.work = asyncio.create_task(
            serve(
                self.settings,
                self.look,
                self.folder,
                ready=ready.set_result,
                reach=reach,
                given=self.given,
                wifi=self.wifi,
                metrics=lambda: self.metrics,
            )
        )
        await asyncio.wait({work, ready}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
        self.port = await ready
        try:
            yield self
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


@pytest.fixture
def page(tmp_path):
    return Served(tmp_path)


@pytest.fixture
async def http():
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield session


@pytest.fixture
async def line(page, http):
    """Open a line as a browser does, to the kiosk's view unless another one is named."""
    lines = []

    async def opened(path="/live", **headers):
        ws = await http.ws_connect(page.url + path, headers={"Origin": page.url} | headers)
        lines.append(ws)
        return ws

    yield opened
    for ws in lines:
        await ws.close()


@pytest.fixture
def there_is_a_browser():
    if platform.machine() != "x86_64":
        pytest.skip("the browser's package has it for x86 only")


@pytest.fixture
async def browser(there_is_a_browser):
    async with Browser() as browser:
        yield browser
