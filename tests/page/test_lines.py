"""How many lines there may be, and what ends them all."""

import asyncio

from aiohttp import WSCloseCode, WSMsgType

from device.page.server import BROWSERS


async def opened(page, http):
    return await http.ws_connect(f"{page.url}/live", headers={"Origin": page.url})


async def test_a_place_is_free_again_once_a_browser_has_gone(page, http):
    async with page.door(), page.serving():
        lines = [await opened(page, http) for _ in range(BROWSERS)]
        await lines[0].close()
        async with asyncio.timeout(20):
            while True:
                async with http.get(f"{page.url}/live", headers={"Origin": page.url}) as answer:
                    if answer.status == 426:
                        break
        for ws in lines[1:]:
            await ws.close()


async def test_the_page_says_goodbye_when_it_ends(page, http):
    async with page.door(), page.serving():
        ws = await opened(page, http)
        await ws.receive(timeout=20)
    while (frame := await ws.receive(timeout=20)).type is WSMsgType.TEXT:
        pass
    assert frame.data == WSCloseCode.GOING_AWAY
