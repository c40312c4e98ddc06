// Profiles: which there are, and one at a time as a text that is checked while it is written.

import { plain } from "../view.js";
import { confirmed } from "./dialog.js";
import { button, make } from "./make.js";
import { Pending } from "./pending.js";
import { Problem, shown } from "./problem.js";

const CHECK_MS = 400; // after the last key; no slower than one looks up
const LONGEST = 30_000; // characters, a little less than the door takes
const COPY = "+";

let justSaved = ""; // the setting of a new profile, which is shown now by its own address
const drafts = new Map(); // what was written and not saved, by the section's address

// After the section's name the address has the name of a profile, or + for a new one, and of which it is a copy.
export async function show(element, context) {
  const { rest } = context;
  if (rest) await new Editor(element, context).open(rest);
  else await list(element, context);
}

async function list(element, { door, words, restart }) {
  const say = (key, values) => words.say("profiles", key, values);
  const pending = new Pending({ words, restart });
  const wrong = make("div");
  const elsewhere = make("p");
  const cards = make("ul", { className: "cards" });
  element.append(
    pending.element, make("p", { className: "quiet" }, say("about")), wrong, elsewhere, cards,
    make("div", { className: "row" }, make("a", { className: "button", href: `#profiles/${COPY}` }, say("new"))),
  );

  const choose = async (setting) => {
    wrong.replaceChildren();
    try {
      await door.ask("change_setting", { key: "profile", value: setting });
      await fill();
    } catch (error) {
      wrong.replaceChildren(shown(error, words));
    }
  };

  const card = ({ name, description = "", setting, bundled = false, chosen = false, fault = "" }) => make(
    "li", { className: "card" },
    make(
      "div", {},
      make("h2", {}, plain(name, 40), chosen && make("span", { className: "badge" }, say("chosen"))),
      make("p", { className: "quiet" }, say(bundled ? "bundled" : "own")),
      description && make("p", {}, plain(description, 300)),
      fault && shown(new Problem({ what: fault }), words),
    ),
    make(
      "div", { className: "row" },
      make("a", { className: "button", href: `#profiles/${encodeURIComponent(name)}` }, say(bundled ? "look" : "edit")),
      !chosen && !fault && button(say("use"), () => choose(setting)),
      chosen && button(say("use_none"), () => choose(null)),
    ),
  );

  const fill = async () => {
    const [there, told] = await Promise.all([door.ask("get_profiles"), door.ask("get_settings", { below: "profile" })]);
    cards.replaceChildren(...there.profiles.map(card));
    elsewhere.replaceChildren();
    if (there.elsewhere) elsewhere.append(say("elsewhere", { file: plain(there.elsewhere, 200) }), button(say("use_none"), () => choose(null), "link"));
    pending.tell(told);
  };
  await fill();
}

class Editor {
  constructor(element, { door, words, signal, announce, restart }) {
    Object.assign(this, { element, door, words, signal, announce });
    this.pending = new Pending({ words, restart });
  }

  say(key, values) {
    return this.words.say("profiles", key, values);
  }

  async open(rest) {
    this.fresh = rest.startsWith(COPY);
    this.base = this.fresh ? decodeURIComponent(rest.slice(1)) : "";
    const name = this.fresh ? this.base : decodeURIComponent(rest);
    const told = name ? await this.door.ask("get_profile", { name }) : { text: this.say("template"), mark: "" };
    this.key = rest;
    this.saved = told.text;
    this.mark = this.fresh ? "" : told.mark ?? "";
    this.bundled = !this.fresh && !this.mark;
    this.build(name);
    addEventListener("beforeunload", (event) => { if (drafts.size) event.preventDefault(); }, { signal: this.signal });
    await this.check();
  }

  build(name) {
    const { base } = this;
    this.name = make("input", {
      id: "profile-name", value: this.fresh ? base && `my-${base}` : name, readOnly: !this.fresh, autocomplete: "off",
      spellcheck: false, maxLength: 40,
    });
    this.text = make("textarea", {
      id: "profile-text", className: "code", rows: 24, spellcheck: false, autocomplete: "off", maxLength: LONGEST,
      readOnly: this.bundled, value: drafts.get(this.key) ?? this.saved,
    });
    this.text.setAttribute("aria-describedby", "profile-findings");
    this.text.oninput = () => this.written();
    this.name.oninput = () => this.soon();
    this.findings = make("div", { id: "profile-findings", role: "status" });
    this.told = make("div");
    this.engine = make("select", { id: "profile-engine" });
    this.engine.onchange = () => this.check();
    this.payload = make("pre", { tabIndex: 0, role: "region", ariaLabel: this.say("payload") });
    this.sent = make(
      "details", { className: "sent" }, make("summary", {}, make("h2", {}, this.say("payload"))),
      make("div", { className: "inside" }, make("p", { className: "quiet" }, this.say("payload_about")),
        make("label", { htmlFor: "profile-engine" }, this.say("engine")), this.engine, this.payload),
    );
    const actions = this.bundled
      ? [make("a", { className: "button first", href: `#profiles/${COPY}${encodeURIComponent(name)}` }, this.say("copy"))]
      : [button(this.say("save"), () => this.save(this.mark), "first"), !this.fresh && button(this.say("delete"), () => this.remove(), "danger")];
    const parts = [
      this.pending.element,
      make("p", {}, make("a", { href: "#profiles" }, this.say("all"))),
      this.bundled && make("p", { className: "quiet" }, this.say("stays")),
      make("div", { className: "pair" }, make("label", { htmlFor: "profile-name" }, this.say("name")), this.name),
      make("div", { className: "pair" }, make("label", { htmlFor: "profile-text" }, this.say("text")), this.text),
      this.findings,
      make("div", { className: "row" }, actions.filter(Boolean)),
      this.told,
      this.sent,
    ];
    this.element.append(...parts.filter(Boolean));
    if (justSaved) this.toldSaved(justSaved).catch((error) => this.wrong(error));
    justSaved = "";
  }

