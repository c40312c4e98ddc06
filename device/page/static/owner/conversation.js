// The last conversation as a picture: what happened when, on three tracks. No sound of it is kept.

import { button, make } from "./make.js";
import { shown } from "./problem.js";
import { When } from "./when.js";

const STYLES = ["theme.css", "picture.css"];

export async function show(element, { door, words, signal }) {
  const when = new When(words.language);
  const say = (key, values) => words.say("conversation", key, values);
  const told = make("div");
  const root = make("div", { lang: "en" });
  const again = button(say("again"), () => load().catch((error) => told.replaceChildren(shown(error, words))));
  element.append(make("p", { className: "quiet" }, say("about")), make("div", { className: "row" }, again), told, root);
  const [{ draw }] = await Promise.all([import("/static/picture/picture.js"), ...STYLES.map(style)]);

  async function load() {
    const { events = [], began, going = false, clipped = false } = await door.ask("get_last_conversation");
    if (signal.aborted) return;
    told.replaceChildren();
    root.replaceChildren();
    again.hidden = !events.length;
    if (!events.length) {
      told.append(make("p", { className: "quiet" }, say("none")));
      return;
    }
    const notes = [going && say("going"), clipped && say("clipped")].filter(Boolean);
    draw(root, { events, title: when.full(began), note: notes.join(" ") });
  }

  await load();
  let turn = door.now?.state?.state;
  door.listen((event) => { // it is drawn anew when it is over
    const now = event.type === "state" ? event.state : event.type === "snapshot" ? event.state.state : turn;
    if (now === "asleep" && turn !== "asleep") load().catch(() => null);
    turn = now;
  }, signal);
}

// Have a stylesheet, once.
function style(name) {
  const href = `/static/picture/${name}`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    document.head.append(make("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
  });
}
