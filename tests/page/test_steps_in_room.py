"""From nothing to a spoken answer: a browser goes through the first steps of a whole daemon in a simulated room.

The room has a clock of its own, as in `test_room.py`: it stands still while the browser works, and runs on where the
daemon needs time for what the browser has asked for.
"""

import asyncio
from contextlib import suppress

import pytest
from support.beside import Beside, Screen
from support.chromium import PHONE, BrowserError
from support.doorway import door
from support.house import DRY, RATE, House, play, says
from support.listener import Listener, spoken

from device.page.words import owner_words
from device.settings.last_good import InForce
from device.settings.loading import read
from device.simulation.scene import Acoustics
from device.simulation.scripted_reply import Call, Reply

USUAL = Acoustics(rate=RATE, echo_db=-6.0)
WORDS = owner_words("en")["steps"]
NEXT = "document.querySelector('.step-actions .first')"
RESULT = "document.querySelector('.result')?.innerText"


class Vendor(Listener):
    """An engine's server on the wall's clock, to which the first key is the wrong one."""

    def __init__(self):
        told = spoken(1.0, "It is seventeen minutes past six.")
        super().__init__(Reply((Call("get_time", "{}"),)), told, spoken(5.0, pace=1.0), transcript="What time is it?")
        self.knocked = 0

    async def open(self):
        await self.__aenter__()

    async def close(self):
        await self.__aexit__(None, None, None)

    def handshake(self):
        self.knocked += 1
        return 401 if self.knocked == 1 else 0


class Telephone(Screen):
    """The owner's view on a telephone."""

    def __init__(self, folder):
        super().__init__(folder, "/settings", PHONE)

    async def sign_in(self, code):
        await self.tab.until("document.getElementById('code')")
        form = f"document.getElementById('code').value = {code!r}; document.querySelector('form').requestSubmit()"
        await self.tab.run(form)

    async def at(self, step):
        title = WORDS[f"{step}_title"]
        await self.tab.until(f"document.getElementById('step')?.innerText === {title!r} && {NEXT} && !{NEXT}.disabled")

    async def next(self, step, *before):
        """Go on from a step, having done something there."""
        await self.at(step)
        for one in before:
            await self.tab.run(one)
        await self.tab.run(f"{NEXT}.click()")

    async def tried(self, button, found):
        """Press a button, and wait for what comes of it: a talk with an engine takes half a minute, or more."""
        await self.tab.run(f"document.querySelector({button!r}).id = 'pressed'")
        await self.tab.run("document.getElementById('pressed').scrollIntoView({block: 'center'})")
        await self.tab.click("#pressed")
        for _ in range(5):
            with suppress(BrowserError, TimeoutError):
                return await self.tab.until(found)
        raise AssertionError(found)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    path = tmp_path / "parley.toml"
    path.write_text("")
    return path


def in_force(config):
    return {"config": config, "found": InForce(read(config))}


