"""Whether the broker of `[mqtt]` can be talked to, and whether anybody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.doctor.finding import Finding
from device.system.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from device.settings.mqtt import MqttSettings

UNIT: Final = "parley-mqtt.service"


async def check_mqtt(settings: MqttSettings, units: Mapping[str, Mapping[str, str]]) -> AsyncIterator[Finding]:
    """Say what keeps a home from knowing the assistant, if a broker is set; `units` as `show_units` has them."""
    if not settings.host:
        return
    from device.mqtt.broker import BrokerError, connected  # noqa: PLC0415 - without a broker, its library is not needed
    from device.mqtt.topics import Topics  # noqa: PLC0415

    where = f"{settings.host}:{settings.broker_port}"
    try:
        async with connected(settings, f"{Topics(settings).id}_doctor"):
            pass
    except BrokerError as error:
        yield Finding("mqtt", "fail", error.what, error.fix)
    else:
        yield Finding("mqtt", "ok", f"the broker at {where} lets this device in")
    if settings.password and not settings.tls and not is_loopback(settings.host):
        yield Finding("mqtt", "warn", "the password goes through the network unencrypted", "set mqtt.tls = true")
    unit = units.get(UNIT)
    if unit is not None and unit.get("ActiveState") != "active":
        fix = "sudo systemctl enable --now parley-mqtt"
        yield Finding("mqtt", "warn", "a broker is set, but nothing talks to it", fix)
