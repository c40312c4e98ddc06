// What there is to show, made of the door's events: the last of each kind is what holds. Nothing here touches the page.

export const MOST_CAPTIONS = 20;
// Characters of a caption that are shown: a screenful in large type. Around what is being heard, of a longer one.
export const WINDOW = 900;
const BEFORE = 300;

export class View {
  constructor() {
    this.gone = { what: "", fix: "" };
    this.about = { name: "Parley", wake_words: [], language: "en" };
    this.state = { state: "asleep", light: "gone", colour: "#000000" };
    this.engine = {};
    this.timers = {};
    this.muted = {};
    this.faults = [];
    this.latency = null;
    this.level = -100;
    this.playing = 0;
    this.captions = new Map();
    this.heard = new Map();
  }

  // Take an event of the door, or of the page's server; return whether anything but the level has changed.
  take(event) {
    switch (event.type) {
      case "gone":
        this.gone = { what: event.what ?? "", fix: event.fix ?? "" };
        break;
      case "snapshot":
        this.gone = null;
        Object.assign(this, {
          about: event.about, state: event.state, engine: event.engine ?? {}, timers: event.timers ?? {},
          muted: event.muted ?? {}, faults: event.faults?.faults ?? [], latency: event.latency ?? null,
        });
        this.captions = new Map((event.captions ?? []).map((one) => [one.id, one]));
        this.heard = new Map((event.heard ?? []).map((one) => [one.id, one]));
        break;
      case "state":
        this.state = event;
        break;
      case "caption":
        this.captions.set(event.id, event);
        while (this.captions.size > MOST_CAPTIONS) this.forget(this.captions.keys().next().value);
        break;
      case "heard":
        this.heard.set(event.id, event);
        break;
      case "level":
        this.level = event.dbfs;
        this.playing = event.playing ?? 0;
        return false;
      case "latency":
        this.latency = event;
        break;
      case "engine":
        this.engine = event;
        break;
      case "timers":
        this.timers = event;
        break;
      case "muted":
        this.muted = event;
        break;
      case "faults":
        this.faults = event.faults ?? [];
        break;
      default:
        return false;
    }
    return true;
  }

  forget(id) {
    this.captions.delete(id);
    this.heard.delete(id);
  }

  get light() {
    return this.gone ? "gone" : this.state.light;
  }

  // What the first button asks for, and by which word: null if it can do nothing.
  get first() {
    if (this.gone || this.light === "asking") return null;
    if (this.state.ringing) return { ask: "stop", word: "quiet" };
    switch (this.state.state) {
      case "speaking": case "overlap": case "thinking": return { ask: "wake", word: "interrupt" };
      case "muted": case "connecting": case "listening": return this.light === "closed" ? { ask: "wake", word: "wake" } : null;
      default: return { ask: "wake", word: "wake" };
    }
  }

  // The same of the second one.
  get second() {
    if (this.gone || this.state.ringing) return null;
    switch (this.state.state) {
      case "listening": case "connecting": return { ask: "stop", word: "end" };
      case "speaking": case "overlap": case "thinking": return { ask: "stop", word: "stop" };
      default: return null;
    }
  }

  get mute() {
    if (this.gone || this.muted.switch) return null;
    return this.muted.on ? { ask: "unmute", word: "unmute" } : { ask: "mute", word: "mute" };
  }

  // What rings, as its owner called it; empty if that is not known.
  get rings() {
    const timer = (this.timers.timers ?? []).find((one) => one.left_s <= 0);
    const alarm = (this.timers.alarms ?? []).find((one) => one.rings_at && one.rings_at * 1000 <= Date.now());
    return timer?.name || alarm?.text || "";
  }

  // How far a level is from silence to loud, 0 to 1.
  get loudness() {
    return Math.min(1, Math.max(0, (this.level + 60) / 45));
  }
}

// Characters that nobody sees, or that turn the order of others round, each become a space.
const STRANGE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

// Return a text from outside as it can be shown in a line: not too long, and without such characters.
export function plain(text, most) {
  const all = Array.from(String(text ?? "").slice(0, 2 * most).replace(STRANGE, " "));
  return all.length > most ? `${all.slice(0, most - 1).join("")}…` : all.join("");
}

// Return what of a caption was heard and what was not (yet): as much of both as a screen takes.
// `chars` counts code points, as the daemon does, and not UTF-16 as JavaScript does.
export function parts(caption, heard) {
  const text = Array.from(caption.text.slice(0, 20_000).replace(STRANGE, " "));
  let at = caption.role === "user" ? text.length : Math.min(heard?.chars ?? 0, text.length);
  while (text[at] === " ") at += 1; // the space after a word goes with it
  let from = 0;
  if (text.length > WINDOW) from = Math.max(0, Math.min(at - BEFORE, text.length - WINDOW));
  const to = Math.min(text.length, from + WINDOW);
  return {
    heard: (from > 0 ? "…" : "") + text.slice(from, at).join(""),
    yet: text.slice(at, to).join("") + (to < text.length ? "…" : ""),
    over: Boolean(heard?.over) && at < text.length,
  };
}

// A wake word as it is said: "hey jarvis" or "/models/hey_jarvis_v0.1.onnx" is "Hey Jarvis".
export function spoken(word) {
  const name = plain(word, 60).split("/").pop().replace(/\.(onnx|tflite)$/, "").replace(/_v\d[\d.]*$/, "");
  return name.split(/[_ ]+/).map((one) => one.charAt(0).toUpperCase() + one.slice(1)).join(" ");
}

// A span of time as on a clock: 4:05, or 1:04:05.
export function clock(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
