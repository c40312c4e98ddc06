// Wi-Fi: the networks there are, one of which is joined. Also shown to telephones in the device's own access point.

import { plain } from "../view.js";
import { button, make } from "./make.js";
import { Problem, shown } from "./problem.js";

const AGAIN_MS = 3000;
const NAME = 32; // bytes
const UNSERVED = "unserved";
const CLOSED = new Set(["enterprise", "wep"]); // which cannot be joined here
const FREE = new Set(["open", "enhanced"]); // which have no password

export async function show(body, { words, signal, announce }) {
  const view = new Wifi(body, words, announce);
  try {
    await view.look();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== UNSERVED) throw error;
    view.unserved(error);
    return;
  }
  const again = setInterval(() => view.look().catch(() => view.away()), AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
}

class Wifi {
  constructor(body, words, announce) {
    this.say = (key, values) => words.say("wifi", key, values);
    this.words = words;
    this.announce = announce;
    this.chosen = null; // what is being joined: a network, or { hidden: true }
    this.told = "";
    this.status = make("div", { role: "status" });
    this.list = make("ul", { className: "networks" });
    this.other = button(this.say("hidden"), () => this.choose({ hidden: true, security: "wpa2", name: "" }), "link");
    this.other.hidden = true; // until it is known that there is anything to choose from
    body.append(this.status, this.list, this.other);
  }

  async look() {
    this.take(await asked("/wifi.json"));
  }

  // Nobody looks after Wi-Fi here, which is usual where a cable or the system itself brings the network.
  unserved({ fix }) {
    this.status.append(make(
      "div", { className: "note" }, make("p", {}, this.say("unserved")),
      make("p", { className: "fix" }, this.say("unserved_fix"), " ", make("code", {}, plain(fix, 200))),
    ));
  }

  // The device is not reached: while it joins a network, its own is away.
  away() {
    if (this.joining) this.tell("note", this.say("leaving", { name: this.joining, own: this.own }));
  }

  take(now) {
    this.other.hidden = false;
    this.own = plain(now.access_point, NAME);
    this.here = plain(now.here, 200);
    this.closes = now.doing === "open";
    const name = plain(now.trouble?.name ?? "", 200);
    if (now.doing === "joining") this.tell("note", this.say("leaving", { name: plain(now.joining, 200), own: this.own }));
    else if (now.trouble) this.tell("problem", this.say("not_joined", { name }), this.say(`why_${now.trouble.why}`));
    else if (now.here) this.tell("done", this.say("here", { name: this.here }));
    else this.tell("quiet", this.say(now.networks.length ? "choose" : "none"));
    if (now.doing !== "joining") this.joining = "";
    const seen = JSON.stringify(now.networks);
    if (seen === this.seen || this.chosen) return; // nothing moves under the finger
    this.seen = seen;
    this.list.replaceChildren(...now.networks.map((network) => this.row(network)));
  }

  tell(kind, ...lines) {
    const told = lines.join(" ");
    if (told === this.told) return;
    this.told = told;
    this.status.replaceChildren(make("div", { className: kind }, lines.map((line) => make("p", {}, line))));
  }

  row(network) {
    const name = plain(network.name, 200);
    const closed = CLOSED.has(network.security);
    const about = [this.say(network.security), network.saved && this.say("saved")].filter(Boolean).join(" · ");
    const row = make("li");
    const choose = make(
      "button", { type: "button", disabled: closed, onclick: () => this.choose(network, row) },
      make("span", { className: "name", dir: "auto" }, name),
      make("span", { className: "quiet" }, about),
      bars(network.strength, this.say("strength", { percent: network.strength })),
    );
    row.append(choose);
    if (closed) row.append(make("p", { className: "quiet" }, this.say(`${network.security}_not`)));
    return row;
  }

  // Ask for what it takes to join a network.
  choose(network, row = null) {
    this.form?.remove();
    this.chosen = network;
    const free = FREE.has(network.security);
    const name = network.hidden && make("input", { id: "wifi-name", required: true, autocapitalize: "none", spellcheck: false, autocomplete: "off" });
    const password = !free && make("input", {
      id: "wifi-password", type: "password", autocomplete: "off", autocapitalize: "none", spellcheck: false,
      required: !network.hidden, maxLength: 64,
    });
    const see = password && make("input", { id: "wifi-see", type: "checkbox", className: "switch" });
    if (see) see.onchange = () => { password.type = see.checked ? "text" : "password"; };
    const wrong = make("div");
    const send = make("button", { type: "submit", className: "first" }, this.say("join"));
    this.form = make(
      "form", { className: "join", ariaLabel: this.say("join_named", { name: plain(network.name, 200) || this.say("hidden") }) },
      name && [make("label", { htmlFor: "wifi-name" }, this.say("name")), name],
      password && [
        make("label", { htmlFor: "wifi-password" }, this.say(network.hidden ? "password_if" : "password")), password,
        make("div", { className: "row" }, see, make("label", { htmlFor: "wifi-see" }, this.say("see"))),
      ],
      free && make("p", {}, this.say(`${network.security}_warn`)),
      (this.closes || this.here) && make("p", { className: "quiet" }, this.closes ? this.say("then", { own: this.own }) : this.say("then_leaves", { name: this.here })),
      wrong,
      make("div", { className: "row" }, send, button(this.say("cancel"), () => this.leave())),
    );
    this.form.onsubmit = async (event) => {
      event.preventDefault();
      send.disabled = true;
      wrong.replaceChildren();
      try {
        await this.join(network, name ? name.value : "", password ? password.value : "");
      } catch (error) {
        wrong.replaceChildren(shown(error, this.words));
        send.disabled = false;
      }
    };
    (row ?? this.other).after(this.form);
    if (row) row.append(this.form);
    (name || password || send).focus();
    this.form.scrollIntoView({ block: "nearest" });
  }

  leave() {
    this.form?.remove();
    this.form = this.chosen = null;
  }

  async join(network, name, password) {
    const bytes = new TextEncoder().encode(name);
    if (network.hidden && (bytes.length === 0 || bytes.length > NAME)) {
      throw new Problem({ what: this.say("name_long", { most: NAME }) });
    }
    const ssid = network.hidden ? [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("") : network.ssid;
    const now = await asked("/wifi/join", { ssid, password, hidden: Boolean(network.hidden) });
    this.joining = plain(network.hidden ? name : network.name, 200);
    this.leave();
    this.take(now);
    this.announce(this.told);
  }
}

// Ask the device; return its answer, throw a Problem.
async function asked(path, body) {
  const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, body ? post : {}).catch(() => null);
  if (!answer) throw new Problem({ code: "closing" });
  if (answer.ok) return answer.json();
  if (answer.status === 401) {
    location.assign("/settings#wifi");
    return new Promise(() => {});
  }
  const known = answer.headers.get("Content-Type")?.startsWith("application/json");
  const code = answer.status === 503 ? UNSERVED : "failed";
  throw new Problem({ code, ...(known ? await answer.json() : { what: `HTTP ${answer.status}` }) });
}

function bars(strength, label) {
  const lit = Math.max(1, Math.ceil(strength / 25));
  const four = [1, 2, 3, 4].map((one) => make("i", { className: one <= lit ? "lit" : "" }));
  return make("span", { className: "bars", role: "img", ariaLabel: label }, four);
}
