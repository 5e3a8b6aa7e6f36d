import type uPlot from "uplot";
import type { Lane } from "./chart-spec.ts";
import { color } from "./theme.ts";

/** Draws lanes from top to bottom over a vertical scale of one unit a lane. */
export function drawLanes(lanes: readonly Lane[], plot: uPlot): void {
  const { ctx, bbox } = plot;
  const rowHeight = bbox.height / lanes.length;
  const gap = Math.min(rowHeight * 0.25, 4 * devicePixelRatio);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [row, { spans }] of lanes.entries()) {
    const top = bbox.top + row * rowHeight + gap / 2;
    const height = Math.max(1, rowHeight - gap);
    for (const span of spans) {
      const left = plot.valToPos(span.from, "x", true);
      const right = plot.valToPos(span.to, "x", true);
      if (right < bbox.left || left > bbox.left + bbox.width) continue;
      // Even the shortest span leaves a trace.
      const width = Math.max((span.leastWidth ?? 1) * devicePixelRatio, right - left);
      ctx.fillStyle = color(span.color, span.opacity);
      ctx.fillRect(left, top, width, height);
      if (span.hatched === true) hatch(ctx, left, top, width, height, color(span.color));
    }
  }
  ctx.restore();
}

/** What the cursor is on. */
export function laneText(lanes: readonly Lane[], plot: uPlot, x: number, top: number): string | null {
  const row = Math.floor(top / (plot.bbox.height / devicePixelRatio / lanes.length));
  const at = ({ label, spans }: Lane): string | null => {
    const span = spans.findLast(({ from, to }) => from <= x && x < to);
    return span === undefined ? null : `${label} · ${span.text}`;
  };
  const lane = lanes[row];
  return lane === undefined || top < 0 ? null : at(lane);
}

function hatch(
  ctx: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
  stroke: string,
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  for (let x = left - height; x < left + width; x += 4 * devicePixelRatio) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}
