// The tracks by the time: waveforms, what happened on them, and moving about in them.

import { clock, make, ms, shown } from "./elements.js";
import { LETTER, TRACKS, Track, canvas, wave } from "./track.js";

const SHORTEST = 0.25; // seconds that are shown at the least
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600]; // of the ruler
const NEAR = 4; // pixels that a finger may move without moving anything

export class Timeline {
    /** `model` is model.js's; `onseek(t)` is told where somebody points; `signal` says when nobody looks any more. */
    constructor(model, { onseek, signal }) {
        Object.assign(this, { model, onseek, at: model.start, pointers: new Map() });
        this.view = { from: model.start, to: model.end };
        this.overview = make("canvas.overview");
        this.ruler = make("canvas.ruler");
        this.states = make("div.states");
        this.tracks = Object.keys(TRACKS)
            .filter((name) => name !== "visitors" || model.visits.length || model.waves.visitors)
            .map((name) => new Track(name, model));
        this.captions = make("div.captions");
        this.playhead = make("div.playhead");
        this.area = make(
            "div.area",
            {},
            this.ruler,
            this.states,
            ...this.tracks.map((one) => one.element),
            this.captions,
            this.playhead,
        );
        this.element = make(
            "div.timeline",
            {
                role: "slider",
                tabindex: 0,
                "aria-label": "Time",
                "aria-valuemin": 0,
                "aria-valuemax": (model.end - model.start).toFixed(2),
            },
            this.overview,
            this.area,
        );
        this.listen(signal);
    }

    get width() {
        return this.area.clientWidth || 1;
    }

    x(t) {
        return ((t - this.view.from) / (this.view.to - this.view.from)) * this.width;
    }

    time(x) {
        return this.view.from + (x / this.width) * (this.view.to - this.view.from);
    }

    /** Show from when to when, as far as there is something. */
    show(from, to) {
        const { start, end } = this.model;
        const span = Math.min(end - start, Math.max(SHORTEST, to - from));
        const first = Math.min(end - span, Math.max(start, from));
        this.view = { from: first, to: first + span };
        this.redraw();
    }

    get whole() {
        return this.view.to - this.view.from >= this.model.end - this.model.start - 1e-6;
    }

    /** Show `factor` times as much, so that what is at `t` stays where it is. */
    zoom(factor, t = this.at) {
        const { from, to } = this.view;
        const around = t >= from && t <= to ? t : (from + to) / 2;
        const span = Math.max(SHORTEST, (to - from) * factor);
        const part = (around - from) / (to - from);
        this.show(around - part * span, around + (1 - part) * span);
    }

    all() {
        this.show(this.model.start, this.model.end);
    }

    /** See that `t` is shown. */
    bring(t) {
        const { from, to } = this.view;
        if (t < from || t > to) this.show(t - (to - from) / 3, t + ((to - from) * 2) / 3);
    }

    /** Put the hand at `t`, and follow it when it leaves what is shown at the end. */
    put(t, text) {
        const { from, to } = this.view;
        if (this.at <= to && t > to) this.show(t, t + to - from);
        this.at = t;
        this.playhead.style.transform = `translateX(${this.x(t)}px)`;
        this.element.setAttribute("aria-valuenow", (t - this.model.start).toFixed(2));
        this.element.setAttribute("aria-valuetext", text);
    }

    redraw() {
        this.pending ??= requestAnimationFrame(() => {
            this.pending = undefined;
            this.draw();
        });
    }

    draw() {
        const look = getComputedStyle(this.element);
        const colour = (name) => look.getPropertyValue(`--picture-${name}`).trim();
        this.drawOverview(colour);
        this.drawRuler(colour);
        this.drawStates();
        for (const track of this.tracks) track.draw(this, colour);
        this.drawCaptions();
        this.playhead.style.transform = `translateX(${this.x(this.at)}px)`;
    }

    drawOverview(colour) {
        const { context, width, height } = canvas(this.overview);
        const { start, end, waves, events } = this.model;
        const x = (t) => ((t - start) / (end - start)) * width;
        const all = { from: start, to: end };
        for (const [name, half] of [
            ["microphone", -1],
            ["loudspeaker", 1],
        ])
            if (waves[name])
                wave(context, waves[name], all, width, height / 2, (height / 2) * 0.95, colour(name), half);
        for (const { t, look, matters } of events) {
            if (matters < 7) continue;
            context.fillStyle = colour(look);
            context.fillRect(x(t) - 1, 0, 2, 5);
        }
        context.fillStyle = colour("veil");
        context.fillRect(0, 0, x(this.view.from), height);
        context.fillRect(x(this.view.to), 0, width, height);
        context.strokeStyle = colour("ink");
        context.strokeRect(
            x(this.view.from) + 0.5,
            0.5,
            Math.max(2, x(this.view.to) - x(this.view.from) - 1),
            height - 1,
        );
    }

