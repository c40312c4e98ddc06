// What the assistant calls itself.

import { make } from "../make.js";

export async function show(body, { door, say }) {
  const { settings } = await door.ask("get_settings", { below: "name" });
  const [setting] = settings;
  const field = make("input", { id: "assistant-name", type: "text", value: setting.value, maxLength: 40, autocomplete: "off" });
  field.className = "alone-here";
  body.append(make("label", { htmlFor: field.id, className: "unseen" }, say("name_title")), field);
  return {
    save: async () => {
      const name = field.value.trim();
      if (name && name !== setting.value) await door.ask("change_setting", { key: "name", value: name, was: setting.file ?? null });
    },
  };
}
