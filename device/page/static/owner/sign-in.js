// The way in: six digits, which the device says when its button is held.

import { make } from "./make.js";
import { Problem, shown } from "./problem.js";

export function signIn(page, words) {
  const field = make("input", {
    id: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 12, required: true, className: "code",
    autofocus: true,
  });
  const send = make("button", { type: "submit", className: "first" }, words.say("owner", "sign_in"));
  const wrong = make("div");
  const form = make(
    "form", { className: "sign-in" },
    make("h1", {}, words.say("owner", "title")),
    make("p", {}, words.say("owner", "how")),
    make("ul", {}, make("li", {}, words.say("owner", "by_button")), make("li", {}, words.say("owner", "by_command"), " ", make("code", {}, "sudo parley page code"))),
    make("label", { htmlFor: "code" }, words.say("owner", "code")),
    make("div", { className: "row" }, field, send),
    wrong,
    make("p", { className: "quiet" }, words.say("owner", "kept")),
    make("p", {}, make("a", { href: "/" }, words.say("owner", "kiosk"))),
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    wrong.replaceChildren();
    const problem = await tried(field.value);
    if (!problem) {
      location.reload();
      return;
    }
    wrong.replaceChildren(shown(told(problem, words), words));
    field.select();
    count(send, problem.wait_s, words);
  };
  page.replaceChildren(make("main", { className: "door" }, form));
  field.focus();
}

// Return what is wrong with a code; nothing if it is the one.
async function tried(code) {
  try {
    const answer = await fetch("/owner/sign-in", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ code: code.trim() }),
    });
    if (answer.ok) return null;
    const known = answer.headers.get("Content-Type")?.startsWith("application/json");
    return new Problem(known ? await answer.json() : { code: "refused" });
  } catch {
    return new Problem({ code: "closing" });
  }
}

function told(problem, words) {
  if (problem.code === "wait") {
    return new Problem({ code: "wait", what: words.say("owner", "wait", { seconds: Math.ceil(problem.wait_s) }) });
  }
  if (problem.code === "refused") {
    return new Problem({ code: "refused", what: words.say("owner", "refused"), fix: words.say("owner", "refused_fix") });
  }
  return problem;
}

// Let the button count the seconds that are to be waited.
function count(send, wait, words) {
  const until = performance.now() + wait * 1000;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    send.disabled = left > 0;
    send.textContent = left > 0 ? words.say("owner", "again_in", { seconds: left }) : words.say("owner", "sign_in");
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}
