// A conversation as a picture: `draw(root, data)`.
//
// `data.events` are lines of the ledger: `[{t, event, …}]`. That is all that is needed. A recording has more, all in
// seconds on the same clock: `title`, `seconds` (it begins at 0), `visits` (`{label, text, start, end}`), `waveforms`
// (`{rate, tracks: {name: base64 of a byte a level}}`), `sound` (see sound.js), `measured` (`{turns, restored}`), and
// `note`, what there is to say of it. Tracks are `visitors`, `microphone` and `loudspeaker`. Nothing in it is trusted.
// Its styles are theme.css, whose colours another page may set itself, and picture.css.

import { turnCards } from "./cards.js";
import { clock, make, ms, shown } from "./elements.js";
import { modelOf } from "./model.js";
import { Player } from "./sound.js";
import { EventList, measured } from "./tables.js";
import { Timeline } from "./timeline.js";

const HEARD = { visitors: true, microphone: false, loudspeaker: true };
const ZOOM = 1.6; // of a key or a button
const SOON = 2; // seconds for which the last event is told of
const HELP = "Wheel or two fingers zoom, dragging moves, a click goes there. Keys on the picture: ";
const KEYS = "← → move, n and p go to the next event and back, + − 0 zoom.";

const drawn = new WeakMap(); // what ends the picture that is in an element

/** Draw a conversation into an element, in place of what is there. */
export function draw(root, data) {
    drawn.get(root)?.abort();
    const ending = new AbortController();
    drawn.set(root, ending);
    root.classList.add("picture");
    root.replaceChildren(...new Picture(data, ending.signal).parts);
}

class Picture {
    /** With `signal` it falls silent and listens to nothing any more. */
    constructor(data, signal) {
        this.model = modelOf(data);
        if (data.sound && globalThis.AudioContext && globalThis.DecompressionStream) {
            this.player = new Player(data.sound, { ...HEARD });
            this.player.onend = () => this.playing();
            signal.addEventListener("abort", () => this.player.pause());
        }
        this.timeline = new Timeline(this.model, { onseek: (t) => this.seek(t), signal });
        this.timeline.element.addEventListener("keydown", (event) => this.key(event));
        this.time = make("output.time");
        this.now = make("p.now");
        this.said = make("p.said", { role: "status" });
        const jump = (t) => this.jump(t);
        this.list = new EventList(this.model.events, jump);
        const help = make("p.help", HELP + (this.player ? "space plays, " : "") + KEYS);
        const shows = [this.timeline.element, this.now, this.said, help];
        const tells = [turnCards(this.model.turns, jump), this.list.element, measured(data.measured, jump)];
        this.parts = [this.header(data), this.tools(), ...shows, ...tells].filter(Boolean);
        this.put(this.model.start);
    }

    header({ title, note }) {
        const { start, end, turns } = this.model;
        const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
        const facts = [`${clock(end - start)} s`, count(turns.length, "turn", "turns")];
        const answers = turns.map(({ answer }) => answer.total).filter(Boolean);
        const median = answers.sort((a, b) => a - b)[Math.floor((answers.length - 1) / 2)];
        if (median) facts.push(`the answer begins ${ms(median)} after the voice, in the median`);
        const overlaps = turns.flatMap((turn) => turn.overlaps);
        const cuts = overlaps.filter(({ cut }) => cut).length;
        const back = overlaps.length - cuts;
        if (cuts) facts.push(count(cuts, "interruption", "interruptions"));
        if (back) facts.push(`${count(back, "reply", "replies")} lowered and brought back`);
        const told = note ? make("p.note", shown(note)) : undefined;
        return make(
            "header",
            make("h1", shown(title, 200) || "The conversation"),
            make("p.facts", facts.join(" · ")),
            told,
        );
    }