    drawRuler(colour) {
        const { context, width, height } = canvas(this.ruler);
        const { from, to } = this.view;
        const least = ((to - from) / width) * 64;
        const step = STEPS.find((one) => one >= least) ?? 10 ** Math.ceil(Math.log10(least));
        const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        context.font = `11px ${getComputedStyle(this.element).fontFamily}`;
        context.fillStyle = colour("dim");
        for (let i = Math.ceil((from - this.model.start) / step); i * step + this.model.start <= to; i++) {
            const x = Math.round(this.x(i * step + this.model.start));
            context.fillRect(x, height - 5, 1, 5);
            context.fillText(`${clock(i * step, digits)} s`, x + 4, height - 6);
        }
    }

    drawStates() {
        const { from, to } = this.view;
        this.states.replaceChildren(
            ...this.model.states
                .filter((one) => one.until > from && one.from < to)
                .map((one) => {
                    const wide = this.x(one.until) - this.x(one.from);
                    const title = `${one.state}: ${ms(one.until - one.from)}`;
                    const label = make(
                        "span.state",
                        { "data-state": one.state, title },
                        wide > LETTER * one.state.length + 8 ? one.state : "",
                    );
                    return this.placed(label, one.from, one.until);
                }),
        );
    }

    drawCaptions() {
        const { from, to } = this.view;
        this.captions.replaceChildren(
            ...this.model.captions
                .filter((one) => one.until > from && one.from < to)
                .map((one) => {
                    const words = make("span.words");
                    if (one.heard) words.append(shown(one.heard, 300), " ");
                    if (one.unheard) words.append(make("span.unheard", {}, shown(one.unheard, 300)));
                    const title = shown(`${one.heard} ${one.unheard}`.trim(), 500);
                    const block = this.placed(
                        make("div.caption", { "data-who": one.who, title }, words),
                        one.from,
                        one.until,
                    );
                    words.style.maxWidth = `${this.x(one.next) - parseFloat(block.style.left) - 8}px`;
                    return block;
                }),
        );
    }

    placed(element, from, until) {
        const left = Math.max(-2, this.x(from));
        element.style.left = `${left}px`;
        element.style.width = `${Math.max(1, Math.min(this.width + 2, this.x(until)) - left)}px`;
        return element;
    }

    listen(signal) {
        new ResizeObserver(() => this.redraw()).observe(this.area);
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw(), { signal });
        this.area.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        this.area.addEventListener("pointerdown", (event) => this.down(event));
        this.area.addEventListener("pointermove", (event) => this.move(event));
        for (const name of ["pointerup", "pointercancel"]) this.area.addEventListener(name, (event) => this.up(event));
        this.overview.addEventListener("pointerdown", (event) => {
            this.overview.setPointerCapture(event.pointerId);
            this.centre(event);
        });
        this.overview.addEventListener("pointermove", (event) => event.buttons && this.centre(event));
    }

    centre({ offsetX }) {
        const { start, end } = this.model;
        const half = (this.view.to - this.view.from) / 2;
        const t = start + (offsetX / (this.overview.clientWidth || 1)) * (end - start);
        this.show(t - half, t + half);
    }

    wheel(event) {
        const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
        if (!sideways && event.deltaY > 0 && this.whole) return; // there is no more: the page scrolls on
        event.preventDefault();
        const unit = [1, 16, 100][event.deltaMode];
        if (sideways) {
            const by = (((event.deltaX || event.deltaY) * unit) / this.width) * (this.view.to - this.view.from);
            this.show(this.view.from + by, this.view.to + by);
        } else {
            const by = Math.max(-100, Math.min(100, event.deltaY * unit));
            this.zoom(Math.exp(by * (event.ctrlKey ? 0.01 : 0.003)), this.time(event.clientX - this.left));
        }
    }

    get left() {
        return this.area.getBoundingClientRect().left + this.area.clientLeft;
    }

    down(event) {
        if (event.button) return;
        this.area.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, event.clientX - this.left);
        this.grip = {
            at: event.clientX,
            moved: this.pointers.size > 1,
            mark: event.target.closest?.(".chip")?.dataset.t,
        };
        this.hold();
    }

    /** Remember what time each finger is on: it stays under it. */
    hold() {
        const xs = [...this.pointers.values()];
        this.held = xs.map((x) => this.time(x));
    }

    move(event) {
        if (!this.pointers.has(event.pointerId)) return;
        this.pointers.set(event.pointerId, event.clientX - this.left);
        this.grip.moved ||= Math.abs(event.clientX - this.grip.at) > NEAR;
        if (!this.grip.moved) return;
        const [a, b] = this.pointers.values();
        const [s, t] = this.held;
        if (b === undefined) {
            const by = s - this.time(a);
            this.show(this.view.from + by, this.view.to + by);
        } else if (Math.abs(a - b) > NEAR) {
            const each = Math.abs((t - s) / (b - a)); // seconds a pixel
            this.show(s - a * each, s + (this.width - a) * each);
        }
    }

    up(event) {
        if (!this.pointers.delete(event.pointerId)) return;
        if (!this.grip.moved && event.type === "pointerup") {
            const { mark, at } = this.grip;
            this.onseek(mark === undefined ? this.time(at - this.left) : Number(mark));
        }
        this.hold();
    }
}
