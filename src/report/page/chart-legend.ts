import type uPlot from "uplot";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { valueAt } from "./curve-values.ts";
import { element } from "./dom.ts";
import { figure } from "./format.ts";
import { laneText } from "./lanes.ts";

/** Writes into a legend what the curves show at x; null = the cursor is elsewhere. */
export type ShowValues = (
  plot: uPlot | null,
  x: number | null,
  curves: readonly Curve[],
  left?: number,
  top?: number,
) => void;

/** Writes a text only when it is another one: every change costs a layout. */
function write(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** Fills the legend; returns what writes the values under the cursor into it. */
export function legendOf(spec: ChartSpec, legend: HTMLElement): ShowValues {
  const format = spec.format ?? figure;
  const cells: { readonly place: number; readonly value: HTMLElement }[] = [];
  for (const [place, curve] of spec.curves.entries()) {
    if (curve.unlisted === true) continue;
    const value = element("span", { class: "value" });
    const swatch = element("i", { class: `swatch ${curve.dash ? "dashed" : (curve.kind ?? "line")}` });
    swatch.style.setProperty("--c", `var(--${curve.color})`);
    swatch.style.opacity = String(Math.max(0.45, curve.opacity ?? 1));
    legend.append(
      element("span", {
        class: "entry",
        children: [swatch, element("span", { class: "name", text: curve.label, title: curve.label }), value],
      }),
    );
    cells.push({ place, value });
  }
  for (const { label, color: role, opacity } of spec.laneKey ?? []) {
    const swatch = element("i", { class: "swatch block" });
    swatch.style.setProperty("--c", `var(--${role})`);
    swatch.style.opacity = String(opacity);
    legend.append(element("span", { class: "entry", children: [swatch, element("span", { text: label })] }));
  }
  const described = element("p", { class: "described", attributes: { "aria-live": "off" } });
  if (spec.lanes !== undefined || spec.describe !== undefined) legend.append(described);
  return (plot, x, curves, left = 0, top = 0) => {
    for (const { place, value } of cells) {
      const at = x === null ? null : valueAt(curves[place]!, x);
      write(value, at === null ? "" : format(at));
    }
    if (plot === null || x === null) write(described, "");
    else if (spec.describe !== undefined) write(described, spec.describe(plot, x, left, top) ?? "");
    else if (spec.lanes !== undefined) write(described, laneText(spec.lanes, plot, x, top) ?? "");
  };
}