    tools() {
        const button = (text, label, onclick) =>
            make("button", { type: "button", "aria-label": label, title: label, onclick }, text);
        this.button = make("button.play", { type: "button", onclick: () => this.toggle() }, "▶ Play");
        const hear = Object.keys(this.player?.sound.tracks ?? {}).map((track) => {
            const onchange = ({ target }) => this.player.hear(track, target.checked);
            return make("label", make("input", { type: "checkbox", checked: HEARD[track], onchange }), track);
        });
        return make(
            "div.tools",
            { role: "group", "aria-label": "Time and zoom" },
            this.player ? this.button : undefined,
            this.time,
            make(
                "span.group",
                button("‹", "To the event before", () => this.step(-1)),
                button("›", "To the next event", () => this.step(1)),
            ),
            make(
                "span.group",
                button("−", "Zoom out", () => this.timeline.zoom(ZOOM)),
                button("+", "Zoom in", () => this.timeline.zoom(1 / ZOOM)),
                button("All", "Show all of it", () => this.timeline.all()),
            ),
            hear.length ? make("fieldset.group", make("legend", "hear"), ...hear) : undefined,
        );
    }

    /** Return a button that goes to a time. */
    jump(t) {
        if (!Number.isFinite(t)) return "";
        const label = `${clock(t - this.model.start, 2)} s`;
        return make("button.jump", { type: "button", title: "Go there", onclick: () => this.seek(t) }, label);
    }

    seek(t) {
        const { start, end } = this.model;
        const at = Math.max(start, Math.min(end, t));
        this.player?.seek(at - start);
        this.timeline.bring(at);
        this.put(at);
    }

    async toggle() {
        if (this.player?.playing) this.player.pause();
        else
            await this.player
                ?.play()
                .catch((error) => this.say(`The sound cannot be played: ${shown(error?.message)}`));
        this.playing();
        this.follow();
    }

    playing() {
        if (!this.player) return;
        this.button.textContent = this.player.playing ? "❚❚ Pause" : "▶ Play";
        this.put(this.model.start + this.player.currentTime);
    }

    follow() {
        if (!this.player?.playing) return;
        this.put(this.model.start + this.player.currentTime);
        requestAnimationFrame(() => this.follow());
    }

    /** Show that it is at `t` now. */
    put(t) {
        const { start, end, states, events } = this.model;
        const state = states.findLast(({ from }) => from <= t)?.state ?? "asleep";
        const latest = events.findLast((event) => event.t <= t + 1e-3 && event.matters > 1)?.t;
        const last = foremost(events.filter((event) => event.t === latest));
        const told = last && t - last.t < SOON ? `, ${last.name}: ${shown(last.text, 200)}` : "";
        const text = `${clock(t - start, 2)} s, ${state}${told}`;
        this.time.textContent = `${clock(t - start, 2)} / ${clock(end - start)} s`;
        this.now.textContent = text;
        this.timeline.put(t, text);
        this.list.mark(last);
    }

    say(text) {
        this.said.textContent = text;
    }

    /** Go to the event before or after, of those that are shown on a track. */
    step(by) {
        const { at } = this.timeline;
        const events = this.model.events.filter(({ matters }) => matters > 1);
        const next = by > 0 ? events.find(({ t }) => t > at + 1e-3) : events.findLast(({ t }) => t < at - 1e-3);
        if (!next) return;
        const found = foremost(events.filter(({ t }) => t === next.t));
        this.seek(found.t);
        this.say(`${clock(found.t - this.model.start, 2)} s, ${found.name}: ${shown(found.text, 200)}`);
    }

    key(event) {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const { timeline } = this;
        const { from, to } = timeline.view;
        const go = (part) => () => this.seek(timeline.at + part * (to - from));
        const does = {
            " ": () => this.toggle(),
            ArrowRight: go(0.02),
            ArrowUp: go(0.02),
            ArrowLeft: go(-0.02),
            ArrowDown: go(-0.02),
            PageUp: go(0.2),
            PageDown: go(-0.2),
            Home: () => this.seek(this.model.start),
            End: () => this.seek(this.model.end),
            "+": () => timeline.zoom(1 / ZOOM),
            "=": () => timeline.zoom(1 / ZOOM),
            "-": () => timeline.zoom(ZOOM),
            0: () => timeline.all(),
            n: () => this.step(1),
            p: () => this.step(-1),
        }[event.key];
        if (!does) return;
        event.preventDefault();
        does();
    }
}

/** Return the event that matters most. */
const foremost = (events) => [...events].sort((a, b) => b.matters - a.matters)[0];
