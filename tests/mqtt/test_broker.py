"""A connection with a real broker, and in words why there is none."""

import asyncio
import logging
import subprocess

import pytest
from support.certificates import TODAY, authority, past, signed
from support.mosquitto import Mosquitto, free_port

from device.mqtt.broker import BrokerError, connected
from device.settings.mqtt import MqttSettings
from device.settings.types import Secret

PASSWORD = "a-secret-of-the-house"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority of the house's own, and certificates of it: good, of another machine, and no more valid."""
    folder = tmp_path_factory.mktemp("certificates")
    authority(folder)
    for name, (host, valid) in {
        "good": ("localhost", TODAY),
        "other": ("elsewhere.example", TODAY),
        "old": ("localhost", past()),
    }.items():
        signed(folder, name, host, valid)
    return folder


@pytest.fixture
async def encrypted(tmp_path, certificates):
    """Start a broker with one of the certificates."""
    started = []

    async def start(name):
        lines = ("allow_anonymous true", f"certfile {certificates}/{name}.pem", f"keyfile {certificates}/{name}.key")
        one = Mosquitto(tmp_path, *lines)
        await one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        await one.stop()


def known_users(folder):
    """Return a file of users that a broker knows."""
    users = folder / "users"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(users), "parley", PASSWORD], check=True)
    users.chmod(0o644)
    return users


async def why(settings):
    """Return why there is no connection."""
    with pytest.raises(BrokerError) as error:
        async with connected(settings, "test"):
            pass
    return str(error.value)


async def test_what_is_said_arrives(broker):
    settings = MqttSettings(host="127.0.0.1", port=broker.port)
    async with broker.client() as other, connected(settings, "test") as one:
        await other.subscribe("t")
        await one.publish("t", "hello", qos=1)
        message = await asyncio.wait_for(anext(aiter(other.messages)), 20)
        assert message.payload == b"hello"


async def test_when_it_breaks_off_that_is_told(broker):
    settings = MqttSettings(host="127.0.0.1", port=broker.port)

    async def listen():
        async with connected(settings, "test") as one:
            await broker.stop()
            async for _ in one.messages:
                pass

    with pytest.raises(BrokerError, match=f"127.0.0.1:{broker.port} broke off"):
        await listen()


async def test_nobody_is_there():
    port = free_port()
    assert f"127.0.0.1:{port} cannot be reached" in await why(MqttSettings(host="127.0.0.1", port=port))


async def test_a_name_that_is_unknown():
    assert "cannot be reached" in await why(MqttSettings(host="nowhere.invalid"))


async def test_a_server_that_says_nothing_and_one_that_talks_nonsense(monkeypatch):
    monkeypatch.setattr("device.mqtt.broker.TIMEOUT_S", 0.5)
    ended = asyncio.Event()

    async def serve(reader, writer):
        await reader.read(100)
        if ended.is_set():
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        else:
            ended.set()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        settings = MqttSettings(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        for _ in range(2):
            assert f"127.0.0.1:{settings.port}" in await why(settings)


@pytest.mark.parametrize("given", ["", "wrong"])
async def test_who_may_not_come_in_is_told_what_to_set(tmp_path, caplog, given):
    caplog.set_level(logging.DEBUG)
    users = known_users(tmp_path)
    broker = Mosquitto(tmp_path, "allow_anonymous false", f"password_file {users}")
    await broker.start()
    try:
        right = MqttSettings(host="127.0.0.1", port=broker.port, username="parley", password=Secret(PASSWORD))
        async with connected(right, "test"):
            pass
        username = "parley" if given else ""
        wrong = MqttSettings(host="127.0.0.1", port=broker.port, username=username, password=Secret(given))
        said = await why(wrong)
        assert "set mqtt.username and mqtt.password" in said
        assert PASSWORD not in said + caplog.text
    finally:
        await broker.stop()


async def test_a_good_certificate_of_the_house_s_own(encrypted, certificates):
    broker = await encrypted("good")
    settings = MqttSettings(host="localhost", port=broker.port, tls=True, ca=f"{certificates}/ca.pem")
    async with connected(settings, "test"):
        pass
    unknown = MqttSettings(host="localhost", port=broker.port, tls=True)
    assert "mqtt.ca" in await why(unknown)


async def test_a_certificate_of_another_machine(encrypted, certificates):
    broker = await encrypted("other")
    said = await why(MqttSettings(host="localhost", port=broker.port, tls=True, ca=f"{certificates}/ca.pem"))
    assert "mqtt.host be a name that the certificate is for" in said


async def test_a_certificate_that_is_no_more_valid(encrypted, certificates):
    broker = await encrypted("old")
    said = await why(MqttSettings(host="localhost", port=broker.port, tls=True, ca=f"{certificates}/ca.pem"))
    assert "expired" in said
    assert "is this machine's clock right" in said


async def test_a_broker_that_does_not_talk_encrypted(broker):
    assert "should mqtt.tls be the other way" in await why(MqttSettings(host="127.0.0.1", port=broker.port, tls=True))


async def test_a_broker_that_talks_encrypted_alone(encrypted, monkeypatch):
    monkeypatch.setattr("device.mqtt.broker.TIMEOUT_S", 2.0)
    broker = await encrypted("good")
    said = await why(MqttSettings(host="127.0.0.1", port=broker.port))
    assert "does not answer" in said
    assert "mqtt.tls" in said


@pytest.mark.parametrize("text", [None, "no certificates\n"])
async def test_a_file_of_certificates_that_is_none(tmp_path, text):
    file = tmp_path / "ca.pem"
    if text:
        file.write_text(text)
    said = await why(MqttSettings(host="127.0.0.1", tls=True, ca=str(file)))
    assert str(file) in said
    assert "mqtt.ca" in said
