// Elements, and texts from outside. Nothing here or elsewhere parses a text as HTML: it becomes text and nothing else.

const LONGEST = 2000; // characters of one text that are shown; a choice beyond any sentence

// What controls a terminal, turns text around or is never seen, as device/system/harmless.py has it.
const UNPRINTABLE = new RegExp(
    "[\\0-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069" +
        "\\u2028\\u2029\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff\\u{e0000}-\\u{e007f}]",
    "gu",
);

/** Return a value from outside as one harmless line, cut off where nobody would read on. */
export function shown(value, longest = LONGEST) {
    const text = typeof value === "string" ? value : value === undefined ? "" : String(value);
    const more = text.length > longest ? "…" : "";
    const start = more ? text.slice(0, longest).replace(/[\ud800-\udbff]$/, "") : text;
    return start.replace(UNPRINTABLE, (c) => `\\u${c.codePointAt(0).toString(16).padStart(4, "0")}`) + more;
}

/** Return a number from outside, or `otherwise`. */
export const number = (value, otherwise = 0) => (Number.isFinite(value) ? value : otherwise);

/** Make an element: `class.of.it`, its attributes and event listeners (`onclick`) if any, and what is in it. */
export function make(tag, ...rest) {
    const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name);
    if (classes.length) element.classList.add(...classes);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
        else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...rest.filter((child) => child !== undefined));
    return element;
}

/** Return seconds as they are said on a ruler: 12.3, or 1:02.3 from a minute on. */
export function clock(seconds, digits = 1) {
    const minutes = Math.floor(seconds / 60);
    const rest = (seconds - 60 * minutes).toFixed(digits);
    return minutes ? `${minutes}:${rest.padStart(digits ? digits + 3 : 2, "0")}` : rest;
}

/** Return a span of time in whole milliseconds. */
export const ms = (seconds) => `${Math.round(1000 * seconds).toLocaleString("en")} ms`;
