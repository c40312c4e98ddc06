"""The bridge: what the door tells goes to the broker, and what is asked for at the broker goes to the door.

Either side may be away, come back, be slow or talk nonsense. Of what is told, the last of each topic is what holds:
nothing queues up for a broker that is slow. While there is no daemon, the device is told to be offline.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, get_args

from aiomqtt import MqttError
from paho.mqtt.subscribeoptions import SubscribeOptions

from device.door import messages as door
from device.door.client import Client, DoorError, connect
from device.mqtt.asked import NotAsked, request
from device.mqtt.broker import BrokerError, connected
from device.mqtt.discovery import announcement
from device.mqtt.told import Telling
from device.mqtt.topics import EVENTS, Told, Topics
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from typing import Any

    from aiomqtt import Client as Broker
    from aiomqtt import Message

    from device.settings.mqtt import MqttSettings

log = logging.getLogger(__name__)

WHO: Final = "MQTT"
AGAIN_S: Final = (1.0, 60.0)
"""How long to wait before a broker that is away is tried again: at first, doubled each time, and at most. A choice."""
DOOR_AGAIN_S: Final = 1.0
"""The same of the daemon, which is on this machine, as often as the page does."""
REANNOUNCE_S: Final = (0.2, 3.0)
"""How soon after Home Assistant has come everything is told anew: at random, as it asks devices to (developers'
documentation, "Use the birth and will messages"), lest all of a house do so at once."""
MOST_AT_ONCE: Final = 8
"""Requests that are being answered; half of what the door allows a connection, as the page does."""
MOST_EVENTS: Final = 64
"""Events that wait to be told; of more, the oldest are left out."""
COMPLAIN_S: Final = 10.0
"""The least time between two lines of the log about messages that mean nothing: a broker's users may send thousands."""
GOODBYE_S: Final = 2.0
"""For telling that it is offline; a choice, less than a service may take to end."""
LOST_S: Final = 0.2
"""After how long a task that was asked to end is asked again. A choice."""
NO_RETAINED: Final = 2
"""Messages of before are not wanted (MQTT 5, 3.8.3.1, retain handling)."""


