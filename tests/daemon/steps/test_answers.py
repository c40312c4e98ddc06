"""What is asked for in the first steps, at the door of a daemon in a simulated room or of one that is none."""

import asyncio
import io
import sys
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from support.doorway import door
from support.house import House, play
from support.listener import Listener

from device.audio.card import kernel
from device.daemon import helper
from device.daemon.aside import Aside
from device.daemon.steps.answers import LIGHTS, StepAnswers
from device.daemon.steps.progress import FILE
from device.door import first_steps as m
from device.door import messages as door_messages
from device.door.server import Peer, Refusal
from device.local import audition
from device.panel.lights import PATTERNS
from device.settings.last_good import InForce
from device.settings.loading import read

OTHER = Peer(65_534, 1)
OPENAI = "wss://api.openai.com"


class Lights:
    def __init__(self):
        self.has_lights, self.shown = True, []

    def show(self, scene, seconds):
        self.shown.append((scene, seconds))


class Desk:
    """Answers without a daemon; `says` is what the process of its own would say."""

    def __init__(self, folder, toml="", *, lights=None):
        self.config = folder / "parley.toml"
        self.config.write_text(toml)
        self.lights = lights
        self.given = []

        async def give(speech, text):
            self.given.append((len(speech.pcm), speech.rate, text))
            return True

        self.controls = SimpleNamespace(pressed=None)
        daemon = SimpleNamespace(announcer=SimpleNamespace(give=give), card=SimpleNamespace(name="Room"))
        self.answers = StepAnswers(
            daemon,
            self.controls,
            InForce(read(self.config, {})),
            config=self.config,
            folder=folder / "state",
            lights=lights,
            aside=Aside(),
        )

    async def ask(self, request):
        return await self.answers.answer(request, OTHER)

    async def refused(self, request):
        with pytest.raises(Refusal) as refusal:
            await self.ask(request)
        return refusal.value.error


@pytest.fixture(autouse=True)
def no_other_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path, lights=Lights())


def helps(monkeypatch, program):
    """Have a program answer in place of the modules."""
    monkeypatch.setattr(helper, "module", lambda name, *more: [sys.executable, "-c", program, name, *more])


async def test_choices_are_those_of_the_files_as_they_are_now(desk):
    found = await desk.ask(m.GetChoices())
    assert {one.code for one in found.languages} == {"en", "de"}
    assert [one.name for one in found.wake_words if one.chosen] == ["hey_jarvis"]
    assert [one.name for one in found.engines if one.chosen] == ["local"]
    desk.config.write_text('engines = ["openai", "local"]\n[engine.openai]\napi_key = "s3cret"\n')
    found = await desk.ask(m.GetChoices())
    assert [one.name for one in found.engines if one.chosen] == ["openai"]
    assert b"s3cret" not in door_messages.encode(found)
    desk.config.write_text("engines = [")
    assert "not TOML" in (await desk.refused(m.GetChoices())).what


async def test_the_voices_of_a_language_are_those_that_a_process_of_its_own_finds(desk, monkeypatch):
    voice = m.VoiceChoice("de", "espeak-ng", "de", puts=(m.Put("local.tts", "espeak-ng"),))
    told = msgspec.json.encode(m.VoicesAre("de", (voice,))).decode()
    helps(monkeypatch, f"import sys; assert b'get_voices' in sys.stdin.buffer.read(); print({told!r})")
    assert (await desk.ask(m.GetVoices("de"))).voices == (voice,)


async def test_a_voice_is_heard_in_the_answer_or_on_the_device(desk):
    heard = await desk.ask(m.HearVoice("en-gb"))
    assert heard.wav.startswith(b"RIFF")
    assert len(door_messages.encode(heard)) < door_messages.LONGEST_REPLY / 4
    aloud = await desk.ask(m.HearVoice("en-gb", aloud=True))
    assert (aloud.wav, aloud.text) == (b"", heard.text)
    ((size, rate, text),) = desk.given
    assert (2 * rate < size < 12 * rate, text) == (True, heard.text)
    assert "no voice of the language" in (await desk.refused(m.HearVoice("/etc/passwd"))).what


async def test_a_key_goes_to_the_process_by_its_input_and_one_trial_at_a_time(desk, monkeypatch, caplog):
    shows = """
import json, os, sys
asked = json.loads(sys.stdin.read())
seen = asked["key"] in str(os.environ) or asked["key"] in str(sys.argv)
print(json.dumps({"type": "engine_tried", "ok": not seen and asked["server"] == "wss://api.openai.com"}))
"""
    helps(monkeypatch, shows)
    asked = m.TryEngine("openai", OPENAI, key="s3cret")
    one, other = await asyncio.gather(desk.ask(asked), desk.ask(asked), return_exceptions=True)
    assert one.ok
    assert (other.error.code, (await desk.ask(asked)).ok) == ("too_many", True)
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; print('no such engine', file=sys.stderr); sys.exit(1)", "no such engine"),
        ("print('hello')", "no answer"),
        ("""print('{"type": "done"}')""", "no answer"),
    ],
)
async def test_a_trial_that_fails_is_told(desk, monkeypatch, program, told):
    helps(monkeypatch, program)
    error = await desk.refused(m.TryEngine("openai", OPENAI, key="s3cret"))
    assert (error.code, told in error.what) == ("failed", True)


