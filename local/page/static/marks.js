// What happened meanwhile (deploys, outages): lines and stretches behind every plot over time, and a sentence for who does not see them.
import { el } from "./dom.js";
import { moment, toMinute } from "./format.js";

const plots = new Set();
let marks = [];

/** For uPlot: draws the marks that are known, anew when others come. */
export function marksPlugin(colours) {
  return { hooks: { init: (plot) => plots.add(plot), destroy: (plot) => plots.delete(plot), drawClear: (plot) => draw(plot, colours) } };
}

function draw(plot, colours) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  [ctx.textAlign, ctx.textBaseline] = ["left", "top"];
  for (const mark of marks) {
    const from = plot.valToPos(mark.time, "x", true);
    ctx.strokeStyle = ctx.fillStyle = mark.end ? colours.bad : colours.text;
    if (mark.end) {
      ctx.globalAlpha = 0.18;
      ctx.fillRect(from, bbox.top, Math.max(plot.valToPos(mark.end, "x", true) - from, 2 * devicePixelRatio), bbox.height);
      ctx.globalAlpha = 1;
    } else {
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath(); ctx.moveTo(from, bbox.top); ctx.lineTo(from, bbox.top + bbox.height); ctx.stroke();
    }
    const isNearEnd = bbox.left + bbox.width - from < 90 * devicePixelRatio;
    ctx.textAlign = isNearEnd ? "right" : "left";
    ctx.fillText(mark.text, from + (isNearEnd ? -4 : 4) * devicePixelRatio, bbox.top + 2 * devicePixelRatio);
  }
  ctx.restore();
}

/** Take new marks: every plot shows them, and `node` says them. */
export function setMarks(found, node) {
  if (JSON.stringify(found) === JSON.stringify(marks)) return;
  marks = found;
  for (const plot of plots) plot.redraw(false);
  node.replaceChildren(...marks.map((mark) => el("span", { class: mark.end ? "outage" : "deploy" }, `${mark.text}, ${moment(mark.time)}${mark.end ? ` to ${toMinute(mark.end)}` : ""}`)));
}
