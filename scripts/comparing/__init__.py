"""Parley side by side with other local voice clients: same sounds, same server, same virtual sound card.

    client ─► loudspeaker ─┐                     ┌─► visitor, microphone, counter
    (one process)          ├─ one null sink ─────┤        (all recorded, sample by sample)
    client ◄─ microphone ◄─┘   of PulseAudio     └─◄ room ◄─ director
       │                                                        when to speak
       └─ WebSocket ── 40 ms each way ── scripted Realtime server with server VAD

`python -m scripts.comparing` runs it; `scripts/compare` sets it up first. `plan` says what is done; `performance`, with
`room`, `director` and `engine`, does it to one client after the other; `plays`, `received` and `figures` say what came
of it, and `report` writes that down.
"""
