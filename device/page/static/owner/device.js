// The device itself: its version, updates, a new start, and a factory reset.

import { plain } from "../view.js";
import { button, explained, make } from "./make.js";
import { shown } from "./problem.js";
import { When } from "./when.js";

const AGAIN_MS = 3000;
const LONGEST = 600;
const GOING = ["looking", "switching"];

export async function show(element, context) {
  const device = new Device(element, context);
  await device.load();
  device.follow();
}

class Device {
  constructor(element, { door, words, signal, announce, restart }) {
    Object.assign(this, { door, words, signal, announce, when: new When(words.language) });
    this.version = make("p", { className: "large" });
    this.updates = make("p", { role: "status" });
    this.how = make("p", { className: "quiet", lang: "en" });
    this.told = make("div");
    this.update = button(this.say("update"), () => this.updateNow(), "first");
    this.changes = make("div", { className: "inside prose", lang: "en" });
    this.restarted = make("div");
    this.reset = make("section", { className: "part" });
    const again = button(this.say("restart"), () => restart().catch((error) => this.restarted.replaceChildren(shown(error, words))));
    element.append(
      make("section", { className: "part" }, make("h2", {}, this.say("version")), this.version, this.updates, this.how, this.told, make("div", { className: "row" }, this.update)),
      make("details", {}, make("summary", {}, make("h2", {}, this.say("changes"))), this.changes),
      make("section", { className: "part" }, make("h2", {}, this.say("restart")), make("p", { className: "quiet" }, this.say("restart_about")), make("div", { className: "row" }, again), this.restarted),
      this.reset,
    );
    let known = door.now;
    door.listen((event) => { // it may be another version now
      if (event.type === "snapshot" && event !== known) this.load().catch(() => null);
      if (event.type === "snapshot") known = event;
    }, signal);
  }

  say(key, values) {
    return this.words.say("device", key, values);
  }

  async load() {
    this.show(await this.door.ask("get_version"));
    if (!this.form) this.offer(await this.door.ask("get_reset"));
  }

  show({ version, changes = "", updates = "none", looked, fix = "" }) {
    this.now = updates;
    this.version.textContent = `Parley ${plain(version, 40)}`;
    const state = this.say(`updates_${updates}`) || plain(updates, 40);
    this.updates.textContent = [state, looked !== undefined && this.say("looked", { when: this.when.short(looked) })].filter(Boolean).join(" ");
    this.how.textContent = plain(fix, LONGEST);
    this.update.hidden = ["none", "off"].includes(updates);
    this.update.disabled = GOING.includes(updates);
    this.changes.replaceChildren(...prose(changes));
  }

  async updateNow() {
    this.told.replaceChildren();
    this.update.disabled = true;
    try {
      await this.door.ask("update");
      this.announce(this.say("asked"));
      this.updates.textContent = this.say("asked");
    } catch (error) {
      this.told.replaceChildren(shown(error, this.words));
      this.update.disabled = false;
    }
  }

  // See how an update goes, while one does.
  async follow() {
    while (!this.signal.aborted) {
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      if (this.signal.aborted || document.hidden || !(this.update.disabled || GOING.includes(this.now))) continue;
      await this.door.ask("get_version").then((told) => this.show(told), () => null);
    }
  }

  // Say what a factory reset deletes; it is done by whoever types the name of the assistant.
  offer({ name, goes = [], stays = [], fix = "" }) {
    const parts = (all) => make("ul", { className: "plain" }, all.map((part) => make("li", {}, this.say(`part_${part}`) || plain(part, 40))));
    const shownName = plain(name, 100);
    const field = make("input", { id: "confirm", autocomplete: "off", maxLength: 200, spellcheck: false });
    const begin = make("button", { type: "submit", className: "danger", disabled: true }, this.say("reset_now"));
    const told = make("div");
    const same = (text) => text.trim().toLocaleLowerCase() === name.trim().toLocaleLowerCase();
    field.oninput = () => { begin.disabled = !same(field.value); };
    this.form = make(
      "form", {}, make("label", { htmlFor: "confirm" }, this.say("confirm", { name: shownName })),
      make("div", { className: "row" }, field, begin), told,
    );
    this.form.onsubmit = async (event) => {
      event.preventDefault();
      if (!same(field.value)) return;
      begin.disabled = true;
      try {
        await this.door.ask("reset", { name: field.value });
        told.replaceChildren(make("p", { className: "done", role: "status" }, this.say("reset_done")));
        this.announce(this.say("reset_done"));
      } catch (error) {
        told.replaceChildren(shown(error, this.words));
        begin.disabled = false;
      }
    };
    this.reset.replaceChildren(
      make("h2", {}, this.say("reset")), make("p", { className: "quiet" }, this.say("reset_about")),
      make("div", { className: "columns" },
        make("div", {}, make("h3", {}, this.say("goes")), parts(goes)), make("div", {}, make("h3", {}, this.say("stays")), parts(stays))),
      fix && make("p", {}, this.say("by_hand"), " ", make("code", {}, plain(fix, LONGEST))),
      this.form,
    );
  }
}

// Return the Markdown of device/CHANGES.md as elements: paragraphs, lists and code, and all else as it is written.
function prose(text) {
  const blocks = String(text).split(/\n\s*\n|\n(?=- )/).map((one) => one.replace(/\s*\n\s*/g, " ").trim()).filter(Boolean);
  const found = [];
  for (const block of blocks.slice(0, 200)) {
    if (!block.startsWith("- ")) found.push(make("p", {}, explained(plain(block.replace(/^#+ /, ""), 4000))));
    else {
      if (found.at(-1)?.tagName !== "UL") found.push(make("ul", {}));
      found.at(-1).append(make("li", {}, explained(plain(block.slice(2), 4000))));
    }
  }
  return found;
}
