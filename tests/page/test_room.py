"""The kiosk view beside a whole daemon in a simulated room, while a visitor interrupts.

The room has a clock of its own, which stands still while the browser is looked at: it is in a thread of its own.
"""

import pytest
from support.beside import Beside, Screen
from support.doorway import door
from support.house import House, play, says
from support.listener import Listener, spoken

QUESTION = "hey jarvis, what time is it?"
WORDS = "One two three four five six seven eight nine ten eleven twelve."
STYLE = "getComputedStyle(document.querySelector('#captions .assistant .{}')).{}"
TEXT = "document.querySelector('#captions .assistant .{}').textContent"
OVERLAP = "document.body.dataset.light === 'overlap'"
INK, GREY = "rgb(243, 245, 248)", "rgb(146, 156, 171)"


class Kiosk(Screen):
    """The kiosk view, once the daemon is asleep."""

    async def open(self):
        await super().open()
        await self.tab.until("document.body.dataset.light === 'asleep'")

    async def shows(self, first, *expressions):
        await self.tab.until(first)
        return [await self.tab.run(one) for one in expressions]


@pytest.mark.usefixtures("there_is_a_browser")
def test_what_was_not_heard_is_grey_while_somebody_interrupts(tmp_path):
    found = {}

    async def script(house):
        screen = Kiosk(house.folder)
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
