// Which voice speaks, and how each sounds: here or on the device.

import { plain } from "../../view.js";
import { button, make } from "../make.js";
import { shown } from "../problem.js";
import { choose, lacking, put } from "./choose.js";

const MOST = 40;

export async function show(body, context) {
  const { door, words, say, signal, announce } = context;
  const waits = make("p", { className: "quiet", role: "status" }, say("voices_wait"));
  body.append(waits);
  const { voices, language } = await door.ask("get_voices");
  waits.remove();
  const wrong = make("div");
  const player = new Player(say, signal);
  const chosen = voices.find((one) => one.chosen)?.name;
  const hear = (one) => {
    const aside = button(say("hear_here"), async () => {
      if (player.playing === aside) return player.stop();
      player.wake();
      await attempt(aside, async () => player.play(aside, await door.ask("hear_voice", { voice: one.name, language })));
    });
    const aloud = button(say("hear_device"), () => attempt(aloud, () => door.ask("hear_voice", { voice: one.name, language, aloud: true })));
    for (const [made, key] of [[aside, "hear_here"], [aloud, "hear_device"]]) made.ariaLabel = `${say(key)}: ${plain(called(one), 60)}`;
    return make("div", { className: "row hear" }, aside, aloud);
  };
  const attempt = async (made, work) => {
    wrong.replaceChildren();
    made.disabled = true;
    made.ariaBusy = "true";
    announce(say("voice_comes"));
    try {
      await work();
    } catch (error) {
      wrong.replaceChildren(shown(error, words));
    }
    made.disabled = false;
    made.ariaBusy = null;
  };
  const line = (one) => ({
    value: one.name, title: called(one), text: about(one, say), off: Boolean(one.lacks), under: lacking(one, say, context), more: one.lacks ? undefined : hear(one),
  });
  const here = voices.filter((one) => !one.lacks).slice(0, MOST);
  const others = voices.filter((one) => one.lacks).slice(0, MOST);
  const made = choose(say("voice_title"), here.map(line), chosen);
  body.append(made.element, wrong);
  if (others.length) {
    body.append(make(
      "details", {}, make("summary", {}, say("voices_more", { count: others.length })),
      make("ul", { className: "checked" }, others.map((one) => make("li", {}, make("b", {}, plain(called(one), 60)), " ", make("span", { className: "quiet" }, about(one, say)), lacking(one, say, context)))),
    ));
  }
  return {
    save: async () => {
      const wanted = here.find((one) => one.name === made.value());
      if (wanted && !wanted.chosen) await put(door, wanted.puts ?? []);
    },
  };
}

// A voice as a person calls it: "en_US-joe-medium" is "Joe (en-US)", and "af_heart" is "Heart".
function called({ name, kind }) {
  const piper = /^([a-z]{2,3})_([A-Z]{2,3})-(.+)-(?:x_low|low|medium|high)$/.exec(name);
  if (piper) return `${capital(piper[3])} (${piper[1]}-${piper[2]})`;
  if (kind === "kokoro") return capital(name.replace(/^[a-z]{2}_/, ""));
  return kind === "piper" ? name : `${capital(kind)} (${name})`;
}

function capital(name) {
  return name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
}

function about(one, say) {
  const size = one.megabytes ? ` · ${Math.round(one.megabytes) || 1} MB` : "";
  return `${say(`kind_${one.kind}`) || one.kind}${size} · ${plain(one.licence ?? "", 60)}`;
}

// Plays what came in an answer: nothing is loaded for it, and nothing is kept.
class Player {
  constructor(say, signal) {
    Object.assign(this, { say, playing: null });
    signal.addEventListener("abort", () => {
      this.stop();
      this.context?.close();
    });
  }

  // Browsers play nothing that nobody has asked for: to be called at the touch itself.
  wake() {
    this.context ??= new AudioContext();
    this.context.resume();
  }

  async play(made, { wav }) {
    this.stop();
    const bytes = Uint8Array.from(atob(wav), (one) => one.charCodeAt(0));
    this.source = this.context.createBufferSource();
    this.source.buffer = await this.context.decodeAudioData(bytes.buffer);
    this.source.connect(this.context.destination);
    this.source.onended = () => this.stop();
    this.playing = made;
    made.ariaPressed = "true";
    made.dataset.seconds = this.source.buffer.duration.toFixed(1);
    this.source.start();
  }

  stop() {
    if (!this.playing) return;
    this.source.onended = null;
    this.source.stop();
    this.playing.ariaPressed = null;
    this.playing = null;
  }
}