class Bridge:
    """The bridge of one device; `hold` runs it.

    `look` returns the settings that hold, `tell` is called with how it is, in words; `reach` connects with the door.
    """

    def __init__(
        self,
        look: Callable[[], MqttSettings],
        tell: Callable[[str], None] = lambda _: None,
        reach: Callable[[str], Awaitable[Client]] = connect,
    ) -> None:
        self._look, self._tell, self._reach = look, tell, reach
        self._settings = look()
        self._topics = Topics(self._settings)
        self._now: dict[str, str | bytes] = {}  # what holds, by topic
        self._unsent: dict[str, None] = {}  # topics of which that was not told yet, in order
        self._events: deque[tuple[str, str]] = deque(maxlen=MOST_EVENTS)
        self._more = asyncio.Event()
        self._door: Client | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._anew: asyncio.Task[None] | None = None
        self._complained = float("-inf")

    async def hold(self) -> None:
        """Hold the bridge for ever."""
        wait_s, told = AGAIN_S[0], ""
        while True:
            self._settings = self._look()
            self._topics = Topics(self._settings)
            self._now.clear()
            try:
                async with connected(self._settings, self._topics.id, self._topics.told("available")) as broker:
                    where = f"{self._settings.host}:{self._settings.broker_port}"
                    log.info("Connected with the broker at %s.", line(where))
                    self._tell(f"Connected with the broker at {where}")
                    wait_s, told = AGAIN_S[0], ""
                    await self._serve(broker)
                    continue  # the settings have changed
            except BrokerError as error:
                if str(error) != told:
                    told = str(error)
                    log.warning("%s", line(error))
                    self._tell(told)
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - lest all of a house come at once
            wait_s = min(2 * wait_s, AGAIN_S[1])

    async def _serve(self, broker: Broker) -> None:
        """Serve until the settings have changed. Raises what the broker's library raises."""
        self._door = None  # the one of before, which was closed with the broker
        wanted = SubscribeOptions(qos=1, retainHandling=NO_RETAINED)
        for topic in filter(None, (self._topics.do("+"), self._topics.home)):
            await broker.subscribe(topic, options=wanted)
        tasks = [asyncio.create_task(one) for one in (self._follow(), self._listen(broker), self._send(broker))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks += self._answering
            await _end(tasks)
            with suppress(MqttError, TimeoutError):  # who hangs up in order is not missed by the broker
                async with asyncio.timeout(GOODBYE_S):
                    await broker.publish(self._topics.told("available"), "offline", qos=1, retain=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    # From the door

    async def _follow(self) -> None:
        """Note what the daemon tells, until it comes back with other settings."""
        here = True
        while True:
            try:
                async with await self._reach(WHO) as client:
                    if self._look() != self._settings:
                        return
                    here, self._door = True, client
                    telling = Telling(words=self._settings.words)
                    async for event in client.subscribe():
                        if isinstance(event, door.Snapshot):
                            self._arrive(event.about)
                        for what, payload in telling.on(event):
                            if what in EVENTS:
                                self._events.append((self._topics.told(what), payload))
                                self._more.set()
                            else:
                                self._note(self._topics.told(what), payload)
            except DoorError as error:
                self._door = None
                self._note(self._topics.told("available"), "offline")
                if here:
                    here = False
                    log.warning("%s", line(error))
                await asyncio.sleep(max(DOOR_AGAIN_S, error.wait_s))

    def _arrive(self, about: door.About) -> None:
        if self._topics.config:
            self._note(self._topics.config, announcement(about, self._settings, self._topics))
        self._note(self._topics.told("available"), "online")

    def _note(self, topic: str, payload: str | bytes) -> None:
        """Have it told, if it is not what was told before."""
        if self._now.get(topic) != payload:
            self._now[topic] = payload
            self._unsent[topic] = None
            self._more.set()

    # To the broker

    async def _send(self, broker: Broker) -> None:
        """Tell the broker what is not told yet, for ever."""
        self._unsent = dict.fromkeys(self._now)
        while True:
            await self._drain(broker)
            self._more.clear()
            await self._more.wait()

    async def _drain(self, broker: Broker) -> None:
        while self._unsent or self._events:
            if self._unsent:
                topic = next(iter(self._unsent))
                del self._unsent[topic]
                await broker.publish(topic, self._now[topic], qos=1, retain=True)
            else:
                topic, payload = self._events.popleft()
                await broker.publish(topic, payload, qos=1)

    # From the broker

    async def _listen(self, broker: Broker) -> None:
        """Do what the broker's users ask for, until it says no more."""
        async for message in broker.messages:
            topic = str(message.topic)
            if topic == self._topics.home:
                if message.payload == b"online" and (self._anew is None or self._anew.done()):
                    self._anew = self._start(self._tell_anew())
            elif what := self._topics.asked(topic):
                self._take(what, message)

    def _take(self, what: str, message: Message) -> None:
        payload = message.payload if isinstance(message.payload, bytes) else b""
        if message.retain:  # of before: nobody wants it done now
            self._complain(what, "a retained message is not obeyed")
            return
        try:
            asked = request(what, payload)
        except NotAsked as error:
            self._complain(what, str(error))
            return
        if self._door is None:
            self._complain(what, "there is no assistant just now")
        elif len(self._answering) >= MOST_AT_ONCE:
            self._complain(what, f"{MOST_AT_ONCE} requests wait for their answers")
        else:
            self._start(self._do(self._door, what, asked))

    async def _do(self, client: Client, what: str, asked: door.Request) -> None:
        try:
            await client.request(asked, door.Reply)
        except DoorError as error:
            self._complain(what, str(error))

    async def _tell_anew(self) -> None:
        await asyncio.sleep(random.uniform(*REANNOUNCE_S))  # noqa: S311 - no secret
        self._unsent = dict.fromkeys(self._now)
        self._more.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        return task

    def _complain(self, what: str, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._complained >= COMPLAIN_S:
            self._complained = now
            log.warning("Not done, as asked at do/%s: %s", line(what), line(why))


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End tasks, asked again until they have: `wait_for`, by which aiomqtt waits, may lose it (cpython issue 86296)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=LOST_S)


async def forget(settings: MqttSettings) -> None:
    """Take back all that a broker keeps of this device: Home Assistant forgets it then. Raises BrokerError."""
    topics = Topics(settings)
    kept = [topics.told(what) for what in get_args(Told) if what not in EVENTS]
    async with connected(settings, f"{topics.id}_forget") as broker:
        for topic in filter(None, (topics.config, *kept)):
            await broker.publish(topic, b"", qos=1, retain=True)
