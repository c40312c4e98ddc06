// All settings, made of what the daemon tells of each: what it means, what it admits, and where its value comes from.

import { plain } from "../view.js";
import { field, written } from "./field.js";
import { button, explained, make } from "./make.js";
import { Pending } from "./pending.js";
import { Problem, shown } from "./problem.js";

const LONGEST = 400;

export async function show(element, context) {
  const all = new All(element, context);
  await all.load();
  // The daemon may have been started anew, with other settings.
  let known = context.door.now;
  context.door.listen((event) => {
    if (event.type === "snapshot" && event !== known) all.load().catch(() => null);
    if (event.type === "snapshot") known = event;
  }, context.signal);
}

class All {
  constructor(element, { door, words, announce, restart }) {
    Object.assign(this, { door, words, announce, rows: new Map(), groups: new Map() });
    this.search = make("input", { type: "search", ariaLabel: this.say("search"), placeholder: this.say("search"), autocomplete: "off" });
    this.search.oninput = () => this.filter();
    this.found = make("p", { className: "quiet", role: "status" });
    this.file = make("p", { className: "quiet" });
    this.fault = make("div");
    this.list = make("div", { className: "groups" });
    this.pending = new Pending({ words, restart });
    this.more = new Set(); // engines whose settings are shown because they were asked for
    this.adding = new AddEngine(this);
    element.append(
      this.pending.element, this.file, this.fault, make("div", { className: "search" }, this.search, this.found), this.list,
      this.adding.element,
    );
  }

  say(key, values) {
    return this.words.say("settings", key, values);
  }

  async load() {
    const told = await this.ask();
    const more = await Promise.all([...this.more].map((name) => this.ask(`engine.${name}`)));
    const settings = [told, ...more].flatMap((one) => one.settings);
    this.tell(told);
    this.take(settings);
    const there = new Set(settings.map((one) => one.key));
    for (const [key, row] of this.rows) {
      if (there.has(key)) continue;
      row.element.remove();
      this.rows.delete(key);
    }
    this.filter();
  }

  ask(below = "") {
    return this.door.ask("get_settings", { below, language: this.words.language });
  }

  // Show what the daemon tells of settings, anew or for the first time.
  take(settings) {
    for (const setting of settings) {
      const row = this.rows.get(setting.key);
      if (row) row.refresh(setting);
      else this.add(setting);
    }
  }

  // Show the settings of an engine that is neither chosen nor set.
  async showEngine(name) {
    this.more.add(name);
    this.take((await this.ask(`engine.${name}`)).settings);
    this.search.value = "";
    this.filter();
    const group = this.groups.get(`engine.${name}`);
    group.open = true;
    group.scrollIntoView({ block: "start" });
    group.querySelector("summary").focus();
  }

  // Tell the file, what is wrong with it, and what holds only after a restart.
  tell(told) {
    const { words } = this;
    this.file.textContent = this.say("file", { file: plain(told.file, LONGEST) });
    this.fault.replaceChildren();
    if (told.fault) this.fault.append(shown(new Problem({ code: "failed", what: told.fault }), words));
    this.pending.tell(told);
    this.language = told.language ?? "en";
    if (told.engines) this.adding.offer(told.engines.filter((name) => !this.more.has(name)));
  }

  add(setting) {
    const name = groupOf(setting.key);
    let group = this.groups.get(name);
    if (!group) {
      const [table, engine] = name.split(".");
      const title = this.say(`group_${table}`) || table;
      group = make("details", {}, make("summary", {}, make("h2", {}, plain(engine ? `${title}: ${engine}` : title, 80)), make("span", { className: "quiet" })));
      this.groups.set(name, group);
      this.list.append(group);
    }
    const row = new Row(setting, this);
    this.rows.set(setting.key, row);
    group.append(row.element);
  }

