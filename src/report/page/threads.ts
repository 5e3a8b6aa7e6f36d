import type uPlot from "uplot";
import type { Curve } from "./chart-spec.ts";
import { lastAt } from "./curve-values.ts";
import { color } from "./theme.ts";

/** Draws many thin lines, each over its own moments, behind what the reader compares them with. */
export function drawThreads(threads: readonly Curve[], plot: uPlot): void {
  const { ctx, bbox } = plot;
  const { min = 0, max = 0 } = plot.scales["x"] as { min?: number; max?: number };
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { x, y, color: role, opacity = 1, width = 1 } of threads) {
    ctx.strokeStyle = color(role, opacity);
    ctx.lineWidth = width * devicePixelRatio;
    ctx.beginPath();
    let pen = false;
    for (let k = Math.max(0, lastAt(x, min)); k < x.length; k++) {
      const value = y[k];
      if (value === null || value === undefined) {
        pen = false;
        continue;
      }
      const left = plot.valToPos(x[k]!, "x", true);
      const top = plot.valToPos(value, "y", true);
      if (pen) ctx.lineTo(left, top);
      else ctx.moveTo(left, top);
      pen = true;
      if (x[k]! > max) break;
    }
    ctx.stroke();
  }
  ctx.restore();
}
