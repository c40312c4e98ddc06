"""`[mqtt]`."""

import pytest

from device.settings.loading import KEY_VARIABLES, settle, table_faults

GOOD = [
    {"host": "homeassistant.local"},
    {"host": "192.168.1.5", "port": 1884},
    {"host": "fe80::1", "tls": True, "ca": "/etc/parley/house.pem"},
    {"host": "", "topic": "house/kitchen", "discovery": ""},
    {"name": 'The "old" kitchen'},
]
BAD = [
    ({"host": "mqtt://box"}, "a machine's name or address"),
    ({"host": "box:1883"}, "a machine's name or address"),
    ({"host": "a b"}, "a machine's name or address"),
    ({"port": 65_536}, "65535"),
    ({"topic": "a/#"}, "without spaces, + and #"),
    ({"topic": "a\nb"}, "without spaces, + and #"),
    ({"topic": "$SYS"}, "without spaces, + and #"),
    ({"discovery": "+"}, "without spaces, + and #"),
    ({"password": 5}, "mqtt.password"),
    ({"pasword": "x"}, "did you mean mqtt.password"),
]


@pytest.mark.parametrize("table", GOOD, ids=str)
def test_what_can_be_set(table):
    assert not table_faults({"mqtt": table})


@pytest.mark.parametrize(("table", "why"), BAD, ids=str)
def test_what_is_wrong_is_named(table, why):
    (fault,) = table_faults({"mqtt": table})
    assert why in fault


def test_the_port_goes_by_encryption_unless_it_is_set():
    ports = [
        settle({"mqtt": table}, {"HOME": "/nowhere"}).settings.mqtt.broker_port
        for table in ({}, {"tls": True}, {"tls": True, "port": 1})
    ]
    assert ports == [1883, 8883, 1]


def test_the_password_comes_from_the_environment_and_shows_itself_to_nobody():
    assert "PARLEY_MQTT_PASSWORD" in KEY_VARIABLES
    loaded = settle({"mqtt": {"host": "box"}}, {"HOME": "/nowhere", "PARLEY_MQTT_PASSWORD": "hidden-word"})
    assert loaded.settings.mqtt.password.reveal() == "hidden-word"
    assert "hidden-word" not in repr(loaded)
