// The turns of a conversation, as the ledger's lines tell them: what was said and heard, and how soon.

import { ms, shown } from "./elements.js";

/**
 * Return the turns of lines as they were written (not sorted): `{at, user, items, tools, errors, answer, overlaps}`.
 *
 * `items` are what was said, `{from, until, heard, unheard}`. `answer` is how soon the answer came, and `overlaps` what
 * became of each voice over it: `{total, steps: [{what, look, seconds}]}`, in the order of time, of which a step that
 * is not known is left out.
 */
export function turns(lines) {
    const found = [];
    const reading = new Reading();
    for (const line of Array.isArray(lines) ? lines : []) {
        if (line?.event !== "turn") reading.take(line ?? {});
        else found.push(reading.finish());
    }
    return [...found, reading.finish()].filter((turn) => turn.user || turn.items.length || turn.tools.length);
}

class Reading {
    constructor() {
        this.turn = {};
        this.next = {};
        this.items = new Map();
        this.lists = { user: [], tools: [], errors: [], overlaps: [] };
        this.over = false;
    }

    take(line) {
        const { t, event } = line;
        const turn = this.over ? this.next : this.turn; // the words that end a turn are written before its end is
        const item = () => this.items.get(line.item) ?? this.items.set(line.item, {}).get(line.item);
        switch (event) {
            case "wake":
                turn.wake ??= t;
                break;
            case "voice_start":
                this.voice = t;
                turn.voice ??= t;
                break;
            case "voice_end":
                if (turn.loudspeaker === undefined) turn.voiceEnd = t;
                break;
            case "engine_speech_stopped":
                if (turn.loudspeaker === undefined) turn.turnEnd = t;
                break;
            case "reply_received":
                turn.received ??= t;
                item();
                break;
            case "reply_first_audio":
                turn.loudspeaker ??= t;
                item().from = t;
                break;
            case "reply_last_audio":
                item().until = t;
                this.over = true;
                break;
            case "truncate":
                item().until = t;
                this.over = true;
                break;
            case "assistant":
                item().text = line.text;
                break;
            case "heard":
                Object.assign(item(), { heard: line.text, unheard: line.unheard });
                break;
            case "user":
                this.lists.user.push(line.text);
                break;
            case "tool":
                this.lists.tools.push(line);
                break;
            case "engine_error":
                this.lists.errors.push(line);
                break;
            case "duck":
                this.overlap = { duck: t };
                break;
            case "hold":
                if (this.overlap) this.overlap.hold = t;
                break;
            case "restore":
                this.decide("restore", t);
                break;
            case "cut":
                this.decide("cut", t);
                break;
            case "silence":
                if (this.cut) this.cut.silence = t;
                break;
        }
    }

    decide(how, t) {
        const overlap = { ...this.overlap, [how]: t };
        if (this.voice >= (overlap.duck ?? t) - 1) overlap.onset = this.voice;
        this.lists.overlaps.push(overlap);
        this.overlap = undefined;
        if (how === "cut") this.cut = overlap;
    }

    finish() {
        const { turn, next, lists } = this;
        const items = [...this.items.values()].map(({ from, until, text, heard, unheard }) => ({
            from,
            until,
            heard: heard ?? "",
            unheard: unheard ?? (heard === undefined ? (text ?? "") : ""),
        }));
        const made = {
            at: turn.wake ?? turn.voice ?? turn.turnEnd ?? turn.loudspeaker,
            voice: [turn.voice, turn.voiceEnd],
            user: lists.user
                .filter(Boolean)
                .map((text) => shown(text))
                .join(" "),
            items: items.filter(({ from, heard, unheard }) => from !== undefined || heard || unheard),
            tools: lists.tools,
            errors: lists.errors,
            answer: steps(
                ["", turn.voiceEnd],
                ["until the turn is over", turn.turnEnd, "user"],
                ["until the first audio is there", turn.received, "tool"],
                ["until the loudspeaker begins", turn.loudspeaker, "reply"],
            ),
            overlaps: lists.overlaps.map((one) => ({
                cut: one.cut !== undefined,
                ...steps(
                    ["", one.onset ?? one.duck],
                    ["until it is lowered", one.duck, "user"],
                    ["until it waits", one.hold, "tool"],
                    ["until it comes back", one.restore, "reply"],
                    ["until it is cut off", one.cut, "duck"],
                    ["until it is silent", one.silence, "cut"],
                ),
            })),
        };
        this.turn = this.cut && next.voice === undefined ? { voice: this.voice, ...next } : next;
        Object.assign(this, { next: {}, items: new Map(), over: false, cut: undefined });
        this.lists = { user: [], tools: [], errors: [], overlaps: [] };
        return made;
    }
}

/** Return how long it was from each known moment to the next; of a moment before the one before it, nothing. */
function steps([, first], ...later) {
    if (first === undefined) return { total: 0, steps: [] };
    let last = first;
    const found = [];
    for (const [what, t, look] of later) {
        if (t === undefined || t < last) continue;
        found.push({ what, look, seconds: t - last });
        last = t;
    }
    return { total: last - first, steps: found };
}

/** Return steps in words, for those who do not see them. */
export const inWords = ({ steps: all, total }) =>
    `${all.map(({ what, seconds }) => `${ms(seconds)} ${what}`).join(", ")}: ${ms(total)}`;
