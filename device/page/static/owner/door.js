// The door to the daemon as a browser of the owner's has it: requests with one answer each, and what happens.

import { Line } from "../line.js";
import { Problem } from "./problem.js";

const GONE = { type: "gone", what: "", fix: "" };

export class Door {
  // `lost` is called when the page's server is away, or takes this browser for the owner's no more.
  constructor(lost) {
    this.now = null; // the last snapshot; null while there is no daemon
    this.last = 0;
    this.waiting = new Map();
    this.listeners = new Set();
    this.ready = new Promise((resolve) => { this.told = resolve; }); // it is known whether there is a daemon
    this.line = new Line("/owner", (message) => this.take(message), () => {
      this.take(GONE);
      lost();
    });
  }

  // Ask for something: a request of device/door/messages.py. Return its answer; throw a Problem.
  ask(type, fields = {}) {
    this.last += 1;
    const id = this.last;
    if (!this.line.ask({ type, id, ...fields })) return Promise.reject(new Problem({ code: "closing" }));
    return new Promise((resolve, reject) => { this.waiting.set(id, { resolve, reject }); });
  }

  // Call `take` with each event, the last snapshot first, until the signal is aborted.
  listen(take, signal) {
    this.listeners.add(take);
    signal.addEventListener("abort", () => this.listeners.delete(take));
    if (this.now) take(this.now);
  }

  take(message) {
    if (typeof message.id === "number" || message.type === "error") {
      this.answered(message);
      return;
    }
    if (message.type === "here") return;
    if (message.type === "snapshot") this.now = message;
    if (message.type === "gone") {
      this.now = null;
      for (const id of this.waiting.keys()) this.answered({ type: "error", code: "closing", id });
    }
    this.told();
    for (const take of [...this.listeners]) take(message);
  }

  answered(message) {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.type === "error") waiting?.reject(new Problem(message));
    else waiting?.resolve(message);
  }
}
