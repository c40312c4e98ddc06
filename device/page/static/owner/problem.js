// What went wrong: thrown by whatever asks the daemon, and shown where it was asked.

import { plain } from "../view.js";
import { make } from "./make.js";

const LONGEST = 2000;

export class Problem extends Error {
  constructor({ code = "failed", what = "", fix = "", wait_s = 0 }) {
    super(what);
    this.code = code;
    this.what = what;
    this.fix = fix;
    this.wait_s = wait_s;
  }
}

// Return an element that says what is wrong and what to do about it; a screen reader reads it at once.
export function shown(problem, words) {
  if (!(problem instanceof Problem)) throw problem;
  const gone = problem.code === "closing";
  const what = gone ? words.say("owner", "gone") : lines(problem.what, words);
  return make(
    "div", { className: "problem", role: "alert" },
    make("p", {}, what),
    !gone && problem.fix && make("p", { className: "fix" }, lines(problem.fix, words)),
  );
}

function lines(text, words) {
  return text.split("\n").slice(0, 20).map((line) => words.problem(plain(line, LONGEST))).join("\n");
}
