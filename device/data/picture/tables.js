// Everything in rows: all that happened, and what was measured.

import { make, number, shown } from "./elements.js";

const PAGE = 500; // rows that are added at once
const HEADS = ["Time", "Words", "Wake", "Reply", "Lowered", "Silent", "Told", "Heard"];
const MEANT =
    "In ms. Wake: from the end of the wake word. Reply: from the end of what a visitor said. Lowered and silent: " +
    "from the onset of the visitor who spoke over it. Told: how much the engine was told of; heard: how much was.";

function table(label, heads, body) {
    const head = make("thead", make("tr", ...heads.map((text) => make("th", { scope: "col" }, text))));
    return make("div.rows", { tabindex: 0, role: "region", "aria-label": label }, make("table", head, body));
}

/** All that happened, of which one is where the sound is; `jump(t)` makes a button that goes to a time. */
export class EventList {
    constructor(events, jump) {
        Object.assign(this, { events, jump, rows: new Map(), body: make("tbody") });
        this.box = table("All events", ["Time", "Event", "What it means"], this.body);
        this.more = make("button.more", { type: "button", onclick: () => this.add() }, "Show more");
        this.add();
        this.element = make("section", make("h2", "What happened"), this.box, this.more);
    }

    add() {
        const first = this.body.children.length;
        for (const event of this.events.slice(first, first + PAGE)) {
            const { kind, t, look, name, text } = event;
            const badge = make("span.badge", { "data-look": look }, name);
            const cells = [make("td", this.jump(t)), make("td", badge), make("td.what", text)];
            const row = make("tr", { "data-event": kind, "data-t": t }, ...cells);
            this.rows.set(event, row);
            this.body.append(row);
        }
        this.more.hidden = this.body.children.length >= this.events.length;
    }

    /** Show which event is the last one. */
    mark(event) {
        const row = this.rows.get(event);
        if (row === this.marked) return;
        this.marked?.classList.remove("now");
        this.marked = row;
        if (!row) return;
        row.classList.add("now");
        const { box } = this;
        const [top, bottom] = [row.offsetTop - 40, row.offsetTop + row.offsetHeight]; // below the heads
        if (top < box.scrollTop || bottom > box.scrollTop + box.clientHeight) box.scrollTop = top;
    }
}

/** Return what was measured on the recording: a summary's `{turns, restored}`. Nothing if nothing was. */
export function measured(found, jump) {
    const turns = (found?.turns ?? []).map((turn) => {
        const { at, wake_ms, reply_ms, duck_ms, silence_ms, heard_ms, heard_true_ms } = turn;
        const words = shown(turn.user, 200) || shown(turn.assistant, 200);
        return { at, words, figures: [wake_ms, reply_ms, duck_ms, silence_ms, heard_ms, heard_true_ms] };
    });
    const restored = (found?.restored ?? []).map(({ at, duck_ms, restore_ms }) => {
        const words = `a reply was lowered, and back after ${number(restore_ms)} ms`;
        return { at, words, figures: [undefined, undefined, duck_ms, undefined, undefined, undefined] };
    });
    if (!turns.length && !restored.length) return undefined;
    const figure = (value) => make("td.figure", Number.isFinite(value) ? value.toLocaleString("en") : "");
    const rows = [...turns, ...restored]
        .sort((a, b) => a.at - b.at)
        .map(({ at, words, figures }) =>
            make("tr", make("td", jump(at)), make("td.what", words), ...figures.map(figure)),
        );
    const title = "Measured on the recording";
    return make("section", make("h2", title), table(title, HEADS, make("tbody", ...rows)), make("p.facts", MEANT));
}
