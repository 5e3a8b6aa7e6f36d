import { escaped } from "./escaped.ts";

/** A place on an axis that is written at it. */
export interface AxisMark {
  readonly value: number;
  readonly label: string;
}

/** A curve over an axis whose marks are given; the vertical axis begins at 0. */
export interface ProfileChart {
  readonly title: string;
  /** Unit of the vertical axis. */
  readonly unit: string;
  /** What a reader should look for. */
  readonly note: string;
  /** By rising x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly xLabel: string;
  readonly xMarks: readonly AxisMark[];
  /** Every value holds until the next, as counts of intervals do. */
  readonly steps?: boolean;
}

/** Side of the square the curve is drawn in; the page stretches it. */
const side = 1000;

/**
 * A chart without script: the curve is stretched to the room it gets, what is written around it is text of the page and
 * keeps its size.
 */
export function chartMarkup(chart: ProfileChart): string {
  const { title, unit, note, points, xLabel } = chart;
  const [left, right] = [points[0]![0], points.at(-1)![0] + (chart.steps === true ? 1 : 0)];
  const yMarks = marksUpTo(Math.max(...points.map(([, y]) => y)));
  const top = yMarks.at(-1)!.value;
  const across = (x: number) => (x - left) / (right - left || 1);
  const down = (y: number) => 1 - y / top;
  const xMarks = chart.xMarks.filter(({ value }) => value >= left && value <= right);
  const at = ([x, y]: readonly [number, number]) => `${rounded(across(x) * side)} ${rounded(down(y) * side)}`;
  const line = chart.steps === true ? points.flatMap(([x, y]) => [at([x, y]), at([x + 1, y])]) : points.map(at);
  const lines = [
    ...yMarks.map(({ value }) => `M0 ${rounded(down(value) * side)}H${side}`),
    ...xMarks.map(({ value }) => `M${rounded(across(value) * side)} 0V${side}`),
  ];
  return `<figure>
<figcaption><h2>${escaped(title)} <span>${escaped(unit)}</span></h2><p>${escaped(note)}</p></figcaption>
<div class="plot" role="img" aria-label="${escaped(`${title}, ${unit}, by ${xLabel}`)}">
<svg viewBox="0 0 ${side} ${side}" preserveAspectRatio="none" aria-hidden="true">
<path class="grid" d="${lines.join("")}"/>
<path class="area" d="M${rounded(across(points[0]![0]) * side)} ${side}L${line.join("L")}V${side}Z"/>
<path class="line" d="M${line.join("L")}"/>
</svg>
${yMarks.map(({ value, label }) => `<span class="y" style="top:${rounded(down(value) * 100)}%">${label}</span>`).join("")}
${xMarks.map(({ value, label }) => `<span class="x" style="left:${rounded(across(value) * 100)}%">${label}</span>`).join("")}
</div>
<p class="x-label">${escaped(xLabel)}</p>
</figure>`;
}

/** Round values from 0 to the first that is not below the largest. */
function marksUpTo(most: number): AxisMark[] {
  const step = roundStep((most || 1) / 4);
  const count = Math.max(1, Math.ceil((most || 1) / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, k) => {
    const value = Number((k * step).toPrecision(12));
    return { value, label: value.toLocaleString("en-US") };
  });
}

/** The least of 1, 2 and 5 times a power of ten that is not below a size. */
export function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= size * 0.999)!;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
