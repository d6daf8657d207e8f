// Draws shares and amounts as bars in a table, so that what is seen is also what is read out: label, bar with its interval, value, counts.
import { el, records } from "./dom.js";
import { count, named, unitOf, written } from "./format.js";

const BASE = new Set(["label", "value", "low", "high", "hits", "n"]);

function scaleOf(rows, panel) {
  const values = rows.flatMap((row) => [row.value, row.low, row.high]).filter((value) => typeof value === "number");
  let [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const near = panel.bounds.map((bound) => bound.value).filter((value) => value <= high * 2.5);
  high = Math.max(high, ...near);
  if (panel.unit === "share" && low >= 0 && high > 0.35) high = Math.max(1, high);
  if (panel.unit === "stars") [low, high] = [1, 5];
  // One value far below zero would hide all others: it is cut, and its number says how far it goes.
  if (panel.unit === "share" && low < -1) low = -1;
  const width = high - low || 1;
  return { low, zero: ((Math.max(0, low) - low) / width) * 100, place: (value) => ((Math.min(Math.max(value, low), high) - low) / width) * 100 };
}

function track(row, panel, scale) {
  const node = el("div", { class: "track", "aria-hidden": "true" });
  if (row.value === null) return node;
  const [from, to] = [Math.min(scale.zero, scale.place(row.value)), Math.max(scale.zero, scale.place(row.value))];
  const tone = row.n < panel.evidence ? " thin" : row.value < 0 && panel.name === "budgets" ? " bad" : "";
  node.append(el("i", { class: `fill${tone}`, style: { left: `${from}%`, width: `${to - from}%` } }));
  if (scale.zero > 0) node.append(el("i", { class: "zero", style: { left: `${scale.zero}%` } }));
  if (typeof row.low === "number" && typeof row.high === "number") {
    const [left, right] = [scale.place(row.low), scale.place(row.high)];
    node.append(el("i", { class: "range", style: { left: `${left}%`, width: `${Math.max(right - left, 0.5)}%` } }));
  }
  for (const bound of panel.bounds) node.append(el("i", { class: "bound", style: { left: `${scale.place(bound.value)}%` }, title: bound.says }));
  return node;
}

export function drawBars(answer, panel) {
  const rows = records(answer);
  const scale = scaleOf(rows, panel);
  const further = answer.columns.filter((column) => !BASE.has(column));
  const hasInterval = answer.columns.includes("low");
  const isCount = panel.unit === "number" && !answer.columns.includes("hits");
  const head = el("tr", {}, el("th", { scope: "col" }, ""), el("td", {}, ""), el("th", { class: "number", scope: "col" }, hasInterval ? "value (95 % interval)" : "value"),
    isCount ? null : el("th", { class: "number", scope: "col" }, "based on"), ...further.map((column) => el("th", { class: "number", scope: "col" }, named(column))));
  const body = rows.map((row) => {
    const thin = row.n < panel.evidence;
    const range = typeof row.low === "number" ? ` (${written(row.low, panel.unit)} to ${written(row.high, panel.unit)})` : "";
    return el("tr", {}, el("th", { scope: "row" }, row.label), el("td", { class: "plot" }, track(row, panel, scale)),
      el("td", { class: "number", "data-value": row.value }, written(row.value, panel.unit), range ? el("span", { class: "interval" }, range) : null, thin ? el("small", { title: `rests on fewer than ${panel.evidence}` }, "too little data") : null),
      isCount ? null : el("td", { class: "number" }, row.hits === undefined ? count(row.n) : `${count(row.hits)} of ${count(row.n)}`),
      ...further.map((column) => el("td", { class: "number" }, written(row[column], unitOf(column, panel.unit)))));
  });
  return el("table", {}, el("caption", { class: "visually-hidden" }, panel.title), el("thead", {}, head), el("tbody", {}, ...body));
}
