// How numbers and times are written: one place, so that the same value looks the same in every kind of plot.

const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

function digits(value, most) {
  return new Intl.NumberFormat("en-GB", { maximumFractionDigits: most }).format(value);
}

function short(value) {
  const size = Math.abs(value);
  if (size >= 1000) return whole.format(value);
  if (size >= 10) return digits(value, 1);
  return digits(value, size >= 1 ? 2 : 3);
}

/** Percentages keep two significant digits near 0 and near 100 %, where they matter most. */
export function percent(value) {
  const per = value * 100;
  const gap = Math.min(Math.abs(per), per > 50 && per < 100 ? 100 - per : Infinity);
  return `${digits(per, gap === 0 || gap >= 10 ? 1 : gap >= 1 ? 1 : gap >= 0.1 ? 2 : 3)} %`;
}

function bytes(value) {
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  while (Math.abs(value) >= 1024 && step < steps.length - 1) [value, step] = [value / 1024, step + 1];
  return `${short(value)} ${steps[step]}`;
}

function seconds(value) {
  if (Math.abs(value) >= 7200) return `${short(value / 3600)} h`;
  if (Math.abs(value) >= 120) return `${short(value / 60)} min`;
  return `${short(value)} s`;
}

const WRITERS = {
  share: percent,
  ratio: (value) => `${whole.format(value * 100)} %`,
  ms: (value) => (Math.abs(value) >= 1000 ? `${short(value / 1000)} s` : `${short(value)} ms`),
  s: seconds,
  minutes: (value) => `${digits(value, 1)} min`,
  hours: (value) => `${whole.format(value)} h`,
  months: (value) => (Math.abs(value) < 1 ? `${whole.format(value * 30.4)} days` : `${digits(value, 1)} months`),
  EUR: (value) => `€ ${whole.format(value)}`,
  score: (value) => `${value > 0 ? "+" : ""}${digits(value, 0)}`,
  stars: (value) => digits(value, 2),
  bytes,
  "per second": (value) => `${short(value)} /s`,
  number: short,
};

export function written(value, unit) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  return (WRITERS[unit] ?? short)(value);
}

/** The unit of a table's column follows from how its name ends. */
export function unitOf(column, panelUnit) {
  if (column === "value" || column === "low" || column === "high" || column === "allowed") return panelUnit;
  if (/_share$/.test(column)) return "share";
  if (/_ms$/.test(column)) return "ms";
  if (/_hours$/.test(column)) return "hours";
  if (/_eur$/.test(column)) return "EUR";
  if (/_seconds$/.test(column)) return "s";
  if (/_minutes$/.test(column)) return "minutes";
  if (column === "newest" || column === "since" || column === "at") return "time";
  return "number";
}

const NAMES = { n: "based on", hits: "of them", p: "p" };

export function named(column) {
  return NAMES[column] ?? column.replace(/_(eur|hours)$/, "").replaceAll("_", " ");
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const dayOf = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

export const time = (at) => clock.format(at * 1000);
export const toMinute = (at) => minute.format(at * 1000);
export const day = (at) => dayOf.format(at * 1000);

/** A moment: with its day where it is not of today. */
export function moment(at, now = Date.now() / 1000) {
  if (at === null || at === undefined) return "–";
  if (at % 86400 === 0) return day(at);
  return Math.floor(at / 86400) === Math.floor(now / 86400) ? time(at) : `${day(at)}, ${toMinute(at)}`;
}

export function ago(at, now = Date.now() / 1000) {
  const age = Math.max(0, now - at);
  if (age < 120) return `${Math.round(age)} s ago`;
  if (age < 7200) return `${Math.round(age / 60)} min ago`;
  if (age < 172800) return `${Math.round(age / 3600)} h ago`;
  return `${Math.round(age / 86400)} days ago`;
}

export function count(value) {
  return value === null || value === undefined ? "–" : whole.format(value);
}
