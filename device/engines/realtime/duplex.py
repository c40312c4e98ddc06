"""vLLM-Omni's realtime duplex: the Realtime API with a server that says what its model can do.

The session begins with our settings. The server counts its events, so that after a dropped connection it goes on where
it was; and it wants to know what the loudspeaker really played. Protocol: `wire.duplex`.
"""

from __future__ import annotations

import asyncio
import base64
import errno
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.conversation.engine import Capabilities, Fault, Said
from device.engines.realtime.bare import BareSession
from device.engines.realtime.session import RealtimeSession
from device.system import inputs
from device.wire import duplex, realtime
from device.wire.realtime_items import ErrorDetail, Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard
    from device.engines.realtime.config import RealtimeConfig
    from device.settings.toml import Table
    from device.wire.errors import Unknown

RESUME_S: Final = 2.0
"""How long to try to get a session back. A choice: sooner loses what the server remembers, later has the user wait
longer than a new session would."""
RETRY_S: Final = 0.25
"""Between two tries. A choice: some eight of them fit into `RESUME_S`."""
HEARTBEAT_S: Final = 30.0
"""Between two signs of life while nothing else is sent. A choice: more often is traffic for nothing, and a server that
hears nothing of us gives the session up."""
ACKNOWLEDGE: Final = 16
"""Every so many events the server is told that they came. A choice: fewer make it keep more, more make more traffic."""
_SPEECH: Final[dict[str, type[realtime.InputAudioBufferSpeechStarted | realtime.InputAudioBufferSpeechStopped]]] = {
    "input_audio_buffer.speech_started": realtime.InputAudioBufferSpeechStarted,
    "input_audio_buffer.speech_stopped": realtime.InputAudioBufferSpeechStopped,
}
_HOPELESS: Final = frozenset(
    {
        "invalid_session_resume",
        "session_resume_expired",
        "unsupported_session_resume",
        "invalid_resume_token",
        "session_resume_conflict",
    }
)


