// What engines cost, by day, as a plot and as a table.

import { plain } from "../view.js";
import { columns, plot } from "./plot.js";
import { make } from "./make.js";
import { When } from "./when.js";

const SPANS = [7, 31, 92, 366];
const MEASURES = ["cost", "replies", "minutes"];
const MOST_SERIES = 6; // as many as there are colours
const LONGEST = 60;

export async function show(element, context) {
  await new Costs(element, context).load();
}

class Costs {
  constructor(element, { door, words, signal }) {
    Object.assign(this, { door, words, signal, when: new When(words.language) });
    const options = (values, named) => values.map((value) => make("option", { value: String(value) }, named(value)));
    this.days = make("select", { ariaLabel: this.say("span") }, options(SPANS, (days) => this.say("days", { days })));
    this.days.value = "31";
    this.measure = make("select", { ariaLabel: this.say("measure") }, options(MEASURES, (one) => this.say(one)));
    this.days.onchange = () => this.load();
    this.measure.onchange = () => this.draw();
    this.sums = make("dl", { className: "sums" });
    this.picture = make("div", { className: "plot" });
    this.table = make("div", { className: "rows", tabIndex: 0, role: "region", ariaLabel: this.say("table") });
    this.unknown = make("p", { className: "quiet" });
    element.append(
      make("p", { className: "quiet" }, this.say("about")), this.sums,
      make("div", { className: "row" }, this.measure, this.days), this.picture, this.unknown,
      make("details", {}, make("summary", {}, make("h2", {}, this.say("table"))), this.table),
    );
    const wide = new ResizeObserver(() => this.resized());
    wide.observe(this.picture);
    signal.addEventListener("abort", () => wide.disconnect());
  }

  say(key, values) {
    return this.words.say("costs", key, values);
  }

  async load() {
    const told = await this.door.ask("get_costs", { days: Number(this.days.value) });
    if (this.signal.aborted) return;
    this.rows = told.days;
    this.budget = told.budget ?? 0;
    this.tell();
    this.fill();
    this.draw();
  }

  value(row) {
    const measure = this.measure.value;
    if (measure === "replies") return row.replies ?? 0;
    return measure === "minutes" ? (row.sent_s ?? 0) / 60 : row.cost ?? 0;
  }

  written(value) {
    const measure = this.measure.value;
    return measure === "cost" ? this.when.money(value) : this.when.number(value, measure === "minutes" ? 1 : 0);
  }

  // Say what today and all of it cost.
  tell() {
    const sum = (rows) => rows.reduce((all, row) => all + (row.cost ?? 0), 0);
    const today = this.rows.filter((row) => row.day === todays());
    const sums = [
      ["today", this.when.money(sum(today))],
      ["all", this.when.money(sum(this.rows))],
      ["budget", this.budget ? this.when.money(this.budget) : this.say("no_budget")],
    ];
    this.sums.replaceChildren(...sums.map(([key, value]) => make("div", {}, make("dt", {}, this.say(`sum_${key}`)), make("dd", {}, value))));
    const unknown = [...new Set(this.rows.filter((row) => (row.cost ?? null) === null).map((row) => plain(row.model || row.engine, LONGEST)))];
    this.unknown.textContent = unknown.length ? this.say("unknown", { names: plain(unknown.join(", "), 300) }) : "";
  }

  fill() {
    const head = ["day", "engine", "model", "replies", "minutes", "cost"].map((key) => make("th", { scope: "col", className: ["replies", "minutes", "cost"].includes(key) ? "figure" : "" }, this.say(`head_${key}`)));
    const figure = (text) => make("td", { className: "figure" }, text);
    const body = this.rows.map((row) => make(
      "tr", {},
      make("th", { scope: "row" }, this.when.day(row.day, { dateStyle: "medium" }) || plain(row.day, 20)),
      make("td", {}, plain(row.engine, LONGEST)), make("td", {}, plain(row.model, LONGEST)),
      figure(this.when.number(row.replies ?? 0)), figure(this.when.number((row.sent_s ?? 0) / 60, 1)),
      figure((row.cost ?? null) === null ? this.say("price_unknown") : this.when.money(row.cost)),
    ));
    this.table.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, head)), make("tbody", {}, body)));
  }

  resized() {
    if (this.rows && this.picture.clientWidth !== this.width) this.draw();
  }

  draw() {
    this.width = this.picture.clientWidth;
    const found = columns(this.rows, (row) => this.value(row), lastDays(Number(this.days.value)), MOST_SERIES, this.say("others"));
    const money = this.measure.value === "cost";
    this.picture.replaceChildren(...plot(found, {
      width: this.width,
      limit: money ? this.budget : 0,
      limitName: this.say("sum_budget"),
      label: this.say("plot", { measure: this.say(this.measure.value) }),
      none: this.say("none"),
      sum: this.say("sum"),
      written: (value) => this.written(value),
      day: (day) => this.when.day(day),
      dayInFull: (day) => this.when.day(day, { weekday: "long", day: "numeric", month: "long" }),
    }));
  }
}

function todays(ago = 0) {
  const now = new Date();
  const day = new Date(Date.UTC(now.getFullYear(), now.getMonth(), now.getDate() - ago));
  return day.toISOString().slice(0, 10);
}

function lastDays(count) {
  return Array.from({ length: count }, (_, at) => todays(count - 1 - at));
}
