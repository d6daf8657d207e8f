// Draws one figure: its latest value, what it is held against, on how much it rests, and how it came there.
import { el, records } from "./dom.js";
import { count, day, moment, written } from "./format.js";
import { aligned, drawLines } from "./lines.js";

/** Judge with the interval: a target is only met or missed for sure when the whole interval lies on one side. */
export function judge(row, bound) {
  const good = (value) => (bound.good === "above" ? value >= bound.value : value <= bound.value);
  const wanted = `${bound.good === "above" ? "at least" : "at most"} `;
  const isSure = typeof row.low !== "number" || good(row.low) === good(row.high);
  if (!isSure) return { tone: "warn", sign: "≈", word: good(row.value) ? "met, may be chance" : "missed, may be chance", wanted };
  return good(row.value) ? { tone: "good", sign: "✔", word: "met", wanted } : { tone: "bad", sign: "✖", word: "missed", wanted };
}

export function drawFigure(answer, panel) {
  const rows = records(answer).filter((row) => row.value !== null);
  const last = rows.at(-1);
  const thin = last.n < panel.evidence;
  const body = el("div", {});
  body.append(el("div", { class: `figure${thin ? " thin" : ""}`, "data-value": last.value }, written(last.value, panel.unit),
    typeof last.low === "number" ? el("small", {}, `  ${written(last.low, panel.unit)} to ${written(last.high, panel.unit)}`) : null));
  const bound = panel.bounds[0];
  if (thin) body.append(el("p", { class: "little" }, `Too little data: it rests on ${count(last.n)}, at least ${count(panel.evidence)} are needed to judge.`));
  else if (bound) {
    const verdict = judge(last, bound);
    body.append(el("div", { class: `verdict ${verdict.tone}`, title: bound.says }, `${verdict.sign} target ${verdict.wanted}${written(bound.value, panel.unit)}: ${verdict.word}`));
  }
  const basis = last.hits === undefined ? `based on ${count(last.n)}` : `${count(last.hits)} of ${count(last.n)}`;
  const before = rows.length > 1 ? ` · ${written(rows[0].value, panel.unit)} on ${day(rows[0].t)}` : "";
  if (!(panel.unit === "number" && last.value === last.n)) body.append(el("p", { class: "facts" }, basis + before));
  else body.append(el("p", { class: "facts" }, before.slice(3)));
  return { body, trend: rows.length > 3, at: last.t };
}

export function drawTrend(host, answer, panel) {
  return drawLines(host, answer, { ...panel, bounds: panel.bounds }, aligned(answer, 1), 100, () => {});
}

export { moment };