class DuplexSession(RealtimeSession):
    """An `EngineSession` with vLLM-Omni; what it can do is known when it is open."""

    def __init__(self, config: RealtimeConfig) -> None:
        super().__init__(config)
        self._abilities = duplex.Abilities()
        self._id = ""
        self._token = ""
        self._seen = 0  # the number of the last event
        self._acknowledged = 0
        self._offered = False  # tools were
        self._played: dict[str, int] = {}

    async def played(self, heard: Heard) -> None:
        """Tell how much of an item was played so far."""
        if self._played.get(heard.item) != heard.ms:
            self._acknowledge_playback(heard)

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        """Tell how much was heard, and end the reply where the model lets itself be interrupted."""
        for one in heard:
            self._acknowledge_playback(one)
        await super().interrupt(heard)

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output; a model that decides for itself when to speak is not asked to."""
        native = self._abilities.supports_model_native_turn_policy
        await super().tool_result(call_id, output, reply=reply and not native)

    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Ask for a session, and learn what it can do."""
        table = self._wanted()
        turns = super()._wanted().get("turn_detection")
        self._offered = "tools" in table
        table["instructions"] = _with_history(table.get("instructions", ""), history)
        if self.config.engine.reference_audio:
            try:
                table["ref_audio"] = await asyncio.to_thread(_data_url, self.config.engine.reference_audio)
            except OSError as error:
                section = self._at.section
                why = f"{section}.reference_audio cannot be read: {error.strerror}"
                return Fault("reference_audio", why, retry=False)
        if (fault := await self._configure(table, "session.created")) is not None:
            return fault
        if not self._id:
            text = f"{self._at.host} has no duplex session to offer: see {self._at.section}.dialect"
            return Fault("no_duplex", text, retry=False)
        if self._abilities.supports_model_native_turn_policy:
            return None
        return await self._take_turns(turns)

    def _wanted(self) -> Table:
        """Return what is asked for at first: who takes turns is settled once it is known what the model can do."""
        return {**super()._wanted(), "turn_detection": None}

    def seed(self, history: Sequence[Said]) -> None:  # noqa: ARG002 - it is in the instructions
        """Begin to keep the session alive."""
        self._tasks.append(asyncio.create_task(self._beat()))

    async def resume(self, _fault: Fault) -> bool:
        """Go on with the session over a new connection, if the server kept it."""
        try:
            async with asyncio.timeout(RESUME_S):
                while self._token:
                    if await self.reconnect(self._connection.url) is None and await self._rejoin() is None:
                        return True
                    if self._token:
                        await asyncio.sleep(RETRY_S)
        except TimeoutError:
            self.warn("resume", f"The session could not be resumed within {RESUME_S:g} s")
        return False

    def receive(self, data: str | bytes) -> None:
        """Take an event, once."""
        head = duplex.head(data)
        if not self._fresh(head):
            return
        match head.type:
            case "session.closed" | "session.expired" | "session.replaced":
                why = f"{head.type}{f', {head.reason}' if head.reason else ''}"
                self._token = ""
                self.fail(Fault(head.type.replace(".", "_"), f"{self._at.host} ended the session ({why})", retry=True))
            case "session.resync_required":
                self._token = ""
            case "session.resumed":
                self._adopt(head)
            case "response.listen":
                self._hush(head.response_id)
            case kind if kind not in duplex.OWN:
                if head.sample_rate_hz:
                    self._responses.rate = head.sample_rate_hz
                super().receive(data)

    def farewell(self) -> str:
        """Return the message that ends the session at once, rather than after some time of grace."""
        return realtime.encode(duplex.SessionClose())

    async def _take_turns(self, turns: Table | None) -> Fault | None:
        """Have the server find the ends of turns, for a model that does not."""
        if (fault := await self._await(None, "session.updated")) is not None:  # the answer to what we asked first
            return fault
        table: Table = {"turn_detection": turns, "overlap_policy": "barge_in_on_speech"}
        return await self._configure(table, "session.updated")

    async def _rejoin(self) -> Fault | None:
        """Resume on the connection that there is now; returns what went wrong."""
        waiting: list[str | bytes] = []

        def judge(data: str | bytes) -> Fault | bool:
            head = duplex.head(data)
            if head.type == "session.resumed":
                self._adopt(head)
                return True
            if head.type == "session.resync_required" or (head.type == "error" and _code(head) in _HOPELESS):
                self._token = ""
            if not self._token or head.type == "error":
                return Fault("lost", "The server did not keep the session", retry=True)
            waiting.append(data)
            return False

        ask = duplex.SessionResume(
            session_id=self._id, resume_token=self._token, last_received_server_event_seq=self._seen
        )
        fault = await self.agree(realtime.encode(ask), "session.resumed", judge)
        if fault is None:
            for data in waiting:
                self.receive(data)
        return fault

    def _adopt(self, head: duplex.Head) -> None:
        """Take over what the server says of the session."""
        self._token = head.resume_token or ""
        if (resource := head.resource) is None or resource.capabilities is None:
            return
        self._id = resource.id
        able = self._abilities = resource.capabilities
        native = able.supports_model_native_turn_policy
        self.capabilities = Capabilities(
            family="stream" if native else "turns",
            continuous=native,
            truncation=able.supports_playback_ack or able.supports_audio_truncate,
            playback=able.supports_playback_ack,
            tools=self._offered,
            hear_rate=self.capabilities.hear_rate,
            prompted=able.supports_text_only_turn,
        )
        self._mute = set(self._dialect.unsent)
        if not able.supports_audio_truncate:
            self._mute.add("conversation.item.truncate")
        if not able.supports_barge_in:
            self._mute.add("response.cancel")

    def _fresh(self, head: duplex.Head) -> bool:
        """Return whether an event is new, and let the server know of it from time to time."""
        number = head.server_event_seq
        if number is None:
            return True
        if number <= self._seen:
            return False
        self._seen = number
        if number - self._acknowledged >= ACKNOWLEDGE:
            self._acknowledged = number
            self.send(realtime.encode(duplex.SessionEventAck(server_event_seq=number)))
        return True

    def _decoded(self, data: str | bytes) -> realtime.ServerEvent | Unknown | None:
        if (error := duplex.flat_error(data)) is not None:
            return realtime.ErrorEvent(ErrorDetail(code=error[0], message=error[1]))
        head = duplex.head(data)
        if head.type == "session.created":
            self._fresh(head)
            self._adopt(head)
        if (kind := _SPEECH.get(head.type)) is not None:
            return kind(item_id="")  # which may be null there, and nobody asks for it
        return super()._decoded(data)

    def _acknowledge_playback(self, heard: Heard) -> None:
        reply = self._responses.reply_of(heard.item)
        if not self.capabilities.playback or reply is None:
            return
        self._played = {heard.item: heard.ms}
        ms = max(0, heard.ms)
        ack = duplex.PlaybackAck(response_id=reply, item_id=heard.item, played_ms=ms, committed_ms=ms)
        self.send(realtime.encode(ack))

    def _hush(self, reply: str | None) -> None:
        """Let the model go on listening; if a reply is named, it is over."""
        if reply:
            done = realtime.ResponseDone(Response(id=reply, status="completed"))
            for event in self._responses.receive(done):
                self.tell(event)
            self._flush()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self.send(realtime.encode(duplex.SessionHeartbeat()))


def realtime_session(config: RealtimeConfig) -> RealtimeSession:
    """Return a session, yet to be opened, with a server that speaks the Realtime protocol or an extension of it."""
    if config.dialect.duplex:
        return DuplexSession(config)
    return BareSession(config) if config.dialect.bare else RealtimeSession(config)


def _code(head: duplex.Head) -> str:
    return str(head.error.get("code", "")) if isinstance(head.error, dict) else head.code or ""


def _data_url(path: str) -> str:
    data = inputs.read(Path(path).expanduser())
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":  # whoever may change the settings sends no other file away
        raise OSError(errno.EINVAL, "it is no WAV file")
    return f"data:audio/wav;base64,{base64.b64encode(data).decode()}"


def _with_history(instructions: str, history: Sequence[Said]) -> str:
    """Return the instructions with what was said before: the models know no other way to be told."""
    if not history:
        return instructions
    said = "\n".join(f"{'User' if one.role == 'user' else 'You'}: {one.text}" for one in history)
    return f"{instructions}\n\nThe conversation so far:\n{said}".strip()
