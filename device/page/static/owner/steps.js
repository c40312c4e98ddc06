// The first steps: one thing a screen, each of which can be passed over, left and taken up again.

import { button, make } from "./make.js";
import { shown } from "./problem.js";
import * as end from "./steps/end.js";
import * as engine from "./steps/engine.js";
import * as language from "./steps/language.js";
import * as naming from "./steps/name.js";
import * as panel from "./steps/panel.js";
import * as sound from "./steps/sound.js";
import * as voice from "./steps/voice.js";
import * as wakeWord from "./steps/wake-word.js";

const STEPS = { language, name: naming, wake_word: wakeWord, voice, engine, sound, panel, end };
const NAMES = Object.keys(STEPS);
const COUNT = NAMES.length - 1; // the last one is no step

export async function show(element, context) {
  const { door, words, signal } = context;
  const told = await door.ask("get_steps");
  const asked = location.hash.split("/")[1];
  const name = NAMES.includes(asked) ? asked : next(told);
  const say = (key, values) => words.say("steps", key, values);
  document.body.dataset.view = "steps";
  signal.addEventListener("abort", () => delete document.body.dataset.view);
  const at = NAMES.indexOf(name);
  const body = make("div", { className: "step-body" });
  const wrong = make("div", { className: "wrong" });
  const actions = make("div", { className: "step-actions" });
  element.classList.add("steps");
  element.append(progress(at, told, say), make("h2", { id: "step" }, say(`${name}_title`)));
  if (say(`${name}_text`)) element.append(make("p", { className: "lead" }, say(`${name}_text`)));
  element.append(body, wrong, actions);
  let step = {};
  try {
    step = await STEPS[name].show(body, { ...context, say, told });
  } catch (error) { // which keeps nobody from the next step
    wrong.replaceChildren(shown(error, words));
  }
  if (signal.aborted || name === "end") return;
  const go = (to) => { location.hash = `steps/${to}`; };
  const forward = async (work) => {
    for (const one of actions.children) one.disabled = true;
    wrong.replaceChildren();
    try {
      if (await work() !== false && !signal.aborted) go(NAMES[at + 1]);
    } catch (error) {
      wrong.replaceChildren(shown(error, words));
    }
    for (const one of actions.children) one.disabled = false;
  };
  const save = async () => {
    if (await step.save?.() === false) return false;
    await door.ask("note_step", { step: name });
  };
  actions.append(
    button(say("back"), () => go(NAMES[at - 1]), "back"),
    button(say("skip"), () => forward(() => door.ask("note_step", { step: name, skipped: true })), "skip"),
    button(say("next"), () => forward(save), "first"),
  );
  actions.firstChild.hidden = at === 0;
  body.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=radio], [type=range])")) forward(save);
  });
}

// The first step that was neither done nor passed over.
function next({ done = [], skipped = [] }) {
  return NAMES.find((name) => !done.includes(name) && !skipped.includes(name)) ?? "end";
}

function progress(at, { done = [] }, say) {
  const where = at < COUNT ? say("progress", { at: at + 1, count: COUNT }) : say("progress_end");
  const links = NAMES.slice(0, COUNT).map((name, n) => make(
    "li", {}, make("a", {
      href: `#steps/${name}`, ariaCurrent: n === at ? "step" : null, ariaLabel: say(`${name}_short`),
      title: say(`${name}_short`), className: done.includes(name) || n < at ? "past" : "",
    }),
  ));
  return make(
    "div", { className: "step-progress" }, make("p", {}, where),
    make("nav", { ariaLabel: say("title") }, make("ol", {}, links)), at < COUNT && make("a", { href: "#settings", className: "later" }, say("later")),
  );
}
