// The end: the assistant starts anew if it must, and then somebody talks with it.

import { parts, plain, spoken } from "../../view.js";
import { button, make } from "../make.js";
import { shown } from "../problem.js";
import { restarted } from "./restart.js";

export async function show(body, { door, words, say, signal, told, restart, announce }) {
  const stage = make("div", { className: "stage" });
  body.append(stage);
  if (told.restart) {
    announce(say("restarting"));
    stage.append(make("p", { className: "busy" }, say("restarting")));
    try {
      await restarted(door, restart, signal);
    } catch (error) {
      stage.replaceChildren(shown(error, words), button(say("again"), () => location.reload(), "first"));
      return {};
    }
    if (signal.aborted) return {};
  }
  talk(stage, { door, words, say, signal, announce });
  return {};
}

function talk(stage, { door, words, say, signal, announce }) {
  const word = spoken(door.now?.about?.wake_words?.[0] ?? "");
  const light = make("div", { className: "light", ariaHidden: "true" });
  const state = make("p", { className: "state" });
  const said = make("div", { className: "said" });
  const well = make("p", { className: "done", role: "status" });
  const over = button(say("finish"), async () => {
    await door.ask("end_steps").catch(() => null);
    location.hash = "settings";
  }, "first");
  const more = make("ul", { className: "hints" }, ["hint_interrupt", "hint_end", "hint_button"].map((key) => make("li", {}, say(key))));
  stage.replaceChildren(make("p", { className: "word" }, say("say_it", { word })), make("div", { className: "now" }, light, state), said, well, more, make("div", { className: "row last" }, over, button(say("wake_by_button"), () => door.ask("wake").catch((error) => well.replaceChildren(shown(error, words))))));
  announce(say("say_it", { word }));
  const captions = new Map();
  const heard = new Map();
  const draw = () => {
    said.replaceChildren(...[...captions.values()].slice(-2).map((one) => {
      const now = parts(one, heard.get(one.id));
      return make("p", { className: one.role }, now.heard, make("span", { className: "yet" }, now.yet));
    }));
  };
  door.listen((event) => {
    const now = event.type === "snapshot" ? event.state : event.type === "state" ? event : null;
    if (now) {
      state.textContent = words.say("light", now.light);
      stage.dataset.light = now.light;
      light.style.setProperty("--light", now.light === "asleep" ? "var(--edge)" : plain(now.colour ?? "", 9));
    }
    if (event.type === "caption" && event.role !== "device") captions.set(event.id, event);
    if (event.type === "heard") {
      heard.set(event.id, event);
      if (captions.get(event.id)?.role === "assistant" && event.chars > 0 && !well.textContent) {
        well.textContent = say("it_works");
        door.ask("end_steps").catch(() => null);
      }
    }
    if (event.type === "caption" || event.type === "heard") draw();
  }, signal);
}
