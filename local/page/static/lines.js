// Draws series over time with uPlot: bounds as dashed lines, intervals as bands, and no line where there is too little to draw one from.
import { el, records } from "./dom.js";
import { marksPlugin } from "./marks.js";
import { moment, percent, toMinute, written, count, day } from "./format.js";

const FEWEST_POINTS = 4;
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [], [7, 4], [2, 3], [10, 3, 2, 3]];
/* global uPlot */

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { series: read("--series").split(",").map((one) => one.trim()), text: read("--quiet"), grid: read("--grid"), warn: read("--warn"), bad: read("--bad"), card: read("--card") };
}

/** Sort an answer into one list of times and, for each series, values aligned to them. */
export function aligned(answer, evidence) {
  const rows = records(answer);
  const times = [...new Set(rows.map((row) => row.t))].sort((a, b) => a - b);
  const place = new Map(times.map((at, index) => [at, index]));
  const series = new Map();
  for (const row of rows) {
    const name = row.series ?? "";
    if (!series.has(name)) {
      const blank = () => new Array(times.length).fill(null);
      series.set(name, { name, value: blank(), low: blank(), high: blank(), n: blank(), hits: blank(), thin: 0, points: 0 });
    }
    const one = series.get(name);
    const at = place.get(row.t);
    [one.n[at], one.hits[at]] = [row.n, row.hits ?? null];
    if (row.value === null) continue;
    if (row.n < evidence) { one.thin += 1; continue; }
    one.points += 1;
    [one.value[at], one.low[at], one.high[at]] = [row.value, row.low ?? null, row.high ?? null];
  }
  return { times, series: [...series.values()] };
}

/** Tell whether the points are so thin that wider ones would say more. */
export function isThin(data) {
  const thin = data.series.reduce((sum, one) => sum + one.thin, 0);
  return thin > data.series.reduce((sum, one) => sum + one.points, 0);
}

export function thinness(data, evidence) {
  const thin = data.series.reduce((sum, one) => sum + one.thin, 0);
  const points = data.series.reduce((sum, one) => sum + one.points, 0);
  const few = data.series.filter((one) => one.points > 0 && one.points < FEWEST_POINTS).length;
  if (points === 0 && thin > 0) return `Too little data: every point rests on fewer than ${count(evidence)}. Choose a longer time range.`;
  const said = [];
  if (thin > 0) said.push(`${count(thin)} of ${count(thin + points)} points rest on fewer than ${count(evidence)} and are left out.`);
  if (few > 0 && few === data.series.length) said.push("Too few points for a line: they are drawn as dots.");
  return said.join(" ") || null;
}

function boundsPlugin(bounds, unit, colour, isSmall) {
  return { hooks: { draw: (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    ctx.strokeStyle = ctx.fillStyle = colour;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    [ctx.textAlign, ctx.textBaseline] = ["left", "alphabetic"];
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    for (const bound of bounds) {
      const y = Math.round(plot.valToPos(bound.value, "y", true));
      ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
      if (!isSmall) ctx.fillText(`${bound.good === "above" ? "at least" : "at most"} ${written(bound.value, unit)}`, bbox.left + 4 * devicePixelRatio, y - 4 * devicePixelRatio);
    }
    ctx.restore();
  } } };
}

function yRange(data, panel) {
  const values = data.series.flatMap((one) => [...one.value, ...one.low, ...one.high]).filter((value) => value !== null);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const log = panel.unit === "ms" && least > 0 && most / least > 25;
  const near = panel.bounds.map((bound) => bound.value).filter((value) => value <= most * 3 && value >= least / 3);
  const all = [...values, ...near];
  if (log) return { log, range: [10 ** Math.floor(Math.log10(Math.min(...all) / 1.1)), 10 ** Math.ceil(Math.log10(Math.max(...all) * 1.1))] };
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (panel.unit === "share" && low > 0.5) {
    const room = Math.max((1 - low) * 0.15, 0.0005);
    return { log, range: [low - room, Math.max(1, high) + room / 3] };
  }
  if (low >= 0) low = 0;
  const room = (high - low || Math.abs(high) || 1) * 0.1;
  return { log, range: [low < 0 ? low - room : 0, high + room] };
}

