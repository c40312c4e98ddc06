// Timers, alarms and reminders: what is set, and when it rings.

import { clock, plain } from "../view.js";
import { button, make } from "./make.js";
import { shown } from "./problem.js";
import { When } from "./when.js";

export async function show(element, { door, words, signal, announce }) {
  const when = new When(words.language);
  const say = (key, values) => words.say("timers", key, values);
  const list = make("ul", { className: "cards timers" });
  const told = make("div");
  const none = make("p", { className: "quiet" }, say("none"));
  const stop = button(say("stop"), () => done("stop", {}, say("stopped")), "first");
  const ringing = make("div", { className: "pending", role: "status" }, make("p", {}, say("rings")), stop);
  element.append(make("p", { className: "quiet" }, say("about")), told, ringing, none, list);

  async function done(type, fields, said) {
    told.replaceChildren();
    try {
      await door.ask(type, fields);
      announce(said);
    } catch (error) {
      told.replaceChildren(shown(error, words));
    }
  }

  function card(name, kind, detail, cancel) {
    const stops = button(say("cancel"), cancel);
    stops.ariaLabel = say("cancel_named", { name });
    return make("li", {}, make("div", {}, make("h2", {}, name), make("p", { className: "quiet" }, kind)), detail, stops);
  }

  let counting = [];
  function tick() {
    for (const { element: shows, at } of counting) shows.textContent = clock(Math.max(0, at - Date.now() / 1000));
  }

  function draw({ timers = [], alarms = [], ringing: rings = false }) {
    const focused = document.activeElement?.closest(".cards li") && [...list.children].indexOf(document.activeElement.closest("li"));
    counting = [];
    const rows = timers.map((one) => {
      const name = plain(one.name, 80);
      const left = make("time", { className: "large" }, clock(one.left_s));
      if (!one.paused) counting.push({ element: left, at: one.rings_at });
      const kind = say(one.paused ? "timer_paused" : "timer", { length: clock(one.seconds), at: when.short(one.rings_at) });
      return card(name, kind, left, () => done("cancel_timer", { name: one.name }, say("cancelled", { name })));
    });
    rows.push(...alarms.map((one) => {
      const name = plain(one.text, 200) || say(one.kind);
      const days = (one.days ?? []).map((day) => when.weekday(day)).join(", ");
      const kind = [one.text && say(one.kind), days && say("every", { days })].filter(Boolean).join(" · ");
      const at = one.rings_at === undefined ? say("no_clock") : when.short(one.rings_at);
      return card(name, kind, make("time", { className: "large" }, at), () => done("cancel_alarm", { number: one.number }, say("cancelled", { name })));
    }));
    list.replaceChildren(...rows);
    none.hidden = rows.length > 0;
    ringing.hidden = !rings;
    tick();
    if (typeof focused === "number") (list.children[Math.min(focused, rows.length - 1)] ?? element.closest("main")).querySelector?.("button")?.focus();
  }

  draw(await door.ask("get_timers"));
  const every = setInterval(tick, 500);
  signal.addEventListener("abort", () => clearInterval(every));
  let known = door.now; // of when the line was opened: what was asked for is newer
  door.listen((event) => {
    if (event.type === "timers") draw(event);
    if (event.type === "snapshot" && event !== known) draw(event.timers ?? {});
    if (event.type === "snapshot") known = event;
  }, signal);
}
