// What the ledger's lines mean: on which track each is shown, what is said of it, and what is so for a while by them.

import { number, shown } from "./elements.js";

const quoted = (text) => `“${shown(text)}”`;

// Of each kind: track, look, how much it matters where there is not room for all, and what is said of it.
const KINDS = {
    wake: ["microphone", "wake", 9, (e) => `${quoted(e.word)}, score ${number(e.score).toFixed(2)}`],
    voice_start: ["microphone", "voice", 3, () => "a voice begins"],
    voice_end: ["microphone", "voice", 2, (e) => `a voice ends; ${number(e.voiced_ms)} ms of it`],
    user: ["microphone", "user", 6, (e) => `understood: ${quoted(e.text)}`],
    overheard: ["microphone", "user", 4, (e) => `${shown(e.kind)}, by the first ${number(e.ms)} ms: ${quoted(e.text)}`],
    stop: ["microphone", "wake", 8, () => "the ringing is told to stop"],
    hears_itself: ["microphone", "fault", 9, (e) => `the device takes itself for somebody: ${shown(e.why)}`],
    hears_others: ["microphone", "fault", 5, () => "voices are believed again"],
    card_lost: ["microphone", "fault", 10, () => "the sound card is gone"],
    card_back: ["microphone", "fault", 9, () => "the sound card is back"],

    reply_first_audio: ["loudspeaker", "reply", 5, () => "the loudspeaker begins"],
    reply_last_audio: ["loudspeaker", "reply", 2, (e) => `the reply was played to its end: ${number(e.ms)} ms`],
    duck: ["loudspeaker", "duck", 7, () => "somebody speaks: the reply is lowered"],
    hold: ["loudspeaker", "duck", 6, () => "it is a voice: the reply waits"],
    restore: ["loudspeaker", "duck", 8, (e) => `no interruption: the reply comes back${because(e)}`],
    cut: ["loudspeaker", "cut", 9, (e) => `an interruption: the reply is cut off${because(e)}`],
    silence: ["loudspeaker", "cut", 3, () => "the reply is silent"],
    truncate: ["loudspeaker", "cut", 6, (e) => `the engine is told that ${number(e.ms)} ms were heard`],
    heard: [
        "loudspeaker",
        "reply",
        4,
        (e) => `heard: ${quoted(e.text)}${e.unheard ? `; not heard: ${quoted(e.unheard)}` : ""}`,
    ],
    starved: ["loudspeaker", "fault", 7, () => "the network stutters: waiting for more of the reply"],
    repeat: ["loudspeaker", "reply", 6, () => "the last reply is played again"],
    timer: ["loudspeaker", "wake", 9, (e) => `${quoted(e.name)} rings`],
    alarm: ["loudspeaker", "wake", 9, (e) => `the ${shown(e.kind)} rings: ${quoted(e.text)}`],

    engine_speech_started: ["engine", "voice", 2, () => "the engine hears speech"],
    engine_speech_stopped: ["engine", "voice", 5, () => "the engine takes the turn to be over"],
    reply_start: ["engine", "reply", 3, () => "the engine begins a reply"],
    reply_received: ["engine", "reply", 4, () => "the first audio of the reply is there"],
    reply_end: ["engine", "reply", 1, (e) => `the reply is ${shown(e.status)}${tokens(e)}`],
    assistant: ["engine", "reply", 2, (e) => `saying: ${quoted(e.text)}`],
    tool: ["engine", "tool", 8, (e) => `${shown(e.name)} ${shown(e.arguments)}`],
    result: ["engine", "tool", 7, (e) => `${e.valid ? "a valid" : "a faulty"} result: ${shown(e.result)}`],
    working: ["engine", "tool", 4, (e) => (e.on ? "the engine works on something" : "the engine's work is done")],
    sent_first: [
        "engine",
        "voice",
        1,
        (e) => `the first sound leaves; it was heard at ${number(e.source).toFixed(2)} s`,
    ],
    engine_error: ["engine", "fault", 10, (e) => `${shown(e.code)}: ${shown(e.message)}`],
    engine_unable: ["engine", "fault", 10, (e) => `${shown(e.engine)} cannot be started: ${shown(e.message)}`],
    engine_expiring: ["engine", "fault", 6, (e) => `the session will end in ${number(e.seconds)} s`],
    session_open: ["engine", "state", 4, (e) => `a session with ${shown(e.engine)} is open`],
    session_prepare: ["engine", "state", 4, (e) => `another session is opened, with ${shown(e.engine)}`],
    session_unprepared: ["engine", "fault", 7, (e) => `${shown(e.engine)} could not be opened: ${shown(e.message)}`],
    session_switch: ["engine", "state", 6, (e) => `the conversation goes on with ${shown(e.engine)}`],
    sleep: ["engine", "state", 7, (e) => `the conversation is over: ${shown(e.why)}`],

    state: ["state", "state", 0, (e) => shown(e.state)],
    turn: ["none", "state", 0, () => "the turn is over"],
};
const NAMES = {
    user: "understood",
    assistant: "saying",
    reply_first_audio: "reply",
    engine_speech_stopped: "turn end",
};

const because = (event) => (event.why ? ` (${shown(event.why)})` : "");
const tokens = (event) =>
    event.output_tokens ? `, ${number(event.input_tokens)} tokens in, ${number(event.output_tokens)} out` : "";

/**
 * Return lines of the ledger as what is shown of each, in the order of time: `{t, kind, name, track, look, matters,
 * text, line}`. What has no time is left out; a kind that is not known is shown with all that it holds.
 */
export function described(lines) {
    const events = (Array.isArray(lines) ? lines : []).filter((line) => line && Number.isFinite(line.t));
    return events
        .map((line) => {
            const { t, event, ...rest } = line;
            const known = Object.hasOwn(KINDS, event);
            const [track, look, matters, say] = known
                ? KINDS[event]
                : ["engine", "state", 4, () => shown(JSON.stringify(rest))];
            const name = Object.hasOwn(NAMES, event) ? NAMES[event] : shown(event, 40).replaceAll("_", " ");
            return { t, kind: shown(event, 40), name, track, look, matters, text: say(line), line };
        })
        .sort((a, b) => a.t - b.t);
}

/** Return from when until when what was so, from the first of `begins` to the next of `ends`: `[[from, until]]`. */
export function spans(events, begins, ends, last) {
    const found = [];
    let from;
    for (const { kind, t } of events) {
        if (from === undefined && begins.includes(kind)) from = t;
        else if (from !== undefined && ends.includes(kind)) {
            found.push([from, t]);
            from = undefined;
        }
    }
    return from === undefined ? found : [...found, [from, last]];
}

/** Return whose turn it was, from when until when: `[{state, from, until}]`. */
export function states(events, start, end) {
    const entered = events
        .filter((event) => event.kind === "state")
        .map(({ t, line }) => ({ state: shown(line.state, 40), from: t }));
    const all = [{ state: "asleep", from: start }, ...entered];
    return all.map((one, i) => ({ ...one, until: all[i + 1]?.from ?? end })).filter(({ from, until }) => until > from);
}