/** One line plot in `host`; give a function that takes it away. `legend` is told what lies under the pointer. */
export function drawLines(host, answer, panel, data, height, onPoint) {
  const theme = colours();
  const { log, range } = yRange(data, panel);
  const isSmall = height < 150;
  const isDaily = data.times.every((at) => at % 86400 === 0);
  const series = [{}];
  const columns = [data.times];
  const bands = [];
  data.series.forEach((one, place) => {
    const colour = theme.series[place % theme.series.length];
    const dots = one.points < FEWEST_POINTS;
    series.push({
      label: one.name, stroke: dots ? "transparent" : colour, width: 2, dash: DASHES[place % DASHES.length], spanGaps: true,
      points: { show: dots || (one.points <= 40 && data.series.length === 1 && !isSmall), size: dots ? 9 : 5, stroke: colour, fill: dots ? theme.card : colour },
    });
    columns.push(one.value);
    if (one.low.some((value) => value !== null)) {
      const edge = { stroke: "transparent", points: { show: false }, spanGaps: true };
      series.push({ ...edge, label: `${one.name} high` }, { ...edge, label: `${one.name} low` });
      columns.push(one.high, one.low);
      bands.push({ series: [series.length - 2, series.length - 1], fill: `color-mix(in srgb, ${colour} 22%, transparent)` });
    }
  });
  const axis = { stroke: theme.text, grid: { stroke: theme.grid, width: 1 }, ticks: { stroke: theme.grid }, font: "11px system-ui, sans-serif" };
  const options = {
    width: Math.max(host.clientWidth, 120), height, series, bands,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    scales: { x: { range: [isDaily ? data.times[0] : answer.since, isDaily ? Math.max(data.times.at(-1), data.times[0] + 86400) : answer.until] }, y: { distr: log ? 3 : 1, range } },
    axes: [{ ...axis, values: (_, ticks, __, ___, step) => ticks.map((at) => (step >= 86400 ? day(at).replace(/ \d{4}$/, "") : at % 86400 === 0 ? day(at).replace(/ \d{4}$/, "") : toMinute(at))), space: 70 },
           { ...axis, size: 64, space: isSmall ? 18 : 32, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : written(tick, panel.unit))) }],
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
    legend: { show: false },
    plugins: [boundsPlugin(panel.bounds, panel.unit, theme.warn, isSmall), ...(isSmall ? [] : [marksPlugin(theme)])],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
  };
  const plot = new uPlot(options, columns, host);
  const watcher = new ResizeObserver(() => {
    if (host.clientWidth && Math.abs(host.clientWidth - plot.width) > 2) plot.setSize({ width: host.clientWidth, height });
  });
  watcher.observe(host);
  return () => { watcher.disconnect(); plot.destroy(); };
}

function swatch(place, theme) {
  const colour = theme.series[place % theme.series.length];
  const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  line.setAttribute("width", "24"); line.setAttribute("height", "8"); line.setAttribute("aria-hidden", "true");
  const stroke = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({ x1: 0, x2: 24, y1: 4, y2: 4, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": DASHES[place % DASHES.length].join(" ") })) stroke.setAttribute(name, value);
  line.append(stroke);
  return line;
}

/** The legend says the values at one point: the newest, or the one under the pointer. */
export function fillLegend(list, data, panel, index) {
  const theme = colours();
  list.replaceChildren(...data.series.map((one, place) => {
    const at = index ?? one.value.findLastIndex((value) => value !== null);
    const value = at >= 0 ? one.value[at] : null;
    const range = value !== null && one.low[at] !== null ? ` (${written(one.low[at], panel.unit)} to ${written(one.high[at], panel.unit)})` : "";
    const basis = one.n[at] === null || one.n[at] === undefined ? "" : one.hits[at] !== null ? `${count(one.hits[at])} of ${count(one.n[at])}` : `of ${count(one.n[at])}`;
    return el("li", {}, swatch(place, theme), one.name, el("b", {}, written(value, panel.unit)), el("span", { class: "quiet" }, `${range} ${panel.unit === "number" || panel.unit === "per second" ? "" : basis}`));
  }), el("li", { class: "quiet" }, index === null ? "newest" : moment(data.times[index])));
}

export { percent };
