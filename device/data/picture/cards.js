// The turns as cards: what was said, what was heard of it, and how long each step took.

import { make, ms, shown } from "./elements.js";
import { inWords } from "./turns.js";

const BRIEF = 300; // characters of what is not said aloud; the list of events has more

/** Return the turns as a list; `jump(t)` makes a button that goes to a time. Nothing if there are none. */
export function turnCards(turns, jump) {
    if (!turns.length) return undefined;
    const totals = turns.flatMap(({ answer, overlaps }) => [answer.total, ...overlaps.map(({ total }) => total)]);
    const longest = Math.max(0.1, ...totals); // all strips have the same scale
    const cards = turns.map((turn, i) => card(turn, `Turn ${i + 1}`, longest, jump));
    return make("section", make("h2", "Turns"), make("ol.turns", ...cards));
}

function card({ at, user, items, tools, errors, answer, overlaps }, title, longest, jump) {
    const words = make("dl.words");
    const add = (name, ...what) => words.append(make("dt", name), ...what);
    if (user) add("User", make("dd", user));
    for (const { heard, unheard } of items) {
        const said = make("dd", shown(heard));
        if (unheard) said.append(" ", make("span.unheard", make("span.aside", "not heard"), " ", shown(unheard)));
        if (heard || unheard) add("Assistant", said);
    }
    for (const tool of tools)
        add("Tool", make("dd.code", `${shown(tool.name, BRIEF)} ${shown(tool.arguments, BRIEF)}`));
    for (const { code, message } of errors)
        add("Error", make("dd.error", `${shown(code, BRIEF)}: ${shown(message, BRIEF)}`));
    const strips = [
        strip("The answer", answer, longest),
        ...overlaps.map((one) => strip(one.cut ? "The interruption" : "No interruption", one, longest)),
    ];
    return make("li.turn", make("h3", title, jump(at)), words, ...strips);
}

/** Return how long each step took as a strip, with its length in words. */
function strip(title, { total, steps }, longest) {
    if (!steps.length) return undefined;
    const bar = make("div.bar", { role: "img", "aria-label": `${title}: ${inWords({ total, steps })}` });
    const legend = make("ul.legend", { "aria-hidden": "true" });
    for (const { what, look, seconds } of steps) {
        const piece = make("span", { "data-look": look, title: `${ms(seconds)} ${what}` });
        piece.style.width = `${(100 * seconds) / longest}%`;
        bar.append(piece);
        legend.append(make("li", { "data-look": look }, make("b", ms(seconds)), ` ${what}`));
    }
    return make("div.strip", make("h4", `${title}: ${ms(total)}`), bar, legend);
}
