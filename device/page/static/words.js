// The words on the page, in the languages that it is offered in.

const KEPT = "parley-language";

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

// Return the languages that are wanted: the one that was chosen, and `preferred` ones.
export function wanted(preferred = []) {
  return [stored(), ...preferred.map((one) => one.split("-")[0])].filter(Boolean);
}

export class Words {
  // Of `preferred` languages the first that is there counts, if none was chosen; `about` may have the words of one alone.
  constructor(about, preferred = []) {
    this.all = about.words;
    this.languages = about.languages;
    this.language = [...wanted(preferred), ...this.languages].find((one) => one in this.all);
  }

  // Speak another language from now on; one of which the words are not there, once the page is loaded anew.
  choose(language) {
    if (language in this.all) this.language = language;
    try {
      localStorage.setItem(KEPT, language);
    } catch { /* a browser that keeps nothing */ }
  }

  // Return a text by its section and key, with {names} filled in.
  say(section, key, values = {}) {
    const text = this.all[this.language][section]?.[key] ?? "";
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // Return what the daemon says in English is wrong, in the page's language if that is known of it.
  problem(text) {
    for (const [english, own] of Object.entries(this.all[this.language].problems ?? {})) {
      const parts = english.split("{}").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
      const found = new RegExp(`^${parts.join("(.+?)")}$`, "su").exec(text);
      if (found) return own.replaceAll("{}", () => found.splice(1, 1)[0]);
    }
    return text;
  }

  // Return a language's name in itself.
  name(language) {
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language);
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  }
}