@pytest.mark.realtime
@pytest.mark.usefixtures("there_is_a_browser")
def test_from_nothing_to_a_spoken_answer(tmp_path, config):
    said = {}

    async def set_up(house):
        restarted = asyncio.Event()
        async with door(house, **in_force(config), restart=restarted.set) as client:
            await beside.do(screen.sign_in(client.doorway.requests.new_code()))
            await beside.do(screen.next("language"))
            # By hand, meanwhile: where this vendor's server is.
            with config.open("a") as file:
                file.write(f'[engine.openai]\nurl = "{vendor.url}"\n')
            await beside.do(screen.next("name", "document.getElementById('assistant-name').value = 'Ada'"))
            await beside.do(screen.next("wake_word"))
            await beside.do(screen.at("voice"))
            hear = ".choice:has([value=en-gb]) .hear button"
            await beside.do(screen.tried(hear, "Number(document.getElementById('pressed').dataset.seconds) > 2"))
            await beside.do(screen.next("voice"))
            await beside.do(screen.at("engine"))
            for key, found in (("sk-wrong", ".failed"), ("sk-right", ".done")):
                await beside.do(screen.tab.run("document.querySelector('input[value=openai]').click()"))
                await beside.do(screen.tab.run(f"document.getElementById('engine-key').value = {key!r}"))
                await beside.do(screen.tried(".trial button", f"document.querySelector('.result {found}')"))
                said[key] = await beside.do(screen.tab.run(RESULT))
            await beside.do(screen.next("engine"))
            await beside.do(screen.at("sound"))
            sound = screen.tried(".step-body .row button", "document.querySelector('.result dl')")
            await beside.do(sound, passes=0.01)
            said["sound"] = await beside.do(screen.tab.run(RESULT))
            await beside.do(screen.next("sound"))
            await beside.do(screen.at("panel"))
            said["panel"] = await beside.do(screen.tab.run("document.querySelector('.step-body').innerText"))
            await beside.do(screen.next("panel"))
            await beside.do(screen.tab.until("document.querySelector('.stage .busy')"))
            await restarted.wait()
        house.room.finished.set()

    async def talk(house):
        async with door(house, **in_force(config)):
            await beside.do(screen.tab.until("document.querySelector('.stage .word')"))
            said["word"] = await beside.do(screen.tab.run("document.querySelector('.stage .word').innerText"))
            said["name"] = await beside.do(screen.tab.run("document.getElementById('name').innerText"))
            await house.until("heard")
            await beside.do(screen.tab.until("document.querySelector('.stage .done').innerText"))
            said["stage"] = await beside.do(screen.tab.run("document.querySelector('.stage').innerText"))
            said["complaints"] = screen.tab.complaints

    with Beside() as beside:
        screen, vendor = Telephone(tmp_path), Vendor()
        beside.now(screen.open())
        beside.now(vendor.open())
        try:
            play(House(tmp_path, [], 90, room=USUAL), Listener(), set_up)
            again = House(tmp_path, [says("hey jarvis, what time is it?", at=1.5)], 12)
            again.settings = read(config).settings
            play(again, Listener(spoken(1.5, "It is seventeen minutes past six.")), talk)
        finally:
            beside.now(vendor.close())
            beside.now(screen.close())
    assert "refused the key" in said["sk-wrong"]
    assert "the answer came" in said["sk-right"]
    assert "seventeen" in said["sk-right"]
    assert [one.headers["Authorization"] for one in vendor.connections] == ["Bearer sk-right"]
    assert WORDS["sound_ok"] in said["sound"]
    assert "ms" in said["sound"]
    assert WORDS["no_lights"] in said["panel"]
    settings = read(config).settings
    assert (settings.name, settings.engines) == ("Ada", ("openai", "local"))
    assert settings.engine["openai"].api_key.reveal() == "sk-right"
    assert (said["name"], "Hey Jarvis" in said["word"]) == ("Ada", True)
    assert WORDS["it_works"] in said["stage"]
    assert "It is seventeen minutes past six." in said["stage"]
    assert (tmp_path / "first-steps.json").read_text().endswith('"over":true}')
    assert said["complaints"] == []


@pytest.mark.usefixtures("there_is_a_browser")
@pytest.mark.parametrize(
    ("room", "fault"),
    [(DRY, "unheard"), (Acoustics(rate=RATE, rt60=0.0, echo_db=float("-inf"), noise_db=float("-inf")), "zeros")],
    ids=["headphones", "dead microphone"],
)
def test_what_the_room_does_not_give_back_is_told(tmp_path, config, room, fault):
    said = []

    async def script(house):
        async with door(house, **in_force(config)) as client:
            await beside.do(screen.sign_in(client.doorway.requests.new_code()))
            await beside.do(screen.at("language"))
            await beside.do(screen.tab.run("location.hash = 'steps/sound'"))
            await beside.do(screen.at("sound"))
            sound = screen.tried(".step-body .row button", "document.querySelector('.result .failed')")
            await beside.do(sound, passes=0.01)
            said.append(await beside.do(screen.tab.run(RESULT)))

    with Beside() as beside:
        screen = Telephone(tmp_path)
        beside.now(screen.open())
        try:
            play(House(tmp_path, [], 40, room=room), Listener(), script)
        finally:
            beside.now(screen.close())
    assert WORDS[f"fault_{fault}"] in said[0]
    assert WORDS[f"fix_{fault}"] in said[0]
