// A question before something that cannot be undone.

import { button, make } from "./make.js";

// Ask; return whether the answer is yes. `yes` is what the button says that does it.
export function confirmed({ title, text, yes, no }) {
  return new Promise((resolve) => {
    const dialog = make("dialog", { ariaLabel: title });
    const close = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    dialog.append(
      make("h2", {}, title),
      make("p", {}, text),
      make("div", { className: "row" }, button(no, () => close(false)), button(yes, () => close(true), "danger")),
    );
    dialog.oncancel = (event) => {
      event.preventDefault();
      close(false);
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}
