// What is changed and holds only after a restart, with the button for that.

import { plain } from "../view.js";
import { button, make } from "./make.js";
import { shown } from "./problem.js";

export class Pending {
  constructor({ words, restart }) {
    this.words = words;
    this.restart = restart;
    this.wrong = make("div");
    this.element = make("div", { className: "pending", hidden: true, role: "status" });
  }

  // Take `settings_are`, whatever was asked for: it always tells all that waits.
  tell({ pending = [] }) {
    const { element, words } = this;
    element.hidden = !pending.length;
    element.replaceChildren();
    if (!pending.length) return;
    const key = pending.length === 1 ? "pending_one" : "pending";
    element.append(
      make("p", {}, words.say("settings", key, { count: pending.length }), make("span", { className: "quiet" }, ` ${plain(pending.join(", "), 200)}`)),
      button(words.say("settings", "restart"), () => this.again(), "first"),
      this.wrong,
    );
  }

  again() {
    this.wrong.replaceChildren();
    this.restart().then(
      () => { this.element.hidden = true; },
      (error) => this.wrong.replaceChildren(shown(error, this.words)),
    );
  }
}
