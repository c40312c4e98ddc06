// The words on the page, in the languages that it is offered in.

const KEPT = "parley-language";

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

export class Words {
  // Of `preferred` languages the first that is there counts, if none was chosen.
  constructor(about, preferred = []) {
    this.all = about.words;
    this.languages = about.languages;
    const wanted = [stored(), ...preferred.map((one) => one.split("-")[0])];
    this.language = wanted.find((one) => this.languages.includes(one)) ?? this.languages[0];
  }

  choose(language) {
    this.language = language;
    try {
      localStorage.setItem(KEPT, language);
    } catch { /* a browser that keeps nothing */ }
  }

  // Return a text by its section and key, with {names} filled in.
  say(section, key, values = {}) {
    const text = this.all[this.language][section]?.[key] ?? "";
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // Return a language's name in itself.
  name(language) {
    const name = new Intl.DisplayNames([language], { type: "language" }).of(language);
    return name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
  }
}