async def test_an_engine_is_tried_in_earnest(desk):
    desk.config.write_text('[engine.box]\nlike = "localai"\nurl = "ws://127.0.0.1:9/v1"\n')
    tried = await desk.ask(m.TryEngine("box", "ws://127.0.0.1:9", key="s3cret"))
    assert (tried.ok, tried.wrong) == (False, "unreachable")
    assert b"s3cret" not in door_messages.encode(tried)


async def test_an_engine_is_used_and_holds_after_a_restart(desk):
    assert not (await desk.ask(m.GetSteps())).restart
    used = await desk.ask(m.UseEngine("openai", OPENAI, key="s3cret"))
    assert used.file == str(desk.config)
    assert read(desk.config, {}).settings.engines == ("openai", "local")
    assert (await desk.ask(m.GetSteps())).restart
    assert (await desk.refused(m.UseEngine("openai", "wss://evil.example", key="k"))).code == "changed"
    assert (await desk.refused(m.UseEngine("nobody", OPENAI, key="k"))).code == "invalid"


async def test_cards_are_those_that_the_kernel_has(desk, monkeypatch):
    listed = [
        kernel.KernelCard("Device", "USB Speakerphone", 2, outputs=True),
        kernel.KernelCard("vc4", "HDMI", 0, outputs=True),
    ]
    monkeypatch.setattr(kernel, "cards", lambda: listed)
    found = await desk.ask(m.GetCards())
    assert [(one.name, one.channels) for one in found.inputs] == [("default", 1), ("Device", 2)]
    assert [one.label for one in found.outputs] == ["", "USB Speakerphone", "HDMI"]
    assert (found.input, found.output, found.channel, found.name) == ("default", "default", 1, "Room")


async def test_lights_are_shown_if_there_are_any(desk, tmp_path):
    assert set(LIGHTS) <= set(PATTERNS)
    assert await desk.ask(m.ShowLight("fault", 2.0)) == door_messages.Done()
    assert desk.lights.shown == [("fault", 2.0)]
    assert (await desk.refused(m.ShowLight("disco"))).code == "unknown"
    assert (await desk.ask(m.GetSteps())).lights == LIGHTS
    dark = Desk(tmp_path)
    assert (await dark.refused(m.ShowLight("fault"))).code == "impossible"
    assert (await dark.ask(m.GetSteps())).lights == ()


async def test_a_press_of_the_button_is_waited_for_and_not_for_ever(desk, tmp_path):
    assert (await desk.refused(m.AwaitButton())).code == "impossible"
    wired = Desk(tmp_path, "[panel]\nbutton_pin = 17\n")
    assert (await wired.ask(m.GetSteps())).button
    waiting = asyncio.ensure_future(wired.ask(m.AwaitButton()))
    await asyncio.sleep(0)
    assert (await wired.refused(m.AwaitButton())).code == "too_many"
    wired.controls.pressed()
    assert await waiting == door_messages.Done()
    assert wired.controls.pressed is None
    assert (await wired.refused(m.AwaitButton(0.01))).code == "failed"
    leaving = asyncio.ensure_future(wired.ask(m.AwaitButton()))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    assert wired.controls.pressed is None, "who has gone does not keep the button"


async def test_how_far_it_is_is_kept_and_a_device_that_is_set_up_is_left_alone(desk, tmp_path):
    assert (await desk.ask(m.GetSteps())).due
    desk.config.write_text('name = "Ada"\n')
    assert not (await desk.ask(m.GetSteps())).due, "somebody has set it up by hand"
    await desk.ask(m.NoteStep("language"))
    now = await desk.ask(m.NoteStep("voice", skipped=True))
    assert (now.due, now.done, now.skipped) == (True, ("language",), ("voice",))
    assert await Desk(tmp_path, lights=Lights()).ask(m.GetSteps()) == msgspec.structs.replace(now, restart=False)
    now = await desk.ask(m.EndSteps())
    assert (now.due, now.done) == (False, ("language",))


async def test_a_disk_that_is_full_is_told(desk, tmp_path):
    (tmp_path / "state").write_text("no folder")
    error = await desk.refused(m.NoteStep("language"))
    assert (error.code, "cannot be kept" in error.what) == ("failed", True)
    assert not (tmp_path / FILE).exists()


async def test_settings_that_are_broken_by_hand_are_nobodys_first_steps(desk):
    desk.config.write_text("name = [")
    now = await desk.ask(m.GetSteps())
    assert (now.due, now.restart) == (False, False)


def test_all_of_it_is_at_the_door_of_a_daemon(tmp_path, monkeypatch):
    found = []
    out = io.BytesIO()
    audition.answer(b'{"type":"hear_voice","voice":"en-gb"}', None, out)

    async def ask(command, given, *, timeout_s):  # at once: on the room's clock, a process would take hours
        return out.getvalue()

    monkeypatch.setattr(helper, "ask", ask)

    async def script(house):
        async with door(house) as client:
            found.append(await client.request(m.GetSteps(), m.StepsAre))
            found.append(await client.request(m.HearVoice("en-gb", aloud=True), m.VoiceHeard))

    house = House(tmp_path, [], 20)
    play(house, Listener(), script)
    assert found[0].lights == ()
    assert found[1].text.startswith("Hello")
    loudspeaker = house.tracks().loudspeaker.astype(np.float64)
    assert np.abs(loudspeaker[4 * 16_000 :]).max() > 1000
