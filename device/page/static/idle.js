// While nobody talks: the time, a picture, timers; and after a while a dark screen with a dim clock that moves.

import { clock, plain, spoken } from "./view.js";

const LINGER_MS = 8000; // for so long what was said last can still be read
const MOVE_MS = 20_000;
const FADE_MS = 2500;
const MOST_TIMERS = 4;

export class Idle {
  constructor(page, look) {
    this.page = page;
    this.look = look; // what the settings say of it
    this.awakeSince = performance.now();
    this.moved = 0;
    this.asleepSince = -Infinity;
    for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
      addEventListener(kind, (event) => this.touched(event), { capture: true });
    }
  }

  // A touch of the dark screen lights it, and does nothing else.
  touched(event) {
    this.awakeSince = performance.now();
    if (!this.page.saver.hidden) {
      if (event.type !== "pointermove") {
        event.preventDefault();
        event.stopPropagation();
        if (event.type === "pointerdown") addEventListener("click", swallow, { capture: true, once: true });
      }
      this.save(false);
    }
  }

  // Take note of whether somebody talks; return what to show.
  view(view, now) {
    const rests = ["asleep", "muted", "updating", "setting_up", "code"].includes(view.light);
    if (!rests) {
      this.asleepSince = NaN;
      if (view.light !== "gone") this.awakeSince = now;
    } else if (Number.isNaN(this.asleepSince)) this.asleepSince = now;
    return rests && now - this.asleepSince >= (view.captions.size ? LINGER_MS : 0) ? "idle" : "talk";
  }

  tick(view, words, now) {
    const date = new Date();
    const time = hours(date, words.language);
    const day = date.toLocaleDateString(words.language, { weekday: "long", day: "numeric", month: "long" });
    for (const id of ["clock", "time", "dimTime"]) text(this.page[id], time);
    for (const id of ["date", "dimDate"]) text(this.page[id], day);
    this.timers(view, words, date.getTime() / 1000);
    const dark = this.look.saver_s > 0 && now - this.awakeSince > this.look.saver_s * 1000;
    if (dark === this.page.saver.hidden) this.save(dark);
    if (dark && now - this.moved > MOVE_MS) this.move(now);
  }

  hint(view, words) {
    if (view.light !== "asleep") return "";
    return this.look.idle || words.say("more", "asleep", { word: spoken(view.about.wake_words?.[0]) });
  }

  timers(view, words, now) {
    const timers = (view.timers.timers ?? []).map((one) => [
      plain(one.name, 40) || words.say("say", "timer"),
      one.paused ? `${clock(one.left_s)} ${words.say("say", "paused")}` : clock(one.rings_at - now),
    ]);
    const alarms = (view.timers.alarms ?? []).filter((one) => one.rings_at).map((one) => [
      plain(one.text, 40) || words.say("say", one.kind),
      new Date(one.rings_at * 1000).toLocaleString(words.language, { weekday: "short", hour: "numeric", minute: "2-digit" }),
    ]);
    const all = [...timers, ...alarms].slice(0, MOST_TIMERS);
    const list = this.page.timers;
    while (list.children.length > all.length) list.lastChild.remove();
    all.forEach(([name, when], at) => {
      if (!list.children[at]) {
        const item = document.createElement("li");
        item.append(document.createElement("span"), document.createElement("b"));
        list.append(item);
      }
      text(list.children[at].firstChild, name);
      text(list.children[at].lastChild, when);
    });
  }

  save(on) {
    this.page.saver.hidden = !on;
    if (on) this.move(performance.now());
  }

  // Let the clock fade, and come back elsewhere: no pixel is lit for long.
  move(now) {
    this.moved = now;
    const { drift, saver } = this.page;
    drift.classList.add("away");
    setTimeout(() => {
      const x = Math.random() * Math.max(0, saver.clientWidth - drift.offsetWidth);
      const y = Math.random() * Math.max(0, saver.clientHeight - drift.offsetHeight);
      drift.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
      drift.classList.remove("away");
    }, FADE_MS);
  }
}

// The time as on a clock on the wall, which knows no AM and PM.
function hours(date, language) {
  const format = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
  const kept = format.formatToParts(date).filter((part) => part.type !== "dayPeriod");
  return kept.map((part) => part.value).join("").trim();
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

function text(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
