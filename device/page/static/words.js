// The words on the page, in the languages that it is offered in.

const KEPT = "parley-language";

export class Words {
  constructor(about) {
    this.all = about.words;
    this.languages = about.languages;
    const kept = localStorage.getItem(KEPT);
    this.language = this.languages.includes(kept) ? kept : this.languages[0];
  }

  choose(language) {
    this.language = language;
    localStorage.setItem(KEPT, language);
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