  // Show what was searched for; of each group how many there are, and how many of them are not at their defaults.
  filter() {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const [name, group] of this.groups) {
      let here = 0;
      let set = 0;
      for (const row of this.rows.values()) {
        if (groupOf(row.setting.key) !== name) continue;
        const fits = wanted.split(/\s+/).every((word) => row.text.includes(word));
        row.element.hidden = !fits;
        here += fits;
        set += Boolean(row.setting.origin);
      }
      group.hidden = !here;
      if (wanted !== (this.wanted ?? "")) group.open = Boolean(wanted) && here > 0;
      group.querySelector("summary span").textContent = set ? this.say("count_set", { count: here, set }) : String(here);
      count += here;
    }
    if (wanted !== (this.wanted ?? "")) this.found.textContent = wanted ? this.say("found", { count }) : "";
    this.wanted = wanted;
  }

  // Tell anew what is set below a key, and what holds only after a restart.
  async refresh(key) {
    const told = await this.ask(key);
    this.tell({ ...told, engines: undefined });
    return told.settings[0];
  }
}

// Another engine: one that is known, or a server of one's own that speaks like one of those.
class AddEngine {
  constructor(all) {
    this.all = all;
    const { words } = all;
    const say = (key) => words.say("settings", key);
    this.known = make("select", { id: "engine-known" });
    this.known.onchange = () => { this.own.hidden = Boolean(this.known.value); };
    this.name = make("input", { id: "engine-name", autocomplete: "off", spellcheck: false, maxLength: 40 });
    this.url = make("input", { id: "engine-url", type: "url", autocomplete: "off", spellcheck: false, placeholder: "ws://192.168.1.5:8000/v1/realtime", maxLength: 300 });
    this.like = make("select", { id: "engine-like" });
    const labelled = (key, control) => make("div", { className: "pair" }, make("label", { htmlFor: control.id }, say(key)), control);
    this.own = make("div", { className: "inside" }, labelled("engine_name", this.name), labelled("engine_url", this.url), labelled("engine_like", this.like));
    this.told = make("div");
    this.element = make(
      "details", { className: "add" }, make("summary", {}, make("h2", {}, say("engine_add"))),
      make(
        "div", { className: "inside" }, make("p", { className: "quiet" }, say("engine_about")), labelled("engine_which", this.known), this.own,
        make("div", { className: "row" }, button(say("engine_show"), () => this.add(), "first")), this.told,
      ),
    );
  }

  // Offer those that are known and not shown; `engines` are their names.
  offer(engines) {
    const option = (name) => make("option", { value: name }, plain(name, 60));
    const chosen = this.known.value;
    this.known.replaceChildren(...engines.map(option), make("option", { value: "" }, this.all.say("engine_other")));
    this.known.value = engines.includes(chosen) ? chosen : engines[0] ?? "";
    if (!this.like.children.length) this.like.append(...engines.map(option));
    this.own.hidden = Boolean(this.known.value);
  }

  async add() {
    const { all } = this;
    const name = this.known.value || this.name.value.trim();
    this.told.replaceChildren();
    try {
      if (!this.known.value) {
        if (!/^[\w-]+$/.test(name)) throw new Problem({ code: "invalid", what: all.say("engine_no_name") });
        await all.door.ask("change_setting", { key: `engine.${name}`, value: { like: this.like.value, url: this.url.value.trim() }, was: null });
      }
      await all.showEngine(name);
      await all.load();
      this.element.open = false;
      this.name.value = this.url.value = "";
    } catch (error) {
      this.told.replaceChildren(shown(error, all.words));
    }
  }
}

function groupOf(key) {
  const parts = key.split(".");
  if (parts.length === 1) return key === "prices" ? key : "general";
  return parts[0] === "engine" ? parts.slice(0, 2).join(".") : parts[0];
}

let count = 0;

class Row {
  constructor(setting, all) {
    this.all = all;
    this.words = all.words;
    count += 1;
    this.id = `setting-${count}`;
    this.element = make("section", { className: "setting" });
    this.take(setting);
  }

  say(key, values) {
    return this.all.say(key, values);
  }

  // Take what the daemon tells of the setting, and show it.
  take(setting) {
    this.setting = setting;
    const name = plain(setting.key, 100);
    this.text = `${setting.key} ${setting.about ?? ""}`.toLocaleLowerCase();
    this.control = field(setting, this.id, this.words);
    this.before = this.now();
    const { element } = this.control;
    element.setAttribute("aria-describedby", `${this.id}-about ${this.id}-facts`);
    element.oninput = () => this.changed();
    element.onkeydown = (event) => {
      if (event.key === "Enter" && element.tagName === "INPUT" && this.dirty) this.save();
      if (event.key === "Escape" && this.dirty) this.undo();
    };
    this.actions = make(
      "div", { className: "row", hidden: true },
      button(this.say("save"), () => this.save(), "first"), button(this.say("undo"), () => this.undo()),
    );
    this.told = make("div");
    this.element.replaceChildren(
      make("label", { htmlFor: this.id }, name),
      make("p", { id: `${this.id}-about`, lang: this.all.language }, explained(plain(setting.about, 1000))),
      make("div", { className: "control" }, element),
      this.facts(),
      this.actions,
      this.told,
    );
  }

