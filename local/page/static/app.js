// Puts a dashboard together: tabs, filters, time range, and the round of asking again. The address holds all that is chosen, so it can be sent.
import { el } from "./dom.js";
import { setMarks } from "./marks.js";
import { Panel } from "./panel.js";
import { headline } from "./tables.js";

const RANGES = { "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400, "7d": 604800, "28d": 2419200, "90d": 7776000, "400d": 34560000 };
const RANGE_NAMES = { "15m": "15 minutes", "1h": "hour", "6h": "6 hours", "24h": "24 hours", "7d": "7 days", "28d": "28 days", "90d": "90 days", "400d": "400 days" };
const REFRESHES = { 0: "off", 2: "2 s", 10: "10 s", 60: "60 s" };
const at = (id) => document.getElementById(id);
const address = new URLSearchParams(location.search);
const state = { told: null, board: null, values: {}, panels: [], newest: {}, round: null, timer: null };

async function json(path) {
  const reply = await fetch(path);
  const answer = await reply.json();
  if (!reply.ok) throw new Error(`${answer.error}. ${answer.way_out ?? ""}`);
  return answer;
}

function remember(name, value) {
  if (value) address.set(name, value); else address.delete(name);
  history.replaceState(null, "", `?${address}${location.hash}`);
  tabs();
}

function tabs() {
  const links = state.told.dashboards.map((board) => {
    const kept = new URLSearchParams(address);
    for (const name of ["range", "from", "to", "refresh"]) kept.delete(name);
    const query = kept.toString();
    return el("a", { href: `/${board.name}${query ? `?${query}` : ""}`, "aria-current": board === state.board ? "page" : null }, board.title);
  });
  at("tabs").replaceChildren(...links);
}

function choice(name, title, options, chosen) {
  const select = el("select", { name, onchange: () => { remember(name, select.value); name === "refresh" ? schedule() : name === "range" ? (controls(), ask()) : name === "theme" ? paint() : ask(); } },
    ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  return el("label", {}, title, select);
}

function controls() {
  const used = new Set(state.board.panels.flatMap((panel) => panel.variables));
  const range = address.get("range") ?? (address.get("from") ? "own" : state.board.range);
  const parts = [choice("range", "Last", [...Object.entries(RANGE_NAMES), ["own", "from … to …"]], range)];
  if (range === "own") parts.push(moment("from", "From", 3600), moment("to", "to", 0));
  parts.push(choice("refresh", "Look again", Object.entries(REFRESHES), address.get("refresh") ?? String(state.board.refresh)));
  const filters = [];
  for (const variable of state.told.variables.filter((each) => used.has(each.name))) {
    const values = (state.values[variable.name] ?? []).map((value) => [value, value]);
    const all = variable.all ? [["", "all"]] : [];
    filters.push(choice(variable.name, variable.title, [...all, ...values], address.get(variable.name) ?? ""));
  }
  filters.push(themeChoice());
  // On a phone what is chosen seldom must not push the figures off the screen.
  const isNarrow = matchMedia("(max-width: 700px)").matches;
  parts.push(...(isNarrow ? [el("details", { class: "filters", open: at("controls").querySelector("details")?.open }, el("summary", {}, "Filters and theme"), ...filters)] : filters));
  at("controls").replaceChildren(...parts);
}

function moment(name, title, ago) {
  const kept = address.get(name) ?? new Date(Date.now() - ago * 1000).toISOString().slice(0, 16);
  address.set(name, kept);
  const input = el("input", { type: "datetime-local", name, value: kept, onchange: () => { remember(name, input.value); ask(); } });
  return el("label", {}, title, input);
}

function themeChoice() {
  const kept = localStorage.getItem("tidegauge-theme") ?? "";
  const select = el("select", { name: "theme", onchange: () => {
    if (select.value) localStorage.setItem("tidegauge-theme", select.value); else localStorage.removeItem("tidegauge-theme");
    if (select.value) document.documentElement.dataset.theme = select.value; else delete document.documentElement.dataset.theme;
    ask();
  } }, ...[["", "as the system"], ["light", "light"], ["dark", "dark"]].map(([value, text]) => el("option", { value, selected: value === kept }, text)));
  return el("label", {}, "Theme", select);
}

/** The time range in epoch seconds: up to now, or as it was typed (UTC). */
function span() {
  const range = address.get("range") ?? (address.get("from") ? "own" : state.board.range);
  if (range !== "own") { const until = Date.now() / 1000; return [until - (RANGES[range] ?? 3600), until]; }
  return ["from", "to"].map((name) => Date.parse(`${address.get(name)}Z`) / 1000);
}

function isLive() {
  return (address.get("range") ?? (address.get("from") ? "own" : state.board.range)) !== "own";
}

function question() {
  const [since, until] = span();
  const asked = new URLSearchParams({ since: Math.floor(since), until: Math.ceil(until) });
  for (const variable of state.told.variables) {
    const value = address.get(variable.name) || (variable.all ? "" : state.values[variable.name]?.[0] ?? "");
    if (value) asked.set(variable.name, value);
  }
  return asked.toString();
}

/** Ask for every panel that can be seen, and for the freshness of all. */
async function ask(onlySeen = false) {
  state.round?.abort();
  const round = (state.round = new AbortController());
  const asked = question();
  const chosen = state.told.variables.filter((each) => each.all && address.get(each.name)).map((each) => each.name);
  const panels = onlySeen ? state.panels.filter((panel) => panel.visible) : state.panels;
  const loads = panels.map((panel) => panel.load(asked, round.signal).then(() => lead(panel)));
  const marks = json(`/api/marks?${asked}`).then((found) => { if (!round.signal.aborted) setMarks(found.marks, at("marks")); }, () => { /* the panels say what is wrong */ });
  await Promise.all([...loads, marks]);
  if (round.signal.aborted) return;
  try { state.newest = await json("/api/fresh"); } catch { return; }
  for (const panel of state.panels) panel.freshness(state.newest, chosen, Date.now() / 1000, isLive());
  document.body.dataset.rounds = String(Number(document.body.dataset.rounds ?? 0) + 1);
}

/** The sentence above the panels. */
function lead(panel) {
  let said = null;
  if (panel.told.plot === "states" && panel.answer) said = headline(panel.answer);
  else if (state.board.name === "executive") {
    const verdicts = state.panels.map((each) => each.verdict()).filter((each) => each && !each.thin);
    const missed = verdicts.filter((each) => each.word === "missed").map((each) => each.title.toLowerCase());
    if (verdicts.length) said = { tone: missed.length ? "warn" : "good", text: `${verdicts.length - missed.length} of ${verdicts.length} targets met or within chance of it.${missed.length ? ` Missed: ${missed.join("; ")}.` : ""}` };
  }
  if (!said) return;
  const node = at("headline");
  if (node.textContent !== said.text) node.textContent = said.text;
  node.className = said.tone;
}

function paint() {
  const sections = [...new Set(state.board.panels.map((panel) => panel.section))];
  state.panels = state.board.panels.map((panel) => new Panel(panel, state.board.name));
  const seen = new IntersectionObserver((entries) => entries.forEach((entry) => { state.panels.find((panel) => panel.node === entry.target).visible = entry.isIntersecting; }), { rootMargin: "200px" });
  state.panels.forEach((panel) => seen.observe(panel.node));
  at("panels").replaceChildren(...sections.map((section) => el("div", { class: "grid", role: "group", "aria-label": section }, el("h2", {}, section), ...state.panels.filter((panel) => panel.told.section === section).map((panel) => panel.node))));
  if (location.hash) at(location.hash.slice(1))?.scrollIntoView();
}

/** What is broken is asked every second where the page is live: an incident must not wait for the next round. */
async function glance() {
  const seconds = Number(address.get("refresh") ?? state.board.refresh);
  if (document.hidden || !seconds || seconds > 2) return;
  for (const panel of state.panels.filter((each) => each.told.plot === "states")) await panel.load(question()).then(() => lead(panel));
}

function schedule() {
  clearTimeout(state.timer);
  const seconds = Number(address.get("refresh") ?? state.board.refresh);
  if (!seconds) return;
  state.timer = setTimeout(async () => { if (!document.hidden) await ask(true); schedule(); }, seconds * 1000);
}

async function start() {
  state.told = await json("/api/dashboards");
  state.board = state.told.dashboards.find((board) => `/${board.name}` === location.pathname) ?? state.told.dashboards[0];
  document.title = `${state.board.title} · Tidegauge`;
  at("title").textContent = state.board.title;
  at("question").textContent = state.board.question;
  tabs(); paint(); controls();
  const filters = json("/api/filters").then((values) => { state.values = values; controls(); }, () => { /* the panels say what is wrong */ });
  const used = new Set(state.board.panels.flatMap((panel) => panel.variables));
  // Only a board on which a value must be chosen has to wait for the values.
  if (state.told.variables.some((each) => !each.all && used.has(each.name) && !address.get(each.name))) await filters;
  await Promise.all([ask(), filters]);
  at("loaded").textContent = `Loaded in ${Math.round(performance.now())} ms.`;
  document.body.dataset.ready = "true";
  schedule();
  (async function again() { await glance(); setTimeout(again, 1000); })();
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => ask());
start().catch((error) => at("panels").replaceChildren(el("p", { class: "trouble", role: "alert" }, `The page cannot start: ${error.message}. Is \`tidegauge up\` running? Reload when it is.`)));
