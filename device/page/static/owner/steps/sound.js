// Microphone and loudspeaker: how loud they are, and what comes back of a test sound.

import { plain } from "../../view.js";
import { button, make } from "../make.js";
import { shown } from "../problem.js";
import { restarted } from "./restart.js";

const TOPICS = ["state", "captions", "latency", "engine", "cost", "timers", "mute", "volume", "faults", "code"];
const BARS = 24;
const WAITS_S = 7;

export async function show(body, context) {
  const { door, say, signal, words } = context;
  const cards = await door.ask("get_cards");
  const microphone = new Meter(say("microphone"));
  const loudspeaker = new Meter(say("loudspeaker"));
  const volume = make("input", { id: "volume", type: "range", min: 0, max: 100, step: 5, value: door.now?.volume?.percent ?? 80 });
  volume.onchange = () => door.ask("set_volume", { percent: Number(volume.value) }).catch(() => null);
  const result = make("div", { className: "result", role: "status" });
  const test = button(say("sound_test"), () => run(test, result, context));
  body.append(
    make("div", { className: "meters" }, microphone.element, loudspeaker.element),
    make("p", { className: "quiet" }, say("speak_now")),
    make("label", { htmlFor: "volume" }, say("volume")), volume,
    make("div", { className: "row" }, test), result,
    devices(cards, context, result),
  );
  let gone = false;
  door.listen((event) => {
    if (event.type === "level") {
      microphone.put((event.dbfs + 75) / 60);
      loudspeaker.put(event.playing ?? 0);
    }
    if (event.type === "gone") gone = true;
    if (event.type === "snapshot" && gone) {
      gone = false;
      listenIn();
    }
  }, signal);
  const listenIn = () => door.ask("subscribe", { topics: [...TOPICS, "level"] }).catch(() => null);
  listenIn();
  signal.addEventListener("abort", () => door.ask("subscribe", { topics: TOPICS }).catch(() => null));
  if (door.now?.muted?.on) result.replaceChildren(make("p", { className: "failed" }, say("fault_muted")), button(words.say("do", "unmute"), async () => {
    await door.ask("unmute").then(() => result.replaceChildren(), (error) => result.replaceChildren(shown(error, words)));
  }));
  return {};
}

async function run(test, result, { door, say, words, signal }) {
  test.disabled = true;
  const bar = make("progress", { max: WAITS_S, value: 0, ariaLabel: say("listening_in") });
  const began = performance.now();
  const tick = setInterval(() => { bar.value = (performance.now() - began) / 1000; }, 250);
  result.replaceChildren(make("p", { className: "busy" }, say("listening_in")), bar);
  try {
    const found = await door.ask("check_sound");
    if (signal.aborted) return;
    result.replaceChildren(...judged(found, say, words));
    result.scrollIntoView({ block: "nearest" });
  } catch (error) {
    result.replaceChildren(shown(error, words));
  }
  clearInterval(tick);
  test.disabled = false;
}

function judged(found, say, words) {
  const faults = found.faults ?? [];
  const number = (value, digits = 0) => value.toLocaleString(words.language, { maximumFractionDigits: digits });
  const parts = faults.length
    ? faults.map((one) => make("div", { className: "failed" }, make("p", {}, say(`fault_${one}`)), make("p", { className: "fix" }, say(`fix_${one}`))))
    : [make("p", { className: "done" }, say("sound_ok"))];
  const facts = [[say("fact_room"), `${number(found.room)} dBFS`]];
  if (found.delay_ms !== undefined && found.delay_ms !== null) {
    facts.push([say("fact_delay"), `${number(found.delay_ms)} ms`]);
    facts.push([say("fact_heard"), `${number(found.heard)} dBFS`], [say("fact_strength"), `${number(found.heard - found.played)} dB`]);
    facts.push([say("fact_removed"), `${number(found.removed_db ?? 0)} dB`]);
  }
  return [...parts, make("dl", {}, facts.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]))];
}

// Another microphone or loudspeaker: it holds once the assistant has started anew, and then can be tried.
function devices(cards, { door, say, words, signal, restart, announce }, result) {
  const options = (some, now) => {
    const known = some.some((one) => one.name === now) ? some : [...some, { name: now }];
    return known.map((one) => make("option", { value: one.name, selected: one.name === now }, one.usual ? say("card_default") : plain(one.label || one.name, 80)));
  };
  const input = make("select", { id: "card-input" }, options(cards.inputs, cards.input));
  const output = make("select", { id: "card-output" }, options(cards.outputs, cards.output));
  const channel = make("select", { id: "card-channel" });
  const channels = () => {
    const most = Math.max(cards.channel, cards.inputs.find((one) => one.name === input.value)?.channels ?? 1);
    channel.replaceChildren(...Array.from({ length: Math.min(most, 16) }, (_, n) => make("option", { value: String(n + 1), selected: n + 1 === cards.channel }, String(n + 1))));
    channel.disabled = most < 2;
  };
  channels();
  input.onchange = channels;
  const use = button(say("cards_use"), async () => {
    use.disabled = true;
    try {
      for (const [key, value, was] of [["card.input", input.value, cards.input], ["card.output", output.value, cards.output], ["card.channel", Number(channel.value), cards.channel]]) {
        if (value !== was) await door.ask("change_setting", { key, value });
      }
      announce(say("restarting"));
      result.replaceChildren(make("p", { className: "busy" }, say("restarting")));
      await restarted(door, restart, signal);
      if (!signal.aborted) location.reload();
    } catch (error) {
      result.replaceChildren(shown(error, words));
      use.disabled = false;
    }
  });
  return make(
    "details", {}, make("summary", {}, say("cards_other"), make("span", { className: "quiet" }, plain(cards.name, 60))),
    make("div", { className: "card-form" },
      make("label", { htmlFor: "card-input" }, say("microphone")), input,
      make("label", { htmlFor: "card-channel" }, say("channel")), channel,
      make("label", { htmlFor: "card-output" }, say("loudspeaker")), output, use),
  );
}

// A bar of lights for how loud something is. A screen reader is not told of it: it changes all the time.
class Meter {
  constructor(name) {
    this.bars = Array.from({ length: BARS }, () => make("i", {}));
    this.element = make("div", { className: "meter" }, make("span", {}, name), make("div", { ariaHidden: "true" }, this.bars));
  }

  put(loudness) {
    const lit = Math.round(Math.min(1, Math.max(0, loudness)) * BARS);
    this.bars.forEach((bar, at) => { bar.className = at < lit ? "on" : ""; });
    this.element.dataset.lit = String(lit);
  }
}
