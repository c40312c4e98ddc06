// Lights and button: shown in turn, and pressed.

import { button, make } from "../make.js";
import { shown } from "../problem.js";

const EACH_S = 2;

export async function show(body, { door, words, say, signal, told, announce }) {
  const lights = told.lights ?? [];
  if (!lights.length) body.append(make("p", { className: "none" }, say("no_lights")));
  else body.append(lightsTried(lights, { door, words, say, signal, announce }));
  if (!told.button) body.append(make("p", { className: "none" }, say("no_button")));
  else body.append(buttonTried({ door, words, say }));
  if (!lights.length || !told.button) body.append(make("p", { className: "quiet" }, say("panel_how"), " ", make("a", { href: "#settings" }, words.say("settings", "title"))));
  return {};
}

function lightsTried(lights, { door, words, say, signal, announce }) {
  const now = make("p", { className: "now" });
  const result = make("div");
  const start = button(say("lights_try"), async () => {
    start.disabled = true;
    result.replaceChildren();
    try {
      for (const light of lights) {
        if (signal.aborted) return;
        await door.ask("show_light", { light, seconds: EACH_S });
        now.replaceChildren(words.say("light", light), make("span", { className: "quiet" }, `: ${say(`light_${light}`)}`));
        announce(now.textContent);
        await new Promise((resolve) => { setTimeout(resolve, EACH_S * 1000); });
      }
      now.textContent = say("lights_over");
    } catch (error) {
      result.replaceChildren(shown(error, words));
    }
    start.disabled = false;
  });
  return make("section", { className: "tried" }, make("h3", {}, say("lights")), make("p", { className: "quiet" }, say("lights_text")), make("div", { className: "row" }, start, now), result);
}

function buttonTried({ door, words, say }) {
  const result = make("div", { role: "status" });
  const start = button(say("button_try"), async () => {
    start.disabled = true;
    result.replaceChildren(make("p", { className: "busy" }, say("button_press")));
    try {
      await door.ask("await_button", { seconds: 20 });
      result.replaceChildren(make("p", { className: "done" }, say("button_ok")));
    } catch (error) {
      const problem = error.code === "failed" ? make("p", { className: "failed" }, say("button_none")) : shown(error, words);
      result.replaceChildren(problem);
    }
    start.disabled = false;
  });
  return make("section", { className: "tried" }, make("h3", {}, say("button")), make("div", { className: "row" }, start), result);
}
