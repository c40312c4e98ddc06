"""A real browser, headless, driven by the protocol of its developer tools: pages are opened, touched and looked at."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import tempfile
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from clients.house import FIX, HOME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHROMIUM = HOME / "chromium"
LIBRARIES = HOME / "al2023" / "lib"
TOOLS = re.compile(r"DevTools listening on ws://([^/]+)/")
PATIENCE = 20.0
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    "--remote-debugging-port=0",
)
"""To this browser, every name below .example is this machine."""
DESK, SMALL, PHONE = (1920, 1080, 1), (800, 480, 1), (390, 844, 2)
"""Screens: width and height in CSS pixels, and pixels of the device for each; the small one is the Raspberry Pi's."""


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[str]:
    """Run the browser; yield where its developer tools are: a host and a port."""
    assert CHROMIUM.exists(), FIX
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *OPTIONS,
            f"--user-data-dir={profile}",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LD_LIBRARY_PATH": str(LIBRARIES)},
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(PATIENCE):
                while not (found := TOOLS.search((await process.stderr.readline()).decode())):
                    assert not process.stderr.at_eof(), "the browser does not start"
            rest = asyncio.create_task(process.stderr.read())  # or it would wait for who reads it
            yield found[1]
            rest.cancel()
        finally:
            process.terminate()
            await process.wait()


class BrowserError(Exception):
    """The browser could not do what it was told, or a script in a page has failed."""


class Tab:
    """A page in a browser; `Browser.tab` opens one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self.complaints: list[str] = []
        """What the page wrote to its console as an error, and the exceptions that nobody caught."""
        self.responses: list[dict[str, Any]] = []
        """What was loaded: the protocol's `Network.responseReceived`."""
        self.bytes = 0
        """What came over the wire, with headers."""
        self.told = 0
        """What WebSocket messages say, in characters."""
        self.frames = 0
        """WebSocket messages that came."""
        self._reading = asyncio.create_task(self._read())

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; return its result. Raises BrowserError."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            result = await answer
        if "error" in result:
            raise BrowserError(f"{method}: {result['error']}")
        return dict(result["result"])

    async def go(self, url: str) -> None:
        """Go to an address."""
        await self.call("Page.navigate", url=url)

    async def run(self, expression: str) -> Any:
        """Return the value of an expression in the page, awaited. Raises BrowserError."""
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise BrowserError(f"{expression}: {details.get('exception', {}).get('description', details['text'])}")
        return found["result"].get("value")

    async def until(self, condition: str, *, frames: bool = True) -> None:
        """Wait until an expression in the page is true, looked at before each frame.

        Without `frames`, for a page without scripts, the browser is asked again and again.
        """
        watch = f"""new Promise((done) => {{
            const look = () => {{
                let found = false;
                try {{ found = Boolean({condition}); }} catch {{ }}
                found ? done(true) : requestAnimationFrame(look);
            }};
            look();
        }})"""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        if await self.run(watch if frames else condition):
                            return
                    except BrowserError as error:  # the page was left meanwhile
                        if not any(word in str(error) for word in ("navigat", "context", "destroyed")):
                            raise
        except TimeoutError:
            shown = await self.run("`${document.body.dataset.light ?? ''} ${document.body.innerText}`")
            raise BrowserError(f"never: {condition}; shown was {shown!r}; {self.complaints}") from None

    async def screen(self, size: tuple[int, int, int], *, still: bool = False) -> None:
        """Have a screen of another size; `still` for somebody who wants no motion."""
        width, height, scale = size
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=scale > 1
        )
        feature = {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}
        await self.call("Emulation.setEmulatedMedia", features=[feature])

    async def press(self, key: str) -> None:
        """Press a key: `Tab`, `Enter`, `Escape` or a space."""
        code = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        keys = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **keys)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **keys)

    async def click(self, selector: str) -> None:
        """Click into the middle of an element."""
        box = f"document.querySelector({selector!r}).getBoundingClientRect()"
        x, y = await self.run(f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def picture(self, path: Path) -> None:
        """Write what is shown to a file, as PNG."""
        found = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(found["data"]))

    async def close(self) -> None:
        """Close it."""
        if not self._reading.done():
            with suppress(BrowserError, ConnectionError):
                await self.call("Page.close")
        self._reading.cancel()
        await self._socket.close()

    async def _read(self) -> None:
        async for frame in self._socket:
            message = frame.json()
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
                continue
            self._note(message["method"], message["params"])

    def _note(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Runtime.exceptionThrown":
                details = event["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded" if event["entry"]["level"] == "error":
                self.complaints.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
            case "Network.responseReceived":
                self.responses.append(event["response"])
            case "Network.loadingFinished":
                self.bytes += int(event["encodedDataLength"])
            case "Network.webSocketFrameReceived":
                self.frames += 1
                self.told += len(event["response"]["payloadData"])
            case _:
                pass


class Browser:
    """A browser that runs; `async with`."""

    async def __aenter__(self) -> Self:
        self._running = running("about:blank")
        self._tools = f"http://{await self._running.__aenter__()}"
        self._session = aiohttp.ClientSession()
        self._tabs: list[Tab] = []
        return self

    async def __aexit__(self, *error: object) -> None:
        for tab in self._tabs:
            await tab.close()
        await self._session.close()
        await self._running.__aexit__(None, None, None)

    async def tab(self, url: str = "about:blank", size: tuple[int, int, int] = DESK) -> Tab:
        """Open a page of its own."""
        async with self._session.put(f"{self._tools}/json/new?about:blank") as answer:
            where = (await answer.json())["webSocketDebuggerUrl"]
        tab = Tab(await self._session.ws_connect(where, max_msg_size=0))
        self._tabs.append(tab)
        for domain in ("Page", "Runtime", "Log", "Network"):
            await tab.call(f"{domain}.enable")
        await tab.screen(size)
        if url != "about:blank":
            await tab.go(url)
        return tab