  written() {
    if (this.text.value === this.saved) drafts.delete(this.key);
    else drafts.set(this.key, this.text.value);
    this.told.replaceChildren();
    this.soon();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), CHECK_MS);
  }

  // Have the text checked, and show what is wrong and what an engine would be sent; of two answers the later counts.
  async check() {
    const asked = this.asked = {};
    const fields = { name: this.name.value.trim() || "new", text: this.text.value, base: this.bundled ? "" : this.base, engine: this.engine.value };
    let told;
    try {
      told = await this.door.ask("check_profile", fields);
    } catch (error) {
      if (this.asked === asked) this.findings.replaceChildren(shown(error, this.words));
      return;
    }
    if (this.asked !== asked) return;
    this.found(told.findings ?? []);
    this.sent.hidden = !told.engines?.length;
    if (this.sent.hidden) return;
    this.engine.replaceChildren(...told.engines.map((one) => make("option", { value: one }, plain(one, 60))));
    this.engine.value = told.engine;
    this.payload.textContent = JSON.stringify(told.payload, null, 2);
  }

  found(findings) {
    const grave = findings.some((one) => one.grave !== false);
    const line = (one) => {
      const text = plain(one.what, 500);
      if (!one.line) return make("li", {}, text);
      return make("li", {}, button(this.say("line", { line: one.line }), () => this.jump(one.line), "link"), " ", text);
    };
    const title = !findings.length ? "sound" : grave ? "unsound" : "nearly";
    this.text.ariaInvalid = grave ? "true" : null;
    this.findings.replaceChildren(make(
      "div", { className: grave ? "problem" : "" },
      make("p", { className: grave ? "" : "done" }, this.say(title)),
      findings.length ? make("ul", {}, findings.slice(0, 50).map(line)) : null,
    ));
  }

  // Go to a line of the text.
  jump(line) {
    const lines = this.text.value.split("\n");
    const begins = lines.slice(0, line - 1).join("\n").length + (line > 1);
    this.text.focus();
    this.text.setSelectionRange(begins, begins + (lines[line - 1] ?? "").length);
    this.text.scrollTop = (this.text.scrollHeight * (line - 4)) / lines.length;
  }

  async save(was) {
    const name = this.name.value.trim();
    const { text } = this;
    const written = text.value;
    try {
      const told = await this.door.ask("save_profile", { name, text: written, base: this.base, was });
      drafts.delete(this.key);
      if (this.fresh) {
        justSaved = told.setting;
        location.hash = `profiles/${encodeURIComponent(name)}`;
        return;
      }
      this.saved = written;
      this.mark = told.mark;
      await this.toldSaved(told.setting);
    } catch (error) {
      if (error.code === "changed" && !this.fresh) await this.stale(name).catch((other) => this.wrong(other));
      else this.wrong(error);
    }
  }

  // Say that it is saved and, unless it is the one chosen, offer to choose it.
  async toldSaved(setting) {
    const settings = await this.door.ask("get_settings", { below: "profile" });
    this.pending.tell(settings);
    const chosen = settings.settings[0].file === setting;
    const text = this.say(chosen ? "saved" : "saved_unused");
    const use = button(this.say("use"), async () => {
      try {
        await this.door.ask("change_setting", { key: "profile", value: setting });
        await this.toldSaved(setting);
      } catch (error) {
        this.wrong(error);
      }
    }, "first");
    this.told.replaceChildren(make("div", { className: "row" }, make("p", { className: "done" }, text), !chosen && use));
    this.announce(text);
  }

  // The file was changed by somebody else meanwhile: show it, and let choose.
  async stale(name) {
    const theirs = await this.door.ask("get_profile", { name });
    this.told.replaceChildren(make(
      "div", { className: "problem", role: "alert" },
      make("p", {}, this.words.say("settings", "changed")),
      make("p", { className: "quiet" }, this.words.say("settings", "theirs")),
      make("pre", { tabIndex: 0, role: "region", ariaLabel: this.words.say("settings", "theirs") }, theirs.text),
      make(
        "div", { className: "row" },
        button(this.words.say("settings", "take_theirs"), () => {
          this.text.value = this.saved = theirs.text;
          this.mark = theirs.mark;
          this.written();
        }),
        button(this.words.say("settings", "take_mine"), () => this.save(theirs.mark), "first"),
      ),
    ));
  }

  async remove() {
    const name = this.name.value;
    const answers = { title: this.say("delete"), text: this.say("delete_text", { name }), yes: this.say("delete"), no: this.words.say("owner", "cancel") };
    if (!await confirmed(answers)) return;
    try {
      await this.door.ask("delete_profile", { name });
      drafts.delete(this.key);
      location.hash = "profiles";
    } catch (error) {
      this.wrong(error);
    }
  }

  wrong(error) {
    this.told.replaceChildren(shown(error, this.words));
  }
}
