"""A connection with a broker, and in words why there is none.

aiomqtt does the talking, by MQTT 5: there alone can a client say how large a message it takes. Imported only where a
broker is set.
"""

from __future__ import annotations

import logging
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiomqtt import Client, MqttCodeError, MqttError, ProtocolVersion, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device.mqtt.asked import LARGEST
from device.system.trust import trusting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from device.settings.mqtt import MqttSettings

KEEPALIVE_S: Final = 30
"""So often there is a sign of life; the broker gives a device up after one and a half of it (MQTT 5, 3.1.2.10)."""
TIMEOUT_S: Final = 10.0
"""For a broker's answer: a choice, a busy one on a Pi takes a second."""
LARGEST_PACKET: Final = LARGEST + 2048
"""Bytes that a broker may send at a time: a payload, and as long a topic as there is."""
MOST_WAITING: Final = 64
"""Messages that wait to be read; of a flood, the rest is left out."""
CHECK_CLOCK: Final = "is this machine's clock right, and is the certificate still good?"
BROKER_V5: Final = "it must speak MQTT 5, as Mosquitto does from 1.6 on"

_REFUSALS: Final = {
    0x84: BROKER_V5,
    0x85: "it does not take the name of this client",
    0x86: "set mqtt.username and mqtt.password to a user that the broker knows",
    0x87: "set mqtt.username and mqtt.password, and let this user connect",
    0x88: "it is not ready: try again later",
    0x89: "it is busy: try again later",
    0x8A: "it has banned this client",
    0x9F: "it is asked too often: try again later",
}
"""What to do about a broker that refuses, by its reason code (MQTT 5, table 2-6)."""


class BrokerError(Exception):
    """There is no connection with the broker; says why, and what to do about it."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}: {fix}" if fix else what)
        self.what = what
        self.fix = fix


@asynccontextmanager
async def connected(settings: MqttSettings, client: str, gone: str = "") -> AsyncIterator[Client]:
    """Be connected with the broker as `client`; `gone` is where it says "offline" if this breaks off.

    Raises BrokerError, also for what breaks off meanwhile.
    """
    where = f"{settings.host}:{settings.broker_port}"
    context = _context(settings) if settings.tls else None
    broker = Client(
        settings.host,
        settings.broker_port,
        username=settings.username or None,
        password=settings.password.reveal() or None,
        identifier=client,
        protocol=ProtocolVersion.V5,
        will=Will(gone, "offline", qos=1, retain=True) if gone else None,
        clean_start=True,
        timeout=TIMEOUT_S,
        keepalive=KEEPALIVE_S,
        max_queued_incoming_messages=MOST_WAITING,
        properties=_limits(),
        tls_context=context,
        logger=_quiet(),
    )
    try:
        async with broker:
            yield broker
    except MqttError as error:
        raise _explained(error, where) from None


def _limits() -> Properties:
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    limits.MaximumPacketSize = LARGEST_PACKET
    return limits


def _quiet() -> logging.Logger:
    """Return a logger for what the library says besides: it quotes what came from outside."""
    quiet = logging.getLogger("device.mqtt.library")
    quiet.disabled = True
    return quiet


def _context(settings: MqttSettings) -> ssl.SSLContext:
    try:
        return trusting(settings.ca)
    except ssl.SSLError:
        raise BrokerError(f"{settings.ca}: it holds no certificates", "mqtt.ca is a file in PEM") from None
    except OSError as error:
        raise BrokerError(f"{settings.ca}: {error.strerror}", "mqtt.ca names a file that can be read") from None


def _explained(error: MqttError, where: str) -> BrokerError:
    """Return what a connection's end means."""
    if isinstance(error, MqttCodeError):
        code = getattr(error.rc, "value", error.rc)
        if isinstance(code, int) and code in _REFUSALS:
            return BrokerError(f"the broker at {where} refuses: {error.rc}".lower(), _REFUSALS[code])
    return _of_connection(error.__cause__ or error.__context__, where) or BrokerError(
        f"the connection with the broker at {where} broke off: {error}"
    )


def _of_connection(cause: BaseException | None, where: str) -> BrokerError | None:
    """Return what a fault of the connection means; None if it is none that can be told."""
    right = "does it run, and are mqtt.host, mqtt.port and mqtt.tls right?"
    match cause:
        case ssl.SSLCertVerificationError():
            return BrokerError(f"the broker at {where} cannot be trusted: {cause.verify_message}", _advice(cause))
        case ssl.SSLError() | ConnectionResetError():
            fix = "should mqtt.tls be the other way, or mqtt.port another?"
            return BrokerError(f"the broker at {where} hung up on what it was told first", fix)
        case TimeoutError():
            return BrokerError(f"the broker at {where} does not answer", right)
        case PermissionError():
            fix = "parley-mqtt.service reaches the own network alone: systemctl edit parley-mqtt, IPAddressAllow=any"
            return BrokerError(f"the broker at {where} may not be reached", fix)
        case OSError():
            return BrokerError(f"the broker at {where} cannot be reached: {cause.strerror or cause}", right)
    return None


def _advice(error: ssl.SSLCertVerificationError) -> str:
    """Say what to do about a certificate (codes: X509_V_ERR_* in OpenSSL's x509_vfy.h)."""
    match error.verify_code:
        case 9 | 10:
            return CHECK_CLOCK
        case 18 | 19 | 20 | 21:
            return "let mqtt.ca name the file with the certificate that signed it"
        case 62 | 64:
            return "let mqtt.host be a name that the certificate is for"
    return "let mqtt.ca name the file with the certificate that signed it"