  // What is valid, the default, and who has set it.
  facts() {
    const { setting } = this;
    const secret = setting.kind === "secret";
    const simple = ["switch", "choice"].includes(setting.kind);
    const own = secret ? setting.present : setting.file !== undefined && setting.file !== null;
    const facts = [
      !secret && !simple && setting.valid && setting.valid !== "text" && make("span", { lang: "en" }, plain(setting.kind === "table" ? `JSON: ${setting.valid}` : setting.valid, LONGEST)),
      setting.kind === "list" && make("span", {}, this.say("a_line_each")),
      !secret && make("span", {}, this.say("default", { value: plain(written(setting.default, this.words), 200) })),
      setting.origin && make("span", { className: "set" }, this.say("origin", { origin: plain(setting.origin, 200) })),
    ].filter(Boolean);
    return make(
      "div", { className: "facts" }, make("p", { id: `${this.id}-facts` }, facts),
      own && button(this.say(secret ? "remove" : "reset"), () => this.send(null), "link"),
    );
  }

  now() {
    try {
      return JSON.stringify(this.control.value());
    } catch {
      return ""; // it is being written
    }
  }

  get dirty() {
    return this.now() !== this.before;
  }

  changed() {
    this.actions.hidden = !this.dirty;
    this.element.classList.toggle("dirty", this.dirty);
    this.told.replaceChildren();
    this.control.element.ariaInvalid = null;
  }

  undo() {
    this.control.put(this.setting.value);
    this.changed();
    this.control.element.focus();
  }

  // Take what the daemon tells anew, unless somebody is writing here.
  refresh(setting) {
    if (!this.dirty && JSON.stringify(setting) !== JSON.stringify(this.setting)) this.take(setting);
  }

  async save() {
    let value;
    try {
      value = this.control.value();
    } catch {
      this.wrong(new Problem({ code: "invalid", what: this.say("no_json") }));
      return;
    }
    await this.send(value);
  }

  // Have a value set; null for none of one's own. What the file says is believed to be what was told.
  async send(value) {
    const { setting } = this;
    const was = setting.kind === "secret" ? {} : { was: setting.file ?? null };
    try {
      await this.all.door.ask("change_setting", { key: setting.key, value, ...was });
      await this.saved();
    } catch (error) {
      if (error.code === "changed") await this.stale(value).catch((other) => this.wrong(other));
      else this.wrong(error);
    }
  }

  async saved() {
    this.take(await this.all.refresh(this.setting.key));
    this.element.classList.remove("dirty");
    this.told.replaceChildren(make("p", { className: "done" }, this.say("saved")));
    this.all.announce(this.say("saved"));
    this.control.element.focus();
  }

  // The file was changed by hand meanwhile: show both, and let choose.
  async stale(value) {
    const theirs = await this.all.refresh(this.setting.key);
    const shownOf = (one) => make("code", {}, plain(written(one, this.words), LONGEST));
    const mine = value;
    this.setting = theirs;
    this.actions.hidden = true;
    this.told.replaceChildren(make(
      "div", { className: "problem", role: "alert" },
      make("p", {}, this.say("changed")),
      make("dl", {}, make("dt", {}, this.say("theirs")), make("dd", {}, shownOf(theirs.file)), make("dt", {}, this.say("mine")), make("dd", {}, shownOf(mine))),
      make(
        "div", { className: "row" },
        button(this.say("take_theirs"), () => {
          this.take(theirs);
          this.element.classList.remove("dirty");
          this.control.element.focus();
        }),
        button(this.say("take_mine"), () => this.send(mine), "first"),
      ),
    ));
  }

  wrong(error) {
    this.control.element.ariaInvalid = "true";
    this.told.replaceChildren(shown(error, this.words));
  }
}
