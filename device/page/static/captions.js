// What is said, as it is said: one entry a caption, of which what was not heard is grey.

import { parts, plain } from "./view.js";

const FOLLOW = 0.72; // of the height: where what is being said stands

export class Captions {
  constructor(list) {
    this.list = list;
    this.entries = new Map();
  }

  show(view, words) {
    for (const [id, entry] of this.entries) {
      if (!view.captions.has(id)) {
        entry.item.remove();
        this.entries.delete(id);
      }
    }
    const all = [...view.captions.values()].filter((one) => one.text.trim());
    // The last that the user said, and all since, is what it is about now.
    let begins = all.length - 1;
    while (begins > 0 && !(all[begins].role === "user" && all[begins - 1].role !== "user")) begins -= 1;
    all.forEach((caption, at) => this.entry(caption.id).show(caption, view, words, at < begins));
    this.follow();
  }

  entry(id) {
    let entry = this.entries.get(id);
    if (!entry) {
      entry = new Entry();
      this.entries.set(id, entry);
      this.list.append(entry.item);
    }
    return entry;
  }

  // Keep in sight what is being heard; nothing moves that can be seen whole.
  follow() {
    const { list } = this;
    const last = [...this.entries.values()].at(-1);
    if (!last) return;
    const end = list.scrollHeight - list.clientHeight;
    const edge = last.mark.getBoundingClientRect().bottom - list.getBoundingClientRect().top + list.scrollTop;
    list.scrollTop = last.waits ? Math.min(end, edge - list.clientHeight * FOLLOW) : end;
    list.toggleAttribute("data-goes-on", list.scrollTop < end - 1);
  }
}

class Entry {
  constructor() {
    this.item = document.createElement("li");
    this.who = make("p", "who");
    this.what = make("p", "what");
    this.heard = make("span", "heard");
    this.mark = document.createElement("span");
    this.note = make("span", "unseen");
    this.yet = make("span", "yet");
    this.what.append(this.heard, this.mark, this.note, this.yet);
    this.item.append(this.who, this.what);
    this.shown = "";
  }

  show(caption, view, words, past) {
    const part = parts(caption, view.heard.get(caption.id));
    const who = caption.role === "assistant" ? plain(view.about.name, 40) : words.say("say", caption.role);
    this.waits = part.yet !== "" && !part.over;
    const key = JSON.stringify([part, who, past, caption.final, words.language]);
    if (key === this.shown) return;
    this.shown = key;
    this.item.className = [caption.role, past && "past", caption.final && "final", part.over && "over"].filter(Boolean).join(" ");
    this.who.textContent = who;
    this.heard.textContent = part.heard;
    this.note.textContent = part.over ? ` ${words.say("say", "unheard")} ` : "";
    this.yet.textContent = part.yet;
  }
}

function make(tag, kind) {
  const element = document.createElement(tag);
  element.className = kind;
  return element;
}
