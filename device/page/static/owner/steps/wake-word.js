// What the assistant listens for.

import { spoken } from "../../view.js";
import { choose, lacking, put } from "./choose.js";

export async function show(body, context) {
  const { door, say } = context;
  const words = (await door.ask("get_choices")).wake_words;
  const chosen = words.find((one) => one.chosen)?.name;
  const licence = (one) => (one.licence?.includes("NC") ? say("non_commercial") : one.licence ?? "");
  const made = choose(say("wake_word_title"), words.map((one) => ({
    value: one.name, title: say("quoted", { text: spoken(one.said) }), text: licence(one), under: lacking(one, say, context), off: Boolean(one.lacks),
  })), chosen);
  body.append(made.element);
  return {
    save: async () => {
      const wanted = words.find((one) => one.name === made.value());
      if (wanted && !wanted.chosen) await put(door, wanted.puts ?? []);
    },
  };
}
