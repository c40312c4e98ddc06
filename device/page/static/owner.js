// The owner's view: who has the code sees its sections, one at a time.

import { confirmed } from "./owner/dialog.js";
import { Door } from "./owner/door.js";
import { button, make } from "./owner/make.js";
import { Problem, shown } from "./owner/problem.js";
import { SECTIONS } from "./owner/sections.js";
import { signIn } from "./owner/sign-in.js";
import { plain } from "./view.js";
import { wanted, Words } from "./words.js";

document.body.dataset.runs = "";

const AGAIN_MS = 1000;
const STARTS_MS = 60_000; // for so long, who asked for a restart is not told that nobody answers
const HOME = "settings"; // what is shown where the address names nothing
const $ = (id) => document.getElementById(id);

class Owner {
  constructor(page, words, edition) {
    this.words = words;
    this.edition = edition;
    this.door = new Door(() => this.lost());
    this.leaving = new AbortController();
    this.banner = make("div", { id: "banner", role: "status" });
    this.main = make("main", { id: "main", tabIndex: -1 });
    this.links = new Map(SECTIONS.map((name) => [name, make("a", { href: `#${name}` }, words.say(name, "title"))]));
    const menu = make("button", { type: "button", id: "menu", ariaExpanded: "false" });
    menu.setAttribute("aria-controls", "sections");
    menu.onclick = () => { menu.ariaExpanded = String(menu.ariaExpanded === "false"); };
    this.menu = menu;
    this.name = make("p", { id: "name" }, "Parley");
    page.replaceChildren(
      make("header", {}, this.name, make("a", { className: "button", href: "/" }, words.say("owner", "kiosk"))),
      make(
        "nav", { ariaLabel: words.say("owner", "sections") }, menu,
        make("div", { id: "sections" },
          make("ul", {}, [...this.links.values()].map((link) => make("li", {}, link))),
          make("div", { className: "leave" }, this.languages(),
            button(words.say("owner", "sign_out"), () => this.leave(false)),
            button(words.say("owner", "sign_out_all"), () => this.leave(true)))),
      ),
      make("div", { id: "content" }, this.banner, this.main),
    );
    this.door.listen((event) => this.take(event), new AbortController().signal);
    this.first();
  }

  // Show the section of the address; on a device that nobody has set up, without one, the first steps.
  async first() {
    if (!location.hash) {
      await this.door.ready;
      const told = await this.door.ask("get_steps").catch(() => null);
      if (told?.due && !location.hash) history.replaceState(null, "", "#steps");
    }
    addEventListener("hashchange", () => this.go(true));
    this.go(false);
  }

  // Show the section that the address names.
  async go(moved) {
    const { words } = this;
    const [named, ...rest] = location.hash.slice(1).split("/");
    const name = this.links.has(named) ? named : HOME;
    this.leaving.abort();
    const leaving = this.leaving = new AbortController();
    for (const [one, link] of this.links) link.ariaCurrent = one === name ? "page" : null;
    this.menu.ariaExpanded = "false";
    this.menu.textContent = words.say(name, "title");
    document.title = `${words.say(name, "title")} · Parley`;
    const body = make("div", { className: "section" });
    this.main.replaceChildren(make("h1", {}, words.say(name, "title")), body);
    if (moved) this.main.focus();
    scrollTo(0, 0);
    this.failed = false;
    try {
      const loaded = import(`./owner/${name}.js`).catch(() => {
        this.unloaded = true; // for browsers, for as long as the page is there
        throw new Problem({ code: "closing" });
      });
      const [{ show }] = await Promise.all([loaded, this.door.ready]);
      if (!leaving.signal.aborted) await show(body, this.context(leaving.signal, rest.join("/")));
    } catch (error) {
      if (leaving.signal.aborted) return;
      this.failed = true; // shown again as soon as there is a daemon
      body.append(shown(error, words));
    }
  }

  // What a section is given.
  context(signal, rest) {
    return { door: this.door, words: this.words, signal, rest, announce: tell, restart: () => this.restart() };
  }

  async restart() {
    await this.door.ask("restart");
    clearTimeout(this.starts);
    this.starts = setTimeout(() => {
      this.starts = null;
      if (this.gone) this.tellGone(this.gone);
    }, STARTS_MS);
    this.banner.replaceChildren(make("div", { className: "note" }, make("p", {}, this.words.say("owner", "restarting"))));
  }

  take(event) {
    if (this.away && (event.type === "snapshot" || event.type === "gone")) {
      this.away = false;
      this.look();
    }
    if (event.type === "snapshot") {
      this.name.textContent = plain(event.about.name, 40);
      clearTimeout(this.starts);
      this.starts = null;
      this.banner.replaceChildren();
      if (this.gone && this.unloaded) location.reload();
      else if (this.failed) this.go(false);
      this.gone = null;
    } else if (event.type === "gone") {
      this.gone = event;
      if (!this.starts) this.tellGone(event);
    }
  }

  tellGone({ what, fix }) {
    this.banner.replaceChildren(make(
      "div", { className: "problem" },
      make("p", {}, this.words.say("owner", "gone")),
      what && make("p", { className: "fix" }, plain(what, 300), fix && `: ${plain(fix, 300)}`),
    ));
  }

  languages() {
    const { words } = this;
    return make("div", { id: "languages", role: "group", ariaLabel: words.say("say", "language") }, words.languages.map((language) => {
      const choose = button(words.name(language), () => {
        words.choose(language);
        location.reload();
      });
      choose.lang = language;
      choose.ariaPressed = String(language === words.language);
      return choose;
    }));
  }

  async leave(everywhere) {
    const say = (key) => this.words.say("owner", key);
    if (everywhere && !await confirmed({ title: say("sign_out_all"), text: say("sign_out_all_text"), yes: say("sign_out_all"), no: say("cancel") })) return;
    await fetch("/owner/sign-out", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ everywhere }),
    }).catch(() => null);
    location.reload();
  }

  lost() {
    this.away = true;
    this.look();
  }

  // The page's server may take this browser for the owner's no more, or be of another version by now.
  async look() {
    const now = await got("/owner.json").catch(() => null);
    if (now && (!now.signed_in || now.edition !== this.edition)) location.reload();
  }
}

function tell(text) {
  $("announce").textContent = text;
}

async function got(what) {
  const answer = await fetch(what);
  if (!answer.ok) throw new Problem({ code: "closing" });
  return answer.json();
}

let known = null;
while (!known) {
  known = await Promise.all([got("/owner.json"), got(`/owner-words.json?${wanted(navigator.languages)}`)]).catch(() => null);
  if (!known) await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
}
const [about, told] = known;
const words = new Words(told, navigator.languages);
document.documentElement.lang = words.language;
document.title = words.say("owner", "title");
if (about.signed_in) new Owner($("page"), words, about.edition);
else signIn($("page"), words);
