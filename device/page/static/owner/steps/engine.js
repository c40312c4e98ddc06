// Who answers: an engine, whose key is tried before it is kept.

import { plain } from "../../view.js";
import { button, make } from "../make.js";
import { Problem, shown } from "../problem.js";
import { choose } from "./choose.js";

const TITLES = {
  openai: "OpenAI Realtime", "gpt-live": "OpenAI GPT-Live", gemini: "Gemini Live", cartesia: "Cartesia", azure: "Azure OpenAI",
  "voice-live": "Azure Voice Live", xai: "xAI Grok", inworld: "Inworld", elevenlabs: "ElevenLabs", qwen: "Qwen",
};
const USUAL = 4; // that are shown at once; the others are one touch away

export async function show(body, { door, words, say, signal, announce }) {
  const { engines } = await door.ask("get_choices");
  const first = engines.find((one) => one.chosen)?.name ?? "local";
  const details = make("div", { className: "engine-details" });
  const line = (one) => ({
    value: one.name, title: one.name === "local" ? say("engine_local") : TITLES[one.name] ?? one.name,
    text: one.name === "local" ? say("engine_local_text") : about(one, say), off: one.lacks === "address",
  });
  const shownFirst = engines.slice(0, USUAL).concat(engines.slice(USUAL).filter((one) => one.chosen));
  let chosen = engines.find((one) => one.name === first);
  let form = null;
  let list = null;
  const change = (name) => {
    chosen = engines.find((one) => one.name === name);
    form = chosen.key || chosen.name === "local" ? new Trial(chosen, { door, words, say, signal, announce }) : null;
    details.replaceChildren(...(form ? [form.element] : []));
    list.element.querySelector(`[value="${CSS.escape(name)}"]`)?.closest(".choice").after(details);
    details.scrollIntoView({ block: "nearest" });
  };
  const draw = (some) => {
    list = choose(say("engine_title"), some.map(line), chosen.name, change);
    body.replaceChildren(list.element);
    if (some.length < engines.length) body.append(button(say("engine_more", { count: engines.length - some.length }), () => draw(engines), "link"));
    change(chosen.name);
  };
  draw(shownFirst);
  return {
    save: async () => {
      if (chosen.chosen && !form?.given) return;
      if (form && !form.ready()) return false;
      await door.ask("use_engine", { engine: chosen.name, server: chosen.server ?? "", ...form?.fields() });
      form?.forget();
    },
  };
}

function about(one, say) {
  return one.lacks === "address" ? say("lacks_address") : [plain((one.model ?? "").replace(/^models\//, ""), 60), one.present && say("key_set")].filter(Boolean).join(" · ");
}

// What an engine needs, and how it did.
class Trial {
  constructor(engine, context) {
    Object.assign(this, context, { engine });
    const say = this.say;
    this.key = make("input", { id: "engine-key", type: "password", autocomplete: "off", spellcheck: false, maxLength: 4000 });
    this.key.placeholder = engine.present ? say("key_present") : "";
    this.agent = make("input", { id: "engine-agent", type: "text", autocomplete: "off", spellcheck: false, maxLength: 200 });
    this.result = make("div", { className: "result", role: "status" });
    this.attempt = button(say("engine_try"), () => this.run());
    const where = make("p", { className: engine.foreign ? "problem" : "quiet" }, say(engine.foreign ? "key_foreign" : "key_where", { server: plain(host(engine.server), 100) }));
    this.element = make(
      "div", { className: "trial" },
      engine.agent && make("label", { htmlFor: "engine-agent" }, say("agent")), engine.agent && this.agent,
      engine.key && make("label", { htmlFor: "engine-key" }, say("key")), engine.key && this.key, engine.key && where,
      make("div", { className: "row" }, this.attempt, make("span", { className: "quiet" }, say(engine.name === "local" ? "try_local" : "try_text"))),
      this.result,
    );
  }

  get given() {
    return Boolean(this.key.value.trim() || this.agent.value.trim());
  }

  fields() {
    return { key: this.key.value.trim(), agent: this.agent.value.trim() };
  }

  // Say what is missing; return whether nothing is.
  ready() {
    const lacks = this.engine.key && !this.engine.present && !this.key.value.trim();
    const field = this.engine.agent && this.engine.lacks === "agent" && !this.agent.value.trim() ? this.agent : lacks ? this.key : null;
    if (!field) return true;
    this.result.replaceChildren(shown(new Problem({ what: this.say(field === this.key ? "key_needed" : "agent_needed") }), this.words));
    field.focus();
    this.result.scrollIntoView({ block: "nearest" }); // or a telephone has it behind the buttons
    return false;
  }

  forget() {
    this.key.value = "";
  }

  async run() {
    const { engine, say } = this;
    if (!this.ready()) return;
    this.attempt.disabled = true;
    const began = performance.now();
    const wait = make("p", { className: "busy" }, say("trying"));
    this.result.replaceChildren(wait);
    const bar = make("progress", { max: 30, value: 0, ariaLabel: say("trying") });
    this.result.append(bar);
    const tick = setInterval(() => { bar.value = (performance.now() - began) / 1000; }, 250);
    try {
      this.tell(await this.door.ask("try_engine", { engine: engine.name, server: engine.server ?? "", ...this.fields() }));
    } catch (error) {
      this.result.replaceChildren(shown(error, this.words));
    }
    clearInterval(tick);
    this.attempt.disabled = false;
  }

  tell(tried) {
    const { say } = this;
    const seconds = ((tried.delay_ms ?? 0) / 1000).toLocaleString(this.words.language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    const parts = tried.ok
      ? [make("p", { className: "done" }, say("tried_ok", { seconds })), tried.answer && make("blockquote", {}, plain(tried.answer, 300))]
      : [make("p", { className: "failed" }, say(`tried_${tried.wrong || "other"}`, { server: plain(host(this.engine.server), 100) }))];
    if (tried.price) parts.push(make("p", { className: "quiet" }, say("price", { dollars: tried.price.toLocaleString(this.words.language, { minimumFractionDigits: 2, maximumFractionDigits: 4 }) })));
    const found = (tried.found ?? []).map((one) => make("li", { className: one.status }, plain(one.what, 400), one.status !== "ok" && one.fix ? make("span", { className: "quiet" }, ` → ${plain(one.fix, 400)}`) : ""));
    if (found.length) parts.push(make("details", {}, make("summary", {}, say("details")), make("ul", { className: "checked", lang: "en" }, found)));
    this.result.replaceChildren(...parts.filter(Boolean));
    this.result.scrollIntoView({ block: "nearest" });
  }
}

function host(server) {
  return (server ?? "").replace(/^wss?:\/\//, "");
}
