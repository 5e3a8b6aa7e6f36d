import uPlot from "uplot";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { color } from "./theme.ts";

/** How uPlot draws a curve whose joined values are given. */
export function seriesOf(curve: Curve, values: uPlot.AlignedData[number]): uPlot.Series {
  const { color: role, fill, opacity = 1, kind = "line", width = 1.5 } = curve;
  // A lone value between gaps would be invisible as a line.
  const lone = kind === "line" ? lonePlaces(values) : [];
  return {
    stroke: () => color(role, opacity),
    width: kind === "points" ? 0 : width,
    ...(curve.dash === undefined ? {} : { dash: [...curve.dash] }),
    ...(fill === undefined ? {} : { fill: () => color(role, fill) }),
    ...(kind === "step" ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
    ...(kind === "points" ? { paths: () => null } : {}),
    points:
      kind === "points"
        ? { show: true, size: 5, width: 0, fill: () => color(role, opacity) }
        : { show: true, size: 3, width: 0, fill: () => color(role, opacity), filter: () => lone },
  };
}

/** Places of values without a neighbour: undefined is no measurement, null a gap. */
function lonePlaces(values: uPlot.AlignedData[number]): number[] {
  const known = Array.from(values, (value, place) => ({ value, place })).filter(({ value }) => value !== undefined);
  return known.flatMap(({ value, place }, k) =>
    value !== null && (known[k - 1]?.value ?? null) === null && (known[k + 1]?.value ?? null) === null ? [place] : [],
  );
}

/** Place of a curve among the series, whose first is x. */
export function curvePlace(spec: ChartSpec, label: string): number {
  return spec.curves.findIndex((curve) => curve.label === label) + 1;
}

/** Curves brought to common moments; where a curve says nothing its line goes on. */
export function joined(spec: ChartSpec): uPlot.AlignedData {
  if (spec.curves.length === 0) return [[0, 1]] as uPlot.AlignedData;
  const tables = new Map<readonly number[], Curve[]>();
  for (const curve of spec.curves) tables.set(curve.x, [...(tables.get(curve.x) ?? []), curve]);
  const log = spec.log === true;
  // uPlot draws logarithms of positive values only.
  const drawn = (y: readonly (number | null)[]) =>
    log ? y.map((value) => (value !== null && value <= 0 ? 1e-9 : value)) : [...y];
  const data = uPlot.join(
    [...tables].map(([x, curves]) => [[...x], ...curves.map(({ y }) => drawn(y))]) as uPlot.AlignedData[],
    [...tables.values()].map((curves) => [0, ...curves.map(() => 2)]) as uPlot.JoinNullMode[][],
  );
  const order = [...tables.values()].flat();
  return [data[0], ...spec.curves.map((curve) => data[order.indexOf(curve) + 1]!)] as uPlot.AlignedData;
}
