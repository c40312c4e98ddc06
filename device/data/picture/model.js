// What a conversation's data come to: what the timeline is drawn from.

import { described, spans, states } from "./events.js";
import { turns } from "./turns.js";

const QUIET = 32; // of 255: where nothing is louder, it stays small

/**
 * Return what there is to draw, all in seconds on the ledger's clock: `{start, end, events, turns, visits, items,
 * captions, waves, bands, states}`. Without a recording, it is as long as what is known.
 */
export function modelOf(data) {
    const events = described(data.events);
    const known = Number.isFinite(data.seconds) && data.seconds > 0;
    const start = known ? 0 : (events[0]?.t ?? 0) - 0.5;
    const end = known ? data.seconds : Math.max(start + 1, (events.at(-1)?.t ?? 0) + 0.5);
    const all = turns(data.events);
    const items = all.flatMap((turn) => turn.items).filter(({ from }) => from !== undefined);
    const visits = (data.visits ?? []).filter((visit) => Number.isFinite(visit.start) && Number.isFinite(visit.end));
    const model = { start, end, events, turns: all, visits, items, states: states(events, start, end) };
    return { ...model, captions: captions(model), waves: waves(data.waveforms ?? {}), bands: bands(model) };
}

/** Return what each side said, and for how long there is room to show it. */
function captions({ turns: all, items, end }) {
    const said = all
        .filter(({ user, voice }) => user && voice[0] !== undefined)
        .map(({ user, voice: [from, until] }) => ({ from, until: until ?? from + 1, heard: user, unheard: "" }));
    const row = (who, each) => (one, i) => {
        const until = one.until ?? end;
        return { ...one, who, until, next: Math.max(until, each[i + 1]?.from ?? end) };
    };
    return [...said.map(row("user", said)), ...items.map(row("assistant", items))];
}

function waves({ rate, tracks }) {
    const found = Object.entries(tracks ?? {}).map(([name, packed]) => {
        return [name, Uint8Array.from(atob(packed), (c) => c.charCodeAt(0))];
    });
    const loudest = found.reduce((most, [, levels]) => levels.reduce((a, b) => Math.max(a, b), most), QUIET);
    return Object.fromEntries(found.map(([name, levels]) => [name, { rate, levels, loudest }]));
}

/** Return what was so for a while on each track. */
function bands({ events, visits, items, end }) {
    const of = (look, found, thin) => found.map(([from, until]) => ({ from, until, look, thin }));
    const over = ["restore", "cut", "silence", "sleep"];
    const said = visits.map((visit) => [visit.start, visit.end]);
    const played = items.map(({ from, until }) => [from, until ?? end]);
    return {
        visitors: of("user", said),
        microphone: of("voice", spans(events, ["voice_start"], ["voice_end", "sleep"], end)),
        loudspeaker: [
            ...of("reply", played),
            ...of("duck", spans(events, ["duck"], over, end)),
            ...of("duck", spans(events, ["hold"], over, end), true),
        ],
    };
}
