// One panel: asks for its figures, shows that it waits, what it found, that it found nothing, or what went wrong and what to do.
import { drawBars } from "./bars.js";
import { el } from "./dom.js";
import { drawFigure, drawTrend, judge } from "./figure.js";
import { ago, moment } from "./format.js";
import { aligned, drawLines, fillLegend, isThin, thinness } from "./lines.js";
import { drawAlerts, drawGrid, drawStates, drawTable } from "./tables.js";

const STALE_SECONDS = 120;
const WIDE_POINTS = 20;

export class Panel {
  constructor(told, board) {
    Object.assign(this, { told, board, visible: true, answer: null, asTable: false, clean: () => {} });
    this.body = el("div", { class: "body", "aria-busy": "true" }, el("div", { class: "waits" }, el("span", { class: "visually-hidden" }, "Loading")));
    this.foot = el("p", { class: "foot" });
    this.more = el("div", { class: "more", hidden: true, id: `more-${told.name}` });
    this.node = el("section", { class: `panel w${told.width}`, id: told.name, style: {}, "aria-labelledby": `title-${told.name}`, "data-panel": told.name, "data-state": "loading" },
      this.#head(), el("p", { class: "think" }, told.think), this.more, this.body, this.foot);
    this.node.style.setProperty("--width", told.width);
  }

  #head() {
    const { told } = this;
    const toggle = () => { this.more.hidden = !this.more.hidden; ask.setAttribute("aria-expanded", String(!this.more.hidden)); this.#fillMore(); };
    const ask = el("button", { type: "button", title: `${told.definition}\n\nFresh: ${told.freshness}.`, "aria-expanded": "false", "aria-controls": `more-${told.name}`, onclick: toggle, "aria-label": `What is “${told.title}”?` }, "?");
    const table = el("button", { type: "button", "aria-pressed": "false", "aria-label": `Show “${told.title}” as a table`, onclick: () => { this.asked = true; this.asTable = !this.asTable; table.setAttribute("aria-pressed", String(this.asTable)); if (this.answer) this.#show(); this.asked = false; } }, "▤");
    return el("div", { class: "head" }, el("h3", { id: `title-${told.name}` }, told.title), ["lines", "figure"].includes(told.plot) ? table : null, ask);
  }

  #fillMore() {
    const { told } = this;
    this.more.replaceChildren(el("p", {}, told.definition), el("p", {}, `Fresh: ${told.freshness}. Needs at least ${told.evidence} to say anything. `,
      ...told.bounds.map((bound) => `Held against: ${bound.says} `)), this.answer ? el("details", {}, el("summary", {}, `The SQL (answered in ${Math.round(this.answer.took_ms)} ms)`), el("pre", {}, this.answer.sql)) : "");
  }

  /** Ask anew and show the answer. */
  async load(question, signal) {
    const address = this.told.plot === "alerts" ? "/api/alerts" : `/api/panel/${this.board}/${this.told.name}?${question}`;
    try {
      this.answer = await this.#wideEnough(address, signal);
      this.#show();
    } catch (error) {
      if (error.name !== "AbortError") this.#trouble(error);
    }
    return this.answer;
  }

  /** Where most points would rest on too little, ask for fewer and wider ones. */
  async #wideEnough(address, signal) {
    const answer = await fetched(address, signal);
    if (this.told.plot !== "lines" || answer.rows.length === 0 || !isThin(aligned(answer, this.told.evidence))) return answer;
    return fetched(`${address}&points=${WIDE_POINTS}`, signal);
  }

  #trouble(error) {
    this.#state("error");
    const away = error instanceof TypeError;
    this.#replace(el("p", { class: "trouble", role: "alert" }, away ? "The page's server does not answer. Is `tidegauge up` running?" : `${error.message}. ${error.wayOut ?? ""}`, " It is asked again by itself."));
  }

  /** Do not take away what somebody reads: a value under the pointer, a link that has the keyboard. */
  #isInUse() {
    const { body, told } = this;
    if (this.node.dataset.state !== "data") return false;
    return (body.contains(document.activeElement) && document.activeElement !== body) || (told.plot === "lines" && body.matches(":hover") && !this.asked);
  }

