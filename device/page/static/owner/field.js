// The control of a setting, by its kind: what it shows, and what is meant by what stands in it.

import { make } from "./make.js";

const LONG = 70; // characters from which a text has several lines
const LONGEST = 20_000; // characters; what the door takes at a time is three times that

// Return the control of a setting: its element, `value` to read what is in it, and `put` to set it.
// `value` throws a SyntaxError for what cannot be sent at all.
export function field(setting, id, words) {
  const kind = KINDS[setting.kind] ?? text;
  const made = kind(setting, words);
  made.element.id = id;
  made.put(setting.value);
  return made;
}

const KINDS = { switch: toggle, choice, list, table, secret, number, whole: number };

function toggle() {
  const element = make("input", { type: "checkbox", role: "switch", className: "switch" });
  return { element, value: () => element.checked, put: (value) => { element.checked = Boolean(value); } };
}

function choice(setting) {
  const element = make("select", {}, (setting.choices ?? []).map((one) => make("option", { value: String(one) }, String(one))));
  return {
    element,
    value: () => setting.choices.find((one) => String(one) === element.value),
    put: (value) => { element.value = String(value); },
  };
}

function number() {
  const element = make("input", { type: "text", inputMode: "decimal", className: "short", autocomplete: "off" });
  return { element, value: () => numeric(element.value), put: (value) => { element.value = value ?? ""; } };
}

function text(setting) {
  const long = setting.key.startsWith("instructions.") || String(setting.value ?? "").length > LONG;
  const element = long ? area() : make("input", { type: "text", autocomplete: "off" });
  const either = /\bnumber\b/.test(setting.valid ?? "");
  return {
    element,
    value: () => (either ? numeric(element.value) : element.value),
    put: (value) => { element.value = value ?? ""; },
  };
}

function list() {
  const element = area();
  return {
    element,
    value: () => element.value.split("\n").map((line) => line.trim()).filter(Boolean),
    put: (value) => {
      element.value = (value ?? []).join("\n");
      element.rows = Math.min(8, Math.max(2, (value ?? []).length + 1));
    },
  };
}

function table() {
  const element = area();
  element.spellcheck = false;
  return {
    element,
    value: () => JSON.parse(element.value || "{}"),
    put: (value) => { element.value = JSON.stringify(value ?? {}, null, 2); },
  };
}

function secret(setting, words) {
  const element = make("input", { type: "password", autocomplete: "new-password", spellcheck: false });
  element.placeholder = words.say("settings", setting.present ? "secret_set" : "secret_unset");
  return { element, value: () => element.value.trim(), put: () => { element.value = ""; } };
}

function area() {
  return make("textarea", { rows: 4, autocomplete: "off", maxLength: LONGEST });
}

// Return the number that is written, in English or with a comma; what is none is left to the daemon to name.
function numeric(written) {
  const trimmed = written.trim();
  const found = Number(trimmed.replace(",", "."));
  return trimmed && Number.isFinite(found) ? found : trimmed;
}

// Return a value as it is shown beside a control.
export function written(value, words) {
  if (value === null || value === undefined) return words.say("settings", "nothing");
  if (typeof value === "boolean") return words.say("settings", value ? "on" : "off");
  if (Array.isArray(value)) return value.length ? value.join(", ") : words.say("settings", "nothing");
  if (typeof value === "object") return JSON.stringify(value);
  return value === "" ? words.say("settings", "empty") : String(value);
}
