// Wi-Fi by the device's own access point: a page for telephones, which need no code for this alone.

import { make } from "./owner/make.js";
import { shown } from "./owner/problem.js";
import { show } from "./owner/wifi.js";
import { wanted, Words } from "./words.js";

document.body.dataset.runs = "";

const words = new Words(await (await fetch(`/owner-words.json?${wanted()}`)).json());
const say = (key) => words.say("wifi", key);
document.documentElement.lang = words.language;
document.title = `${say("title")} · Parley`;

const languages = make("div", { id: "languages", role: "group", ariaLabel: words.say("say", "language") },
  words.languages.map((language) => {
    const choose = make("button", {
      type: "button", lang: language, ariaPressed: String(language === words.language),
      onclick: () => {
        words.choose(language);
        location.reload();
      },
    }, words.name(language));
    return choose;
  }));
const body = make("div", { className: "section" });
document.getElementById("page").replaceChildren(make(
  "main", { className: "alone" }, languages, make("h1", {}, say("title")), make("p", {}, say("why")), body,
  make("p", {}, make("a", { href: "/settings" }, say("rest"))),
));
try {
  await show(body, {
    words,
    signal: new AbortController().signal,
    announce: (text) => { document.getElementById("announce").textContent = text; },
  });
} catch (error) {
  body.append(shown(error, words));
}
