"""What `parley doctor --engine` finds with engines that behave well and badly; the servers are scripted, with ears."""

from collections.abc import Callable

import pytest
from support.listener import Listener, spoken

from device.doctor import engine
from device.doctor.engine import TOOL
from device.engines.factory import session_with
from device.settings.engines import RealtimeEngine
from device.settings.tree import LocalSettings, Settings
from device.simulation import virtual_clock as virtual
from device.simulation.scripted_engine import Connection
from device.simulation.scripted_reply import Call, Reply

CALL = Reply((Call("get_time", "{}"),))
TOLD = spoken(1.0, "It is seventeen minutes past six.")


class Deaf(Listener):
    def __init__(self) -> None:
        super().__init__()
        self.deaf = True


class Breaking(Listener):
    """Its connection breaks off with the first turn."""

    async def answer(self, connection: Connection) -> None:
        connection.abort()


async def found(server: Listener) -> dict[str, tuple[str, str]]:
    async with server:
        settings = Settings(engines=("it",), engine={"it": RealtimeEngine(url=server.url)})
        session = session_with(settings, "it", [TOOL])
        findings = [finding async for finding in engine.verify("it", session)]
    return {finding.name.removeprefix("it "): (finding.status, finding.message) for finding in findings}


def test_an_engine_that_does_all_that_is_needed() -> None:
    findings = virtual.run(found(Listener(CALL, TOLD, spoken(5.0, pace=1.0), transcript="What time is it?")))
    assert {name: status for name, (status, _) in findings.items()} == dict.fromkeys(
        ("session", "reply", "words", "tools", "interruption"), "ok"
    )
    assert "What time is it?" in findings["words"][1]
    assert "0 ms of the reply came afterwards" in findings["interruption"][1]


@pytest.mark.parametrize(
    ("server", "step", "status", "words"),
    [
        (lambda: Listener(refuse=401), "session", "fail", "refused the key"),
        (lambda: Listener(spoken(1.0, "No idea."), spoken(5.0, pace=1.0)), "tools", "warn", "no tool was called"),
        (lambda: Listener(CALL, spoken(1.0, "Done."), spoken(5.0, pace=1.0)), "tools", "warn", "get_time was called"),
        (lambda: Listener(Reply(status="failed")), "conversation", "fail", "the reply failed"),
        (Deaf, "conversation", "fail", "an answer did not come"),
        (lambda: Breaking(CALL, TOLD), "conversation", "fail", "the session ended: "),
    ],
)
def test_what_an_engine_lacks_is_said(
    server: Callable[[], Listener], step: str, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_S", 3.0)
    findings = virtual.run(found(server()))
    assert findings[step][0] == status
    assert words in findings[step][1]


async def test_an_engine_that_cannot_be_reached_is_one_finding() -> None:
    settings = Settings(engines=("local",), local=LocalSettings(url="ws://127.0.0.1:9/v1/realtime"))
    findings = [finding async for finding in engine.examine_engine(settings, "local")]
    assert [finding.status for finding in findings] == ["fail"]
    assert "127.0.0.1" in findings[0].message


def test_an_engine_of_the_settings_is_talked_with() -> None:
    async def examined() -> dict[str, str]:
        async with Listener(CALL, TOLD, spoken(5.0, pace=1.0), transcript="What time is it?") as server:
            settings = Settings(engines=("it",), engine={"it": RealtimeEngine(url=server.url)})
            return {finding.name: finding.status async for finding in engine.examine_engine(settings, "it")}

    steps = ("session", "reply", "words", "tools", "interruption")
    assert virtual.run(examined()) == {f"it {step}": "ok" for step in steps}
