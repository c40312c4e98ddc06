// What was said: searched, read, kept as a file, and deleted.

import { clock, plain } from "../view.js";
import { confirmed } from "./dialog.js";
import { save } from "./file.js";
import { button, make } from "./make.js";
import { shown } from "./problem.js";
import { When } from "./when.js";

const PAGE = 20;
const LATER_MS = 300; // after the last letter, it is searched
const LONGEST = 4000;
const LONGEST_LINE = 90;
const TYPES = { json: "application/json", csv: "text/csv", txt: "text/plain" };

export async function show(element, context) {
  await new Transcripts(element, context).load();
}

class Transcripts {
  constructor(element, { door, words, signal, announce }) {
    Object.assign(this, { door, words, signal, announce, when: new When(words.language), run: 0 });
    this.search = make("input", { type: "search", ariaLabel: this.say("search"), placeholder: this.say("search"), maxLength: 200, autocomplete: "off" });
    this.search.oninput = () => {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.again(), LATER_MS);
    };
    this.kind = make("select", { ariaLabel: this.say("format") }, Object.keys(TYPES).map((kind) => make("option", { value: kind }, this.say(`as_${kind}`))));
    this.told = make("div");
    this.list = make("div", { className: "groups" });
    this.more = button(this.say("more"), () => this.add().catch((error) => this.wrong(error)));
    this.more.hidden = true;
    this.erase = button(this.say("delete_all"), () => this.deleteAll(), "danger");
    element.append(
      make("p", { className: "quiet" }, this.say("about")),
      make("div", { className: "search" }, this.search),
      make("div", { className: "row" }, this.kind, button(this.say("export"), () => this.export())),
      this.told, this.list, this.more, make("div", { className: "row apart" }, this.erase),
    );
  }

  say(key, values) {
    return this.words.say("transcripts", key, values);
  }

  wrong(error) {
    this.told.replaceChildren(shown(error, this.words));
  }

  again() {
    this.load().catch((error) => this.wrong(error));
  }

  async load() {
    this.run += 1;
    this.next = "";
    this.list.replaceChildren();
    this.told.replaceChildren();
    await this.add();
  }

  // Add the next page, unless something else was searched for meanwhile.
  async add() {
    const { run } = this;
    const search = this.search.value.trim();
    const told = await fewer(this.door, "get_transcripts", { search, before: this.next });
    if (run !== this.run || this.signal.aborted) return;
    this.next = told.next ?? "";
    this.more.hidden = !this.next;
    const open = Boolean(search);
    this.list.append(...told.transcripts.map((one) => this.conversation(one, open)));
    const none = !this.list.children.length;
    this.erase.disabled = none && !search;
    if (none) this.told.replaceChildren(make("p", { className: "quiet", role: "status" }, this.say(search ? "not_found" : "none")));
  }

  conversation(one, open) {
    const lines = one.lines ?? [];
    const first = lines.find((line) => line.kind === "user") ?? lines.find((line) => line.text);
    const length = one.length_ms === undefined ? this.say("goes_on") : clock(one.length_ms / 1000);
    const erase = button(this.say("delete"), () => this.delete(one, box), "danger");
    erase.ariaLabel = `${this.say("delete")}: ${this.when.full(one.began)}`;
    const box = make(
      "details", { open, className: "conversation" },
      make(
        "summary", {},
        make("h2", {}, make("span", { className: "quiet" }, this.when.short(one.began)), " ", plain(first?.text, LONGEST_LINE) || this.say("wordless")),
        make("span", { className: "quiet" }, length),
      ),
      make(
        "div", { className: "inside" },
        make("p", { className: "quiet" }, [this.when.full(one.began), plain(one.profile, 60), one.why && this.say("ended", { why: plain(one.why, 60) })].filter(Boolean).join(" · ")),
        make("ol", { className: "said" }, lines.map((line) => this.line(line))),
        one.result !== undefined && make("pre", { tabIndex: 0, ariaLabel: this.say("result"), role: "region" }, plain(JSON.stringify(one.result), LONGEST)),
        one.clipped && make("p", { className: "quiet" }, this.say("clipped")),
        make("div", { className: "row" }, erase),
      ),
    );
    return box;
  }

  line({ kind, text = "", unheard = "", arguments: given = "", at_ms: at }) {
    const who = make("span", { className: "who" }, this.say(kind));
    const when = make("time", { className: "quiet" }, clock(at / 1000));
    const words = ["user", "assistant"].includes(kind)
      ? [plain(text, LONGEST), unheard && " ", unheard && make("s", { title: this.say("unheard") }, plain(unheard, LONGEST))]
      : [make("span", { className: "code" }, plain(`${text} ${given}`.trim(), LONGEST))];
    return make("li", { className: kind in LINES ? kind : "" }, who, make("p", {}, words), when);
  }

  async delete(one, box) {
    const say = (key) => this.say(key);
    if (!await confirmed({ title: say("delete"), text: this.say("delete_text", { when: this.when.full(one.began) }), yes: say("delete"), no: this.words.say("owner", "cancel") })) return;
    try {
      await this.door.ask("delete_transcripts", { ids: [one.id] });
      const beside = box.nextElementSibling ?? box.previousElementSibling;
      box.remove();
      this.announce(say("deleted_one"));
      if (beside) beside.querySelector("summary").focus();
      else this.again();
    } catch (error) {
      this.wrong(error);
    }
  }

  async deleteAll() {
    const say = (key) => this.say(key);
    if (!await confirmed({ title: say("delete_all"), text: say("delete_all_text"), yes: say("delete_all"), no: this.words.say("owner", "cancel") })) return;
    try {
      const { count } = await this.door.ask("delete_transcripts", { all: true });
      this.search.value = "";
      await this.load();
      this.announce(this.say("deleted", { count }));
    } catch (error) {
      this.wrong(error);
    }
  }

  // Keep all of them as a file, whatever was searched for.
  async export() {
    const kind = this.kind.value;
    const parts = [];
    try {
      let before = "";
      do {
        const piece = await fewer(this.door, "export_transcripts", { kind, before });
        parts.push(piece.text);
        before = piece.next ?? "";
      } while (before && !this.signal.aborted);
    } catch (error) {
      this.wrong(error);
      return;
    }
    if (this.signal.aborted) return;
    save(`transcripts.${kind}`, parts, TYPES[kind]);
    this.announce(this.say("exported"));
  }
}

const LINES = { user: true, assistant: true, tool: true, engine: true, error: true };

// Ask for a page, and for a smaller one where an answer would be too long.
async function fewer(door, type, fields) {
  for (let most = PAGE; ; most = Math.floor(most / 4)) {
    try {
      return await door.ask(type, { ...fields, most });
    } catch (error) {
      if (error.code !== "too_long" || most < 4) throw error;
    }
  }
}
