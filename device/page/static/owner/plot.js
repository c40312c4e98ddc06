// Stacked columns, one a day: drawn as SVG, looked at by pointer or by the arrow keys.

import { plain } from "../view.js";
import { make } from "./make.js";

const HEIGHT = 260;
const EDGE = { top: 12, right: 8, bottom: 26, left: 56 };
const TICKS = 4;
const LABEL_PX = 64; // as much room as the name of a day takes
const LONGEST = 40;

// Return what there is to draw: `{days: [{day, parts, sum}], series: [{name, colour}]}`, of each day a number for each
// series. A name has the same colour whatever is measured. Beyond so many, the smallest are `others`.
export function columns(rows, valueOf, days, most, others) {
  const names = [...new Set(rows.map((row) => row.engine))].sort();
  const sums = new Map(names.map((name) => [name, 0]));
  for (const row of rows) sums.set(row.engine, sums.get(row.engine) + valueOf(row));
  const ranked = names.filter((name) => sums.get(name) > 0).sort((a, b) => sums.get(b) - sums.get(a));
  const single = ranked.length > most ? ranked.slice(0, most - 1) : ranked;
  const series = single.map((name) => ({ name, colour: names.indexOf(name) % (names.length > most ? most - 1 : most) }));
  if (ranked.length > most) series.push({ name: others, colour: most - 1 });
  const byDay = new Map(days.map((day) => [day, series.map(() => 0)]));
  for (const row of rows) {
    const value = valueOf(row);
    const at = single.indexOf(row.engine);
    if (value > 0 && byDay.has(row.day)) byDay.get(row.day)[at < 0 ? series.length - 1 : at] += value;
  }
  return { series, days: [...byDay].map(([day, parts]) => ({ day, parts, sum: parts.reduce((a, b) => a + b, 0) })) };
}

// Return round numbers from 0 to beyond the largest.
export function ticks(largest) {
  if (!(largest > 0)) return [0, 1];
  const rough = largest / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * (1 - 1e-9));
  return Array.from({ length: Math.ceil(largest / step - 1e-9) + 1 }, (_, at) => at * step);
}

// Return the plot, its legend, and a line that says what the day that is looked at comes to.
export function plot({ days, series }, options) {
  const { width, limit, written } = options;
  const scale = ticks(Math.max(limit, ...days.map((one) => one.sum)));
  const inner = { width: Math.max(60, width - EDGE.left - EDGE.right), height: HEIGHT - EDGE.top - EDGE.bottom };
  const y = (value) => EDGE.top + inner.height * (1 - value / scale.at(-1));
  const step = inner.width / days.length;
  const x = (at) => EDGE.left + at * step;
  const picture = svg("svg", { viewBox: `0 0 ${EDGE.left + inner.width + EDGE.right} ${HEIGHT}`, height: HEIGHT, "aria-hidden": "true" });
  for (const value of scale) {
    picture.append(svg("line", { class: "grid", x1: EDGE.left, x2: EDGE.left + inner.width, y1: y(value), y2: y(value) }));
    picture.append(svg("text", { class: "tick", x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }, written(value)));
  }
  const each = Math.max(1, Math.ceil(LABEL_PX / step));
  const bars = days.map((one, at) => {
    const group = svg("g", {});
    group.append(svg("rect", { class: "hit", x: x(at), y: EDGE.top, width: step, height: inner.height }));
    let below = 0;
    one.parts.forEach((value, number) => {
      if (!value) return;
      const gap = step > 6 ? step * 0.18 : 0;
      const [top, bottom] = [y(below + value), y(below)];
      group.append(svg("rect", { class: `series-${series[number].colour}`, x: x(at) + gap / 2, width: step - gap, y: top, height: Math.max(1, bottom - top) }));
      below += value;
    });
    if ((days.length - 1 - at) % each === 0 && x(at) + step / 2 > EDGE.left + 12) {
      picture.append(svg("text", { class: "tick", x: Math.min(x(at) + step / 2, EDGE.left + inner.width - 16), y: HEIGHT - 8, "text-anchor": "middle" }, options.day(one.day)));
    }
    picture.append(group);
    return group;
  });
  if (limit > 0) picture.append(...limitLine(y(limit), inner.width, options));
  const told = make("p", { className: "told", role: "status" });
  const box = make("div", { className: "canvas", tabIndex: 0, role: "group", ariaLabel: options.label }, picture);
  look(box, { days, series, bars, step, told, options });
  return [box, told, legend(series)];
}

function limitLine(at, width, { limitName, written, limit }) {
  return [
    svg("line", { class: "limit", x1: EDGE.left, x2: EDGE.left + width, y1: at, y2: at }),
    svg("text", { class: "limit-name", x: EDGE.left + 6, y: at - 5 }, `${limitName} ${written(limit)}`),
  ];
}

// Let days be looked at.
function look(box, { days, series, bars, step, told, options }) {
  let now = -1;
  const go = (at) => {
    const to = Math.max(0, Math.min(days.length - 1, at));
    if (to === now) return;
    bars[now]?.classList.remove("now");
    now = to;
    bars[now].classList.add("now");
    const { day, parts, sum } = days[now];
    const each = parts.map((value, number) => value && `${plain(series[number].name, LONGEST)} ${options.written(value)}`).filter(Boolean);
    const all = each.length > 1 ? ` · ${options.sum} ${options.written(sum)}` : "";
    told.textContent = `${options.dayInFull(day)}: ${each.join(", ") || options.none}${all}`;
  };
  const put = (event) => {
    const { left, width } = box.firstChild.getBoundingClientRect();
    const scaled = box.firstChild.viewBox.baseVal.width / width;
    go(Math.floor(((event.clientX - left) * scaled - EDGE.left) / step));
  };
  box.onpointermove = put;
  box.onpointerdown = put;
  box.onkeydown = (event) => {
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: days.length - 1, PageUp: now - 7, PageDown: now + 7 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  const latest = days.findLastIndex((one) => one.sum > 0);
  go(latest < 0 ? days.length - 1 : latest);
}

function legend(series) {
  return make("ul", { className: "legend" }, series.map(({ name, colour }) => make("li", { className: `series-${colour}` }, plain(name, LONGEST))));
}

function svg(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
