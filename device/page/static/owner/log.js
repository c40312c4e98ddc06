// The assistant's log, as it comes.

import { plain } from "../view.js";
import { button, make } from "./make.js";
import { shown } from "./problem.js";
import { When } from "./when.js";

const AGAIN_MS = 1500;
const MOST = 2000; // lines that are shown; a choice
const LONGEST = 2000;
const NEAR = 40; // pixels from its end, within which it follows

export async function show(element, context) {
  const log = new Log(element, context);
  await log.load();
  log.follow();
}

class Log {
  constructor(element, { door, words, signal, announce }) {
    Object.assign(this, { door, words, signal, announce, when: new When(words.language), last: 0, paused: false });
    this.pause = button(this.say("pause"), () => this.halt());
    this.pause.ariaPressed = "false";
    this.filter = make("select", { ariaLabel: this.say("level") }, ["all", "warnings", "errors"].map((one) => make("option", { value: one }, this.say(one))));
    this.filter.onchange = () => { this.lines.dataset.only = this.filter.value; };
    this.search = make("input", { type: "search", ariaLabel: this.say("search"), placeholder: this.say("search"), autocomplete: "off" });
    this.search.oninput = () => {
      for (const line of this.lines.children) this.sift(line);
    };
    this.told = make("div");
    this.all = make("p", { className: "quiet" });
    this.lines = make("div", { className: "log", role: "log", ariaLive: "off", ariaLabel: this.say("title"), tabIndex: 0 });
    element.append(
      make("p", { className: "quiet" }, this.say("about")), this.told,
      make("div", { className: "row" }, this.filter, this.search, this.pause, button(this.say("copy"), () => this.copy())),
      this.lines, this.all,
    );
    let known = door.now;
    door.listen((event) => { // another process has another log
      if (event.type === "snapshot" && event !== known) this.begin();
      if (event.type === "snapshot") known = event;
    }, signal);
  }

  say(key, values) {
    return this.words.say("log", key, values);
  }

  begin() {
    if (this.last) this.lines.append(make("div", { className: "quiet" }, `— ${this.say("anew")} —`));
    this.last = 0;
  }

  async load() {
    const told = await this.door.ask("get_log", { after: this.last, most: 500 });
    if (this.signal.aborted) return;
    this.told.replaceChildren();
    this.last = told.last;
    this.all.replaceChildren(...(told.more ? [`${this.say("more")} `, make("code", {}, plain(told.more, 200))] : []));
    if (!told.lines.length) return;
    const { lines } = this;
    const follows = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR;
    lines.append(...told.lines.map((one) => this.line(one)));
    while (lines.children.length > MOST) lines.firstChild.remove();
    if (follows) lines.scrollTop = lines.scrollHeight;
  }

  // Go on looking for what is new, until the section is left.
  async follow() {
    while (!this.signal.aborted) {
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
      if (this.signal.aborted || this.paused || document.hidden) continue;
      await this.load().catch((error) => {
        if (error.code !== "closing") this.told.replaceChildren(shown(error, this.words));
      });
    }
  }

  line({ at, text, level = "info" }) {
    const line = make("div", {}, make("time", { title: this.when.full(at) }, this.when.seconds(at)), " ", make("span", {}, plain(text, LONGEST)));
    line.dataset.level = ["debug", "info", "warning", "error"].includes(level) ? level : "info";
    this.sift(line);
    return line;
  }

  sift(line) {
    line.hidden = !line.textContent.toLocaleLowerCase().includes(this.search.value.trim().toLocaleLowerCase());
  }

  halt() {
    this.paused = !this.paused;
    this.pause.ariaPressed = String(this.paused);
    this.pause.textContent = this.say(this.paused ? "go_on" : "pause");
    this.announce(this.say(this.paused ? "paused" : "follows"));
  }

  // Copy what is shown. Browsers have a clipboard for pages of a secure line alone, and an older way for all.
  async copy() {
    const text = [...this.lines.children].filter((one) => one.offsetHeight).map((one) => one.textContent).join("\n");
    let copied = false;
    try {
      await navigator.clipboard.writeText(text);
      copied = true;
    } catch {
      const area = make("textarea", { value: text, readOnly: true, className: "unseen", ariaHidden: "true" });
      document.body.append(area);
      area.select();
      copied = document.execCommand("copy");
      area.remove();
    }
    this.told.replaceChildren(make("p", { className: copied ? "done" : "quiet", role: "status" }, this.say(copied ? "copied" : "not_copied")));
  }
}
