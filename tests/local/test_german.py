"""A conversation in German with the engine: speech by espeak-ng, words by a recogniser that knows what was said."""

import json

import numpy as np
from support.scripted import Recogniser, Scripted, audio_of
from support.skills import Machine
from support.speech import say

from device.audio.resample import resample
from device.local.brain.sentences import Sentences
from device.local.tts.espeak import EspeakVoice


async def test_a_timer_is_set_asked_for_and_taken_off_by_voice():
    machine = Machine()
    turns = [
        ("Stell bitte einen Nudeltimer auf acht Minuten.", "set_timer", "Der Nudel-Timer läuft: 8 Minuten."),
        ("Wie lange noch?", "list_timers", "Der Nudel-Timer läuft noch 8 Minuten."),
        ("Lösch den Nudeltimer.", "cancel_timer", "Der Nudel-Timer ist gelöscht."),
        ("Wie spät ist es?", "get_time", "Es ist 14 Uhr 5."),
    ]
    tools = [
        {"type": "function", "name": spec.name, "description": spec.description, "parameters": spec.parameters}
        for spec in machine.tools.specs()
    ]
    ears, voice = Recogniser(*[text for text, _, _ in turns]), EspeakVoice("de", 165)
    async with Scripted(ears, Sentences("de", ["Jarvis"]), voice) as server, server.connect() as client:
        await client.update(tools=tools)
        for text, tool, answer in turns:
            await client.append(resample(say(text, "de", dbfs=-12.0), 16_000, 24_000))
            await client.append(np.zeros(24_000, np.int16))
            call = await client.until("response.function_call_arguments.done")
            assert call.name == tool
            await client.until("response.done")
            output = json.dumps(await machine.call(call.name, **json.loads(call.arguments)))
            await client.send(
                type="conversation.item.create",
                item={"type": "function_call_output", "call_id": call.call_id, "output": output},
            )
            await client.send(type="response.create")
            done = await client.until("response.done")
            assert [part.transcript for item in done.response.output for part in item.content] == [answer]
            assert len(audio_of(client, done.response.id)) > 24_000  # half a second at least
