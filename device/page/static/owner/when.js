// Times and numbers as whoever reads them writes them.

const DAY_MS = 86_400_000;

export class When {
  constructor(language) {
    this.language = language;
    this.formats = new Map();
  }

  date(options) {
    const key = JSON.stringify(options);
    if (!this.formats.has(key)) this.formats.set(key, new Intl.DateTimeFormat(this.language, options));
    return this.formats.get(key);
  }

  // A moment, as a Date, a text of ISO 8601, or seconds since 1970; empty for what is none.
  moment(at) {
    const found = at instanceof Date ? at : new Date(typeof at === "number" ? at * 1000 : at);
    return Number.isNaN(found.getTime()) ? null : found;
  }

  full(at) {
    const moment = this.moment(at);
    return moment ? this.date({ dateStyle: "full", timeStyle: "short" }).format(moment) : "";
  }

  // The time, with the day if that is another one.
  short(at) {
    const moment = this.moment(at);
    if (!moment) return "";
    const today = new Date().toDateString() === moment.toDateString();
    const day = today ? {} : { weekday: "short", day: "numeric", month: "short" };
    return this.date({ ...day, hour: "numeric", minute: "2-digit" }).format(moment);
  }

  seconds(at) {
    const moment = this.moment(at);
    return moment ? this.date({ hour: "numeric", minute: "2-digit", second: "2-digit" }).format(moment) : "";
  }

  // A day of the week, 0 being Monday.
  weekday(number) {
    return this.date({ weekday: "short", timeZone: "UTC" }).format(new Date(4 * DAY_MS + number * DAY_MS));
  }

  // A day as YYYY-MM-DD.
  day(day, options = { day: "numeric", month: "short" }) {
    const moment = this.moment(`${day}T00:00:00Z`);
    return moment ? this.date({ ...options, timeZone: "UTC" }).format(moment) : "";
  }

  money(dollars) {
    const digits = dollars && dollars < 0.1 ? 4 : 2;
    const options = { style: "currency", currency: "USD", minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.language, options).format(dollars);
  }

  number(value, digits = 0) {
    return new Intl.NumberFormat(this.language, { maximumFractionDigits: digits }).format(value);
  }
}
