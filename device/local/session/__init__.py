"""A session of the local engine: the Realtime protocol, seen from the server.

    client event → inbox → client_events.Session
                     │ input_audio_buffer.*        │ response.*          │ session.update, conversation.item.*
                     ▼                             ▼                     ▼
                   listening | streamed ─────► responses ◄──────────── dialogue (config, items)
                     hearing → user_turns        │ speculation → response.ResponseStream → server events → outbox

The user's turn, with server VAD (`listening`; where the recogniser finds the turns, `streamed` has the same states):

    state      event (`hearing`)    then         what is done
    silent     Onset                speaking     turn starts: speech_started; a response in progress ends (barge-in)
    speaking   Paused               paused       speculate: recogniser, brain and voice begin on what was said
    paused     EndpointDue          paused       semantic_vad only: the verdict says how long the silence must be
    paused     Resumed              speaking     the speculation is dropped
    paused     Offset               silent       turn stops: speech_stopped, committed, item; its words confirm the
                                                 speculation, and the response begins
    any        commit, clear        silent       the client ends the turn, or has it forgotten

A response (`responses`): at most one of the conversation, several out of band.

    none       create               in progress  response.created; a speculated reply to the same prompt is taken over
    in progress  the reply ends     none         response.done: completed, incomplete (max_output_tokens) or failed
    in progress  cancel, barge-in   none         response.done: cancelled (client_cancelled, turn_detected)
    none       a turn waits         in progress  it came without `interrupt_response` while another one was in progress
    none       idle timeout         in progress  nobody spoke since the last one was played
"""