  #state(word) {
    this.node.dataset.state = word;
    this.body.setAttribute("aria-busy", "false");
  }

  #replace(...children) {
    this.clean();
    this.clean = () => {};
    this.body.replaceChildren(...children);
  }

  #show() {
    const { told, answer } = this;
    if (this.#isInUse()) return;
    if (told.plot === "alerts") { this.#state(answer.state === "ok" ? "data" : "empty"); this.#replace(drawAlerts(answer)); return; }
    const place = answer.columns.indexOf("value");
    if (answer.rows.length === 0 || (["figure", "lines"].includes(told.plot) && answer.rows.every((row) => row[place] === null))) {
      this.#state("empty");
      this.#replace(el("p", { class: "empty" }, told.empty));
      return;
    }
    this.#state("data");
    this[this.asTable ? "table" : told.plot]();
  }

  table() { this.#replace(el("div", { class: "scroll" }, drawTable(this.asTable ? dated(this.answer) : this.answer, this.told))); }
  states() { this.#replace(drawStates(this.answer, this.told)); }
  bars() { this.#replace(drawBars(this.answer, this.told)); }
  grid() { this.#replace(el("div", { class: "scroll" }, drawGrid(this.answer, this.told))); }

  figure() {
    const { body, trend } = drawFigure(this.answer, this.told);
    this.#replace(body);
    if (!trend) return;
    const host = el("div", { role: "img", "aria-label": `Trend of ${this.told.title}` });
    body.append(host);
    this.clean = drawTrend(host, this.answer, this.told);
  }

  lines() {
    const { told, answer } = this;
    const data = aligned(answer, told.evidence);
    const thin = thinness(data, told.evidence);
    const note = thin ? el("p", { class: "little" }, thin) : "";
    if (data.series.every((one) => one.points === 0)) { this.#replace(note); return; }
    const legend = el("ul", { class: "legend" });
    const names = data.series.map((one) => one.name).join(", ");
    const host = el("div", { role: "img", "aria-label": `${told.title} over time: ${names}. The newest values follow; the button ▤ shows all as a table.` });
    this.#replace(note, host, legend);
    fillLegend(legend, data, told, null);
    this.clean = drawLines(host, answer, told, data, 190, (index) => fillLegend(legend, data, told, index));
  }

  /** Say how fresh the figures are, and which filters they do not follow. */
  freshness(newest, chosen, now, isLive) {
    if (this.told.plot === "alerts") return;
    const moments = this.told.views.map((view) => newest[view]).filter((at) => at);
    const at = moments.length ? Math.min(...moments) : null;
    const ignored = chosen.filter((name) => !this.told.variables.includes(name));
    // A ticket may be rare; that no record at all came for minutes is what makes figures old.
    const isStale = isLive && newest.ledger && now - newest.ledger > STALE_SECONDS;
    this.foot.replaceChildren(el("span", { class: isStale ? "stale" : "" }, at === null ? "no event in 35 days" : `newest event ${moment(at, now)} (${ago(at, now)})`),
      ignored.length ? el("span", { class: "stale" }, `not split by ${ignored.join(", ")}`) : "");
  }

  /** For the executive headline: is the target met? */
  verdict() {
    if (this.told.plot !== "figure" || !this.told.bounds.length || !this.answer) return null;
    const place = Object.fromEntries(this.answer.columns.map((column, index) => [column, index]));
    const row = this.answer.rows.findLast((one) => one[place.value] !== null);
    if (!row) return null;
    const values = Object.fromEntries(this.answer.columns.map((column, index) => [column, row[index]]));
    return { title: this.told.title, thin: values.n < this.told.evidence, ...judge(values, this.told.bounds[0]) };
  }
}

async function fetched(address, signal) {
  const reply = await fetch(address, { signal });
  const answer = await reply.json();
  if (!reply.ok) throw Object.assign(new Error(answer.error), { wayOut: answer.way_out });
  return answer;
}

function dated(answer) {
  const place = answer.columns.indexOf("t");
  return { ...answer, columns: answer.columns.map((column) => (column === "t" ? "time" : column)), rows: answer.rows.map((row) => row.map((value, at) => (at === place ? moment(value) : value))).reverse() };
}
