// Which language is spoken; the page is in it from then on.

import { shown } from "../problem.js";
import { choose, lacking, put } from "./choose.js";

export async function show(body, context) {
  const { door, words, say, signal } = context;
  const { languages } = await door.ask("get_choices");
  const now = languages.find((one) => one.chosen)?.code;
  let wanted = now;
  const wrong = document.createElement("div");
  const change = async (code) => {
    const before = wanted;
    wanted = code;
    try {
      await put(door, languages.find((one) => one.code === code).puts ?? []);
      await door.ask("note_step", { step: "language" });
      if (signal.aborted || !words.languages.includes(code)) return;
      words.choose(code);
      location.hash = "steps/language";
      location.reload();
    } catch (error) {
      wanted = before;
      wrong.replaceChildren(shown(error, words));
    }
  };
  const all = languages.map((one) => ({
    value: one.code, title: words.name(one.code), lang: one.code, under: lacking(one, say, context), off: Boolean(one.lacks),
  }));
  body.append(choose(say("language_title"), all, now, change).element, wrong);
  return {};
}
