"""What Home Assistant is told of a device, so that it makes entities of it: one retained message, from data.

Its form is Home Assistant's device discovery (developers' documentation of the MQTT integration, "Device discovery
payload"): what the device is, where it is told from, whether it is there, and its components. Names are English, as
Home Assistant's own of integrations without translations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec

from device.door.messages import Light

if TYPE_CHECKING:
    from device.door.messages import About
    from device.mqtt.topics import Done, Told, Topics
    from device.settings.mqtt import MqttSettings

ORIGIN: Final = "Parley"
MOST_CHARACTERS: Final = 255
"""Of a state: what Home Assistant takes (MAX_LENGTH_STATE_STATE in its `const.py`)."""
ALARMS: Final = ("set", "ringing", "ended", "cancelled")
"""What happens to timers, alarms and reminders."""
STATES: Final[tuple[str, ...]] = get_args(Light)

_JSON: Final = "{{ value_json.%s }}"


def announcement(about: About, settings: MqttSettings, topics: Topics) -> bytes:
    """Return what is published at `topics.config`."""
    return msgspec.json.encode(
        {
            "device": {
                "identifiers": [topics.id],
                "name": settings.name or about.name,
                "manufacturer": ORIGIN,
                "model": "Voice assistant",
                "sw_version": about.version,
            },
            "origin": {"name": ORIGIN, "sw_version": about.version},
            "availability_topic": topics.told("available"),
            "qos": 1,
            "components": {
                key: {"unique_id": f"{topics.id}_{key}", **one}
                for key, one in _components(topics, words=settings.words).items()
            },
        }
    )


def _components(topics: Topics, *, words: bool) -> dict[str, dict[str, Any]]:
    def shows(platform: str, name: str | None, what: Told, icon: str = "", **more: Any) -> dict[str, Any]:
        one = {"platform": platform, "name": name, "state_topic": topics.told(what), **more}
        return one | ({"icon": f"mdi:{icon}"} if icon else {})

    def does(platform: str, name: str, what: Done, icon: str, **more: Any) -> dict[str, Any]:
        return {"platform": platform, "name": name, "command_topic": topics.do(what), "icon": f"mdi:{icon}", **more}

    def whole(what: Told) -> dict[str, str]:
        """Return where all there is to say of it stands: what is not the state is its attributes."""
        return {"json_attributes_topic": topics.told(what)}

    def last(name: str, what: Told, icon: str) -> dict[str, Any]:
        short = f"{{{{ value_json.text | truncate({MOST_CHARACTERS}, true, '…', 0) }}}}"
        return shows("sensor", name, what, icon, value_template=short, **whole(what))

    components = {
        "state": shows("sensor", "State", "state", "account-voice", device_class="enum", options=list(STATES)),
        "mute": shows("switch", "Microphone muted", "mute", "microphone-off", command_topic=topics.do("mute")),
        "volume": shows(
            "number", "Volume", "volume", "volume-high", command_topic=topics.do("volume"),
            min=0, max=100, step=1, unit_of_measurement="%", mode="slider",
        ),
        "wake": does("button", "Listen", "wake", "ear-hearing"),
        "stop": does("button", "Stop", "stop", "stop"),
        "repeat": does("button", "Say it again", "repeat", "repeat"),
        "say": does("notify", "Say", "say", "bullhorn"),
        "ask": does("notify", "Ask", "ask", "comment-question"),
        "alarm": shows("event", "Timers and alarms", "alarm", "alarm-bell", event_types=list(ALARMS)),
        "next": shows(
            "sensor", "Next to ring", "timers", device_class="timestamp", value_template=_JSON % "next",
            **whole("timers"),
        ),
        "engine": shows(
            "sensor", "Engine", "engine", "brain", value_template=_JSON % "engine", entity_category="diagnostic",
            **whole("engine"),
        ),
        "cost": shows(
            "sensor", "Cost today", "cost", device_class="monetary", state_class="total", unit_of_measurement="USD",
            value_template=_JSON % "today", last_reset_value_template=_JSON % "since", suggested_display_precision=2,
        ),
        "problem": shows(
            "binary_sensor", "Problem", "faults", device_class="problem", value_template=_JSON % "problem",
            entity_category="diagnostic", **whole("faults"),
        ),
        "update": shows("update", None, "update", entity_category="config", title=ORIGIN),
        "look": does("button", "Look for an update", "update", "update", entity_category="config"),
    }  # fmt: skip
    if words:
        components["user"] = last("Last said", "user", "comment-account")
        components["reply"] = last("Last answer", "reply", "comment-text")
    return components
