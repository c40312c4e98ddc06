// What is wrong with the device, and what to do about each; and a bundle for whoever helps.

import { plain } from "../view.js";
import { bytes, save } from "./file.js";
import { button, make } from "./make.js";
import { Problem, shown } from "./problem.js";
import { When } from "./when.js";

const LONGEST = 1000;
const STATUS = ["ok", "warn", "fail"];
const PARTS = ["doctor", "settings", "log", "units", "costs", "cards", "machine", "versions"];

export async function show(element, { door, words, signal, announce }) {
  const when = new When(words.language);
  const say = (key, values) => words.say("doctor", key, values);
  const told = make("div");
  const list = make("ul", { className: "findings" });
  const count = make("p", { role: "status" });
  const untried = make("p", { className: "quiet" });
  const begin = button(say("examine"), () => examine().catch(wrong), "first");
  const bundled = make("div");
  const pack = button(say("bundle"), () => bundle());
  element.append(
    make("p", { className: "quiet" }, say("about")), make("div", { className: "row" }, begin, count), told, list, untried,
    make(
      "section", { className: "part" }, make("h2", {}, say("bundle_title")), make("p", { className: "quiet" }, say("bundle_about")),
      make("ul", { className: "plain" }, PARTS.map((part) => make("li", {}, say(`part_${part}`)))),
      make("div", { className: "row" }, pack), bundled,
    ),
  );

  function wrong(error) {
    told.replaceChildren(shown(error, words));
    busy(false);
  }

  function busy(on) {
    begin.disabled = on;
    list.ariaBusy = String(on);
  }

  function row({ name, status, message, fix = "" }) {
    const kind = STATUS.includes(status) ? status : "warn";
    return make(
      "li", { className: kind },
      make("span", { className: "badge" }, say(kind)),
      make("div", {}, make("h2", {}, plain(name, 100)), make("p", { lang: "en" }, plain(message, LONGEST)), kind !== "ok" && fix && make("p", { className: "fix", lang: "en" }, `→ ${plain(fix, LONGEST)}`)),
    );
  }

  function tally(found) {
    const of = (status) => found.filter((one) => one.status === status).length;
    return say("tally", { ok: of("ok"), warn: of("warn"), fail: of("fail") });
  }

  async function examine() {
    busy(true);
    told.replaceChildren();
    list.replaceChildren();
    count.textContent = say("looks");
    await door.ask("examine");
    await follow();
  }

  // Show what is found as it is, until it is over.
  async function follow() {
    for (let now = await door.ask("get_findings"); ; now = await door.ask("get_findings", { after: now.findings.length })) {
      if (signal.aborted) return;
      list.append(...now.findings.slice(list.children.length).map(row));
      if (!now.going) {
        busy(false);
        untried.replaceChildren(...(now.untried ? [`${say("untried")} `, make("code", {}, plain(now.untried, LONGEST))] : []));
        if (now.wrong) told.replaceChildren(shown(new Problem({ code: "failed", what: say("wrong", { why: now.wrong }) }), words));
        if (now.began !== undefined) count.textContent = `${when.short(now.began)}: ${tally(now.findings)}`;
        return;
      }
      busy(true);
      count.textContent = `${say("looks")} ${tally(now.findings)}`;
    }
  }

  async function bundle() {
    pack.disabled = true;
    bundled.replaceChildren(make("p", { className: "quiet", role: "status" }, say("packs")));
    try {
      const { name, data } = await door.ask("make_bundle");
      if (signal.aborted) return;
      save(plain(name, 100).replace(/[^\w.-]/g, "_"), [bytes(data)], "application/gzip");
      bundled.replaceChildren(make("p", { className: "done", role: "status" }, say("packed", { name: plain(name, 100) })), make("p", { className: "quiet" }, say("read_it")));
      announce(say("packed", { name: plain(name, 100) }));
    } catch (error) {
      bundled.replaceChildren(shown(error, words));
    }
    pack.disabled = false;
  }

  follow().catch((error) => { if (!signal.aborted) wrong(error); });
}
