// Draws what is best read as a table: rows of facts, the states of promises, cohorts.
import { el, records } from "./dom.js";
import { ago, count, moment, named, percent, toMinute, unitOf, written } from "./format.js";

const TONES = {
  broken: ["bad", "✖"], failing: ["bad", "✖"], "do not trust": ["bad", "✖"], recovering: ["warn", "↗"], slow: ["warn", "▲"], strained: ["warn", "▲"], burning: ["warn", "▲"],
  "too few": ["none", "…"], unknown: ["none", "?"], kept: ["good", "✔"], fine: ["good", "✔"], "as usual": ["good", "✔"],
};

export function state(word) {
  const [tone, sign] = TONES[word] ?? ["none", ""];
  return el("span", { class: `state ${tone}` }, el("span", { "aria-hidden": "true" }, sign), word);
}

function isBad(row) {
  return TONES[row.state]?.[0] === "bad";
}

function cell(row, column, panel) {
  const value = row[column];
  if (column === "operation") return el("td", {}, el("a", { href: eventsOf(value), title: "Show its events" }, value));
  if (column === "state") return el("td", {}, state(value));
  const unit = unitOf(column, panel.unit);
  if (unit === "time") return el("td", { class: "number" }, moment(value));
  if (typeof value === "number") return el("td", { class: "number", "data-value": value }, column === "n" ? count(value) : written(value, unit));
  return el("td", { class: ["statement", "example"].includes(column) ? "code" : "" }, value ?? "–");
}

/** From an operation to the events behind its figures. */
function eventsOf(operation) {
  const address = new URLSearchParams(location.search);
  address.set("event", operation);
  return `?${address}#events`;
}

export function drawTable(answer, panel) {
  const rows = records(answer);
  const columns = answer.columns.filter((column) => !panel.hidden.includes(column));
  const head = columns.map((column) => el("th", { scope: "col", class: typeof rows[0]?.[column] === "number" ? "number" : "" }, named(column)));
  const body = rows.map((row) => el("tr", { class: isBad(row) ? "bad" : "" }, ...columns.map((column) => cell(row, column, panel))));
  return el("table", {}, el("caption", { class: "visually-hidden" }, panel.title), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
}

const PROMISES = (name) => name.replaceAll("_", " ");

export function drawStates(answer, panel) {
  const rows = records(answer);
  const body = rows.map((row) => el("tr", { class: isBad(row) ? "bad" : "" }, el("td", {}, state(row.state)), el("th", { scope: "row" }, PROMISES(row.name)),
    el("td", { class: "number", "data-value": row.value }, row.value === null ? "–" : percent(row.value)), el("td", { class: "number" }, percent(row.allowed)),
    el("td", { class: "number" }, `${count(row.hits)} of ${count(row.n)}`),
    el("td", { class: "number" }, row.since ? `${toMinute(row.since)} (${ago(row.since, answer.until)})` : "")));
  const names = ["", "promise", "bad, last 5 min", "allowed", "counts", "since"];
  const head = names.map((name, place) => el("th", { scope: "col", class: place > 1 ? "number" : "" }, name));
  return el("table", {}, el("caption", { class: "visually-hidden" }, panel.title), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
}

/** The sentence above the operations page: what is broken, since when, and how much. */
export function headline(answer) {
  const rows = records(answer);
  const broken = rows.filter((row) => row.state === "broken");
  const measured = rows.filter((row) => row.state !== "unknown");
  const part = (row) => `${PROMISES(row.name)}: ${percent(row.value)} bad (${count(row.hits)} of ${count(row.n)}, allowed ${percent(row.allowed)})${row.since ? ` since ${toMinute(row.since)}` : ""}`;
  if (measured.length === 0) return { tone: "warn", text: "Unknown: nothing was measured in the last minutes. Is the pipeline running, and does the application emit?" };
  if (broken.length > 0) return { tone: "bad", text: `✖ Broken: ${broken.map(part).join(" · ")}` };
  const recovering = rows.filter((row) => row.state === "recovering");
  if (recovering.length > 0) return { tone: "warn", text: `↗ Recovering: ${recovering.map(part).join(" · ")}` };
  const burning = rows.filter((row) => row.state === "burning");
  if (burning.length > 0) return { tone: "warn", text: `▲ Nothing is broken, but an error budget burns: ${burning.map((row) => part({ ...row, since: null })).join(" · ")}` };
  return { tone: "good", text: `✔ All ${measured.length} promises that can be measured now are kept.` };
}

export function drawGrid(answer, panel) {
  const rows = records(answer);
  const columns = [...new Set(rows.map((row) => row.column))];
  const lines = [...new Set(rows.map((row) => row.row))];
  const at = new Map(rows.map((row) => [`${row.row}|${row.column}`, row]));
  const body = lines.map((line) => el("tr", {}, el("th", { scope: "row" }, line), ...columns.map((column) => {
    const row = at.get(`${line}|${column}`);
    if (!row || row.value === null) return el("td", {}, "");
    if (row.n < panel.evidence) return el("td", { title: `fewer than ${panel.evidence} users` }, el("span", {}, "too few"), el("small", {}, `of ${count(row.n)}`));
    const shade = Math.round(row.value * 40);
    return el("td", { style: { background: `color-mix(in srgb, var(--bar) ${shade}%, var(--card))` }, "data-value": row.value }, `${percent(row.value)}${row.complete ? "" : " …"}`, el("small", {}, `${count(row.hits)} of ${count(row.n)}`));
  })));
  const head = el("tr", {}, el("th", { scope: "col" }, "began in the week of"), ...columns.map((column) => el("th", { scope: "col" }, column === "0" ? "that week" : `${column} later`)));
  return el("table", { class: "cells" }, el("caption", { class: "visually-hidden" }, panel.title), el("thead", {}, head), el("tbody", {}, ...body));
}

export function drawAlerts(told) {
  if (told.state === "off") return el("p", { class: "empty" }, "No Alertmanager is set, so nobody is paged. Start the page with --alertmanager http://host:port. What is broken is said beside this all the same.");
  if (told.state === "away") return el("p", { class: "trouble" }, "Alertmanager does not answer: alerts may be firing that are not shown here. Look at its log.");
  if (told.alerts.length === 0) return el("p", { class: "empty" }, "✔ No alert is firing.");
  return el("ul", { class: "alerts" }, ...told.alerts.map((alert) => el("li", {}, state(alert.severity === "page" ? "broken" : "strained"), " ", el("b", {}, alert.name),
    ` ${ago(Date.parse(alert.since) / 1000)}`, el("br"), alert.says, " ", alert.panel ? el("a", { href: alert.panel }, "panel") : null, " ", /^https?:/.test(alert.runbook) ? el("a", { href: alert.runbook }, "runbook") : alert.runbook)));
}
