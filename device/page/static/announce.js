// What a screen reader is told by itself: little, since the assistant is heard anyway, and would hear the reader.

import { plain } from "./view.js";

const SETTLED_MS = 900; // a state that is gone by then is not worth a word
const WORTH = new Set(["muted", "fault", "ringing", "gone", "leak", "asking", "updating", "setting_up", "closed"]);

export class Announcer {
  constructor(region) {
    this.region = region;
    this.light = "";
    this.said = new Set();
    this.timer = 0;
  }

  show(view, words) {
    if (view.light !== this.light) {
      const back = WORTH.has(this.light);
      this.light = view.light;
      clearTimeout(this.timer);
      if (WORTH.has(view.light) || back) this.timer = setTimeout(() => this.tell(words.say("light", view.light)), SETTLED_MS);
    }
    for (const caption of view.captions.values()) {
      if (caption.role !== "user" || !caption.final || this.said.has(caption.id)) continue;
      this.said.add(caption.id);
      if (this.ready) this.tell(words.say("say", "understood", { text: plain(caption.text, 300) }));
    }
    this.ready = true; // what was said before the page was there is no news
  }

  tell(text) {
    this.region.textContent = text;
  }
}
