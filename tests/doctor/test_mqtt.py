"""What the doctor says of a broker."""

import socket

import pytest
from support.mosquitto import Mosquitto

from device.doctor.mqtt import UNIT, check_mqtt
from device.settings.mqtt import MqttSettings
from device.settings.types import Secret


async def found(settings, units=None):
    return [(one.status, one.message, one.fix) async for one in check_mqtt(settings, units or {})]


async def test_without_a_broker_there_is_nothing_to_say():
    assert not await found(MqttSettings())


async def test_a_broker_that_lets_it_in(tmp_path):
    broker = Mosquitto(tmp_path)
    await broker.start()
    try:
        settings = MqttSettings(host="127.0.0.1", port=broker.port, password=Secret("x"), username="u")
        (one,) = await found(settings, {UNIT: {"ActiveState": "active"}})
        assert one[0] == "ok"
        *_, unit = await found(settings, {UNIT: {"ActiveState": "inactive"}})
        assert unit[0] == "warn"
        assert "systemctl enable --now parley-mqtt" in unit[2]
    finally:
        await broker.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "nowhere.invalid"])
async def test_a_broker_that_is_not_there(host):
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        findings = await found(MqttSettings(host=host, port=taken.getsockname()[1], password=Secret("x")))
    assert findings[0][0] == "fail"
    assert findings[0][2]
    assert [one[0] for one in findings[1:]] == ([] if host == "127.0.0.1" else ["warn"])
