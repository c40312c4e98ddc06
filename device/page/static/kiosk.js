// The kiosk view: whose turn it is, what is said and heard, and three things that can be asked for.

import { Announcer } from "./announce.js";
import { Captions } from "./captions.js";
import { Idle } from "./idle.js";
import { Line } from "./line.js";
import { View, plain, spoken } from "./view.js";
import { Words } from "./words.js";

document.body.dataset.runs = "";

const $ = (id) => document.getElementById(id);
const TICK_MS = 1000;

class Kiosk {
  constructor(about) {
    this.view = new View();
    this.words = new Words(about);
    this.captions = new Captions($("captions"));
    this.announcer = new Announcer($("announce"));
    this.idle = new Idle({
      saver: $("saver"), drift: $("drift"), clock: $("clock"), time: $("time"), date: $("date"), timers: $("timers"),
      dimTime: $("dim-time"), dimDate: $("dim-date"),
    }, about);
    this.drawn = false;
    this.buttons();
    this.languages();
    if (about.picture) {
      $("picture").onload = () => { $("picture").hidden = false; };
      $("picture").src = "/picture";
    }
    this.line = new Line("/live", (event) => this.take(event), () => this.take({ type: "gone" }));
    setInterval(() => this.draw(), TICK_MS);
    this.draw();
  }

  take(event) {
    const was = this.view.gone;
    if (this.view.take(event)) this.soon();
    else if (event.type === "level") this.level();
    if (was && event.type === "snapshot" && this.seen) refresh();
    if (event.type === "snapshot") this.seen = true;
  }

  // Draw once a frame at the most, however much happens.
  soon() {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.draw();
    });
  }

  buttons() {
    for (const [id, which] of [["talk", "first"], ["stop", "second"], ["mute", "mute"]]) {
      $(id).onclick = () => {
        const does = this.view[which];
        if (does) this.line.ask({ type: does.ask });
      };
    }
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.view.second) this.line.ask({ type: "stop" });
    });
  }

  languages() {
    const { words } = this;
    $("languages").hidden = words.languages.length < 2;
    for (const language of words.languages) {
      const button = document.createElement("button");
      button.type = "button";
      button.lang = language;
      button.textContent = words.name(language);
      button.onclick = () => {
        words.choose(language);
        this.draw();
      };
      $("languages").append(button);
    }
  }

  draw() {
    const { view, words, idle } = this;
    const now = performance.now();
    const { body, documentElement } = document;
    documentElement.lang = words.language;
    set(body, "view", idle.view(view, now));
    set(body, "light", view.light);
    if (view.gone || !view.state.streaming) delete body.dataset.sending;
    else set(body, "sending", "");
    const { colour = "#000000", other = "" } = view.gone ? {} : view.state;
    body.style.setProperty("--light", colour);
    body.style.setProperty("--other", other || colour);
    write("name", plain(view.about.name, 40));
    write("state", words.say("light", view.light));
    write("more", this.more());
    write("hint", idle.hint(view, words));
    document.title = `${words.say("light", view.light)} · ${plain(view.about.name, 40)}`;
    this.label("talk", view.first, "wake");
    this.label("stop", view.second, "stop");
    this.label("mute", view.mute, view.muted.on ? "unmute" : "mute");
    $("mute").toggleAttribute("data-on", Boolean(view.muted.on));
    $("mute-icon").setAttribute("href", view.muted.on ? "#i-off" : "#i-mic");
    const seconds = view.latency && (view.latency.ms / 1000).toLocaleString(words.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    write("latency", view.latency ? words.say("say", "latency", { seconds }) : "");
    write("engine", plain(view.engine.engine, 40));
    for (const [id, key] of [["captions", "conversation"], ["controls", "controls"], ["languages", "language"]]) {
      $(id).ariaLabel = words.say("say", key);
    }
    for (const button of $("languages").children) button.ariaPressed = String(button.lang === words.language);
    this.captions.show(view, words);
    this.announcer.show(view, words);
    idle.tick(view, words, now);
    this.level();
  }

  // What to say below the state, if anything.
  more() {
    const { view, words } = this;
    const { light } = view;
    if (light === "muted" && view.muted.switch) return words.say("more", "switch");
    if (light === "fault") return plain(view.faults[0]?.what || view.engine.why, 200) || words.say("more", "fault");
    if (light === "ringing") return plain(view.rings, 40);
    if (light === "asleep" || (light === "connecting" && view.engine.open)) return "";
    return words.say("more", light, { word: spoken(view.about.wake_words?.[0]) });
  }

  label(id, does, word) {
    const button = $(id);
    const text = this.words.say("do", does?.word ?? word);
    if (button.lastChild.textContent !== text) button.lastChild.textContent = text;
    if (button.disabled === Boolean(does)) {
      const focused = document.activeElement === button;
      button.disabled = !does;
      if (focused && button.disabled) $("captions").focus({ preventScroll: true, focusVisible: false });
    }
  }

  level() {
    const { view } = this;
    const bars = $("level").children;
    const lit = Math.round(view.loudness * bars.length);
    for (let at = 0; at < bars.length; at += 1) bars[at].className = at < lit ? "on" : "";
    $("level").ariaLabel = this.words.say("say", view.state.streaming ? "sending" : "level");
    $("light").style.setProperty("--loud", view.playing.toFixed(2));
  }
}

function set(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function write(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}

// The settings may be others once the daemon has been started anew.
let shown = "";

async function about() {
  const answer = await fetch("/page.json", { cache: "no-cache" });
  if (answer.status === 401) location.reload();
  return answer.text();
}

async function refresh() {
  if (await about().catch(() => shown) !== shown) location.reload();
}

for (;;) {
  try {
    shown = await about();
    break;
  } catch {
    await new Promise((resolve) => { setTimeout(resolve, TICK_MS); }); // the server is being started anew
  }
}
new Kiosk(JSON.parse(shown));
