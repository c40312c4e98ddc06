// A choice of a few things, each a line to touch: radio buttons, as keyboards and screen readers know them.

import { plain } from "../../view.js";
import { button, make } from "../make.js";
import { shown } from "../problem.js";

const AGAIN_MS = 700; // how often it is asked how far a fetch is

let count = 0;

// Return the element, and `value`: what is chosen. Of each: `value`, `title`, `text`, `more` (an element below it),
// `off` (it cannot be chosen). `change` is called when another one is.
export function choose(label, all, chosen, change = () => {}) {
  count += 1;
  const name = `choice-${count}`;
  let now = chosen;
  const lines = all.map((one, at) => {
    const id = `${name}-${at}`;
    const radio = make("input", { type: "radio", name, id, value: one.value, checked: one.value === chosen, disabled: Boolean(one.off) });
    radio.onchange = () => {
      now = one.value;
      change(now);
    };
    if (one.text) radio.setAttribute("aria-describedby", `${id}-text`);
    const title = make("label", { htmlFor: id }, plain(one.title, 120));
    if (one.lang) title.lang = one.lang;
    return make(
      "div", { className: one.off ? "choice off" : "choice" }, radio,
      make("div", { className: "what" }, title, one.text && make("p", { id: `${id}-text`, className: "quiet" }, one.text), one.under),
      one.more,
    );
  });
  return { element: make("fieldset", { className: "choices" }, make("legend", { className: "unseen" }, label), lines), value: () => now };
}

// Say what a choice lacks, and how to have it: a button, or a command to type on the device.
export function lacking(one, say, context) {
  if (!one.lacks) return undefined;
  if (one.fetch) return new Fetch(one, say, context).element;
  const fix = plain(one.fix, 400);
  return make("p", { className: "lacks" }, say(`lacks_${one.lacks}`), " ", make("code", {}, fix));
}

// Has the files of a choice fetched, shows how far that is, and then the step anew.
class Fetch {
  constructor({ fetch: name, megabytes }, say, { door, words, signal, announce }) {
    Object.assign(this, { name, say, door, words, signal, announce });
    this.start = button(say(megabytes ? "fetch_size" : "fetch", { size: Math.round(megabytes) || 1 }), () => this.fetch());
    this.bar = make("progress", { hidden: true, ariaLabel: say("fetching") });
    this.told = make("p", { className: "quiet", hidden: true }, say("fetching"));
    this.wrong = make("div");
    this.element = make("div", { className: "fetch" }, this.start, this.told, this.bar, this.wrong);
    door.ask("get_fetch").then((now) => { if (now.name === name) this.fetch(); }, () => null);
  }

  async fetch() {
    this.busy(true);
    this.announce(this.say("fetching"));
    this.wrong.replaceChildren();
    this.follow();
    try {
      await this.door.ask("fetch_files", { name: this.name });
      if (!this.signal.aborted) dispatchEvent(new HashChangeEvent("hashchange"));
    } catch (error) {
      this.wrong.replaceChildren(shown(error, this.words));
    }
    this.busy(false);
  }

  busy(on) {
    this.going = on;
    this.start.hidden = on;
    this.bar.hidden = this.told.hidden = !on;
  }

  async follow() {
    while (this.going && !this.signal.aborted) {
      const { size, done } = await this.door.ask("get_fetch").catch(() => ({}));
      if (size) {
        this.bar.max = size;
        this.bar.value = done;
        this.told.textContent = this.say("fetching_of", { done: Math.floor(done / 1e6), size: Math.ceil(size / 1e6) });
      }
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    }
  }
}

// Change the settings that a choice takes, one after the other, in the order that they need.
export async function put(door, puts) {
  for (const { key, value = null } of puts) await door.ask("change_setting", { key, value });
}
