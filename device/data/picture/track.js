// A track over the time: its waveform, if there is one, and what happened on it.

import { clock, make, shown } from "./elements.js";

export const TRACKS = { visitors: "Visitors", microphone: "Microphone", loudspeaker: "Loudspeaker", engine: "Engine" };
export const LETTER = 6.6; // pixels of a letter of a label, about
const ROWS = { visitors: 1, microphone: 2, loudspeaker: 2, engine: 2 }; // of labels, over the waveform if there is one
const WIDEST = 220; // pixels of a label

/** A track, with as many labels as there is room for. */
export class Track {
    constructor(name, { waves, events, visits, bands }) {
        this.name = name;
        this.rows = ROWS[name];
        this.wave = waves[name];
        this.bands = bands[name] ?? [];
        this.canvas = make("canvas");
        this.chips = make("div.chips", { "aria-hidden": "true" });
        this.element = make(
            "div.track",
            { "data-track": name },
            this.canvas,
            this.chips,
            make("span.name", {}, TRACKS[name]),
        );
        const said = visits.map(({ start, label, text }) => ({
            t: start,
            kind: "visit",
            name: `“${shown(text || label, 80)}”`,
            look: "user",
            matters: 5,
            text: "",
        }));
        this.marks = [...(name === "visitors" ? said : []), ...events.filter(({ track }) => track === name)];
        this.inOrder = [...this.marks].sort((a, b) => b.matters - a.matters || a.t - b.t);
    }

    draw(timeline, colour) {
        const { context, width, height } = canvas(this.canvas);
        const { view } = timeline;
        const top = this.name === "engine" ? 0 : this.rows * 20 + 4;
        for (const { from, until, look, thin } of this.bands) {
            if (until < view.from || from > view.to) continue;
            const x = timeline.x(from);
            context.fillStyle = colour(look);
            context.globalAlpha = this.wave && !thin ? 0.16 : 0.5;
            const [y, tall] = thin ? [height - 4, 4] : [top, height - top];
            context.fillRect(x, y, Math.max(1, timeline.x(until) - x), tall);
        }
        context.globalAlpha = 1;
        if (this.wave)
            wave(context, this.wave, view, width, (top + height) / 2, (height - top) / 2 - 1, colour(this.name), 0);
        for (const { t, look } of this.marks) {
            const x = Math.round(timeline.x(t));
            if (x < 0 || x > width) continue;
            context.globalAlpha = 0.7;
            context.fillStyle = colour(look);
            context.fillRect(x, top ? top - 2 : 0, 1, height);
        }
        context.globalAlpha = 1;
        this.label(timeline, width);
    }

    /** Put labels where there is room, first those that matter most. */
    label(timeline, width) {
        const taken = Array.from({ length: this.rows }, () => []);
        const chips = [];
        taken[0].push([0, this.element.lastChild.offsetWidth + 8]); // the track's name
        for (const { t, kind, name: text, look, text: more } of this.inOrder) {
            const x = timeline.x(t);
            if (x < 0 || x > width - 8) continue;
            const long = Math.min(14 + LETTER * text.length, WIDEST);
            const row = taken.findIndex((all) => all.every(([from, until]) => x > until || x + long < from));
            if (row < 0) continue;
            taken[row].push([x, x + long + 3]);
            const title = `${clock(t - timeline.model.start, 2)} s ${text}${more ? `: ${shown(more, 300)}` : ""}`;
            const chip = make(`span.chip`, { "data-look": look, "data-kind": kind, "data-t": t, title }, text);
            chip.style.left = `${x}px`;
            chip.style.top = `${2 + 20 * row}px`;
            chip.style.maxWidth = `${Math.min(WIDEST, width - x)}px`;
            chips.push(chip);
        }
        this.chips.replaceChildren(...chips);
    }
}

/** Return a canvas ready to be drawn on in CSS pixels, and empty. */
export function canvas(element) {
    const [width, height, ratio] = [element.clientWidth || 1, element.clientHeight || 1, devicePixelRatio || 1];
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    const context = element.getContext("2d");
    context.scale(ratio, ratio);
    return { context, width, height };
}

/** Draw loudness over time about `middle`: upwards (`half` -1), downwards (1) or both (0). */
export function wave(context, { rate, levels, loudest }, { from, to }, width, middle, size, colour, half) {
    const each = ((to - from) / width) * rate; // levels a pixel
    const level = (x) => {
        const place = from * rate + x * each;
        if (each <= 1) {
            const left = Math.floor(place);
            const part = place - left;
            return (levels[left] ?? 0) * (1 - part) + (levels[left + 1] ?? 0) * part;
        }
        let most = 0;
        for (let i = Math.max(0, Math.floor(place)); i < place + each && i < levels.length; i++)
            if (levels[i] > most) most = levels[i];
        return most;
    };
    const heights = Array.from({ length: Math.ceil(width) + 1 }, (_, x) => Math.max(0.5, (level(x) / loudest) * size));
    context.beginPath();
    heights.forEach((h, x) => context.lineTo(x, middle - (half > 0 ? 0 : h)));
    heights.reverse().forEach((h, x) => context.lineTo(heights.length - 1 - x, middle + (half < 0 ? 0 : h)));
    context.fillStyle = colour;
    context.fill();
}
