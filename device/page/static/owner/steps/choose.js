// A choice of a few things, each a line to touch: radio buttons, as keyboards and screen readers know them.

import { plain } from "../../view.js";
import { make } from "../make.js";

let count = 0;

// Return the element, and `value`: what is chosen. Of each: `value`, `title`, `text`, `more` (an element below it),
// `off` (it cannot be chosen). `change` is called when another one is.
export function choose(label, all, chosen, change = () => {}) {
  count += 1;
  const name = `choice-${count}`;
  let now = chosen;
  const lines = all.map((one, at) => {
    const id = `${name}-${at}`;
    const radio = make("input", { type: "radio", name, id, value: one.value, checked: one.value === chosen, disabled: Boolean(one.off) });
    radio.onchange = () => {
      now = one.value;
      change(now);
    };
    if (one.text) radio.setAttribute("aria-describedby", `${id}-text`);
    const title = make("label", { htmlFor: id }, plain(one.title, 120));
    if (one.lang) title.lang = one.lang;
    return make(
      "div", { className: one.off ? "choice off" : "choice" }, radio,
      make("div", { className: "what" }, title, one.text && make("p", { id: `${id}-text`, className: "quiet" }, one.text), one.under),
      one.more,
    );
  });
  return { element: make("fieldset", { className: "choices" }, make("legend", { className: "unseen" }, label), lines), value: () => now };
}

// Say what a choice lacks, and how to have it: a command to type on the device.
export function lacking(one, say) {
  if (!one.lacks) return undefined;
  const fix = plain(one.fix, 400);
  const command = one.lacks === "files" || one.lacks === "package";
  return make("p", { className: "lacks" }, say(`lacks_${one.lacks}`), " ", command ? make("code", {}, fix) : fix);
}

// Change the settings that a choice takes, one after the other, in the order that they need.
export async function put(door, puts) {
  for (const { key, value = null } of puts) await door.ask("change_setting", { key, value });
}
