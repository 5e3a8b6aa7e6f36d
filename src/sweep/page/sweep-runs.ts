import { figure, percent } from "../../report/page/format.ts";
import type { AxisValue } from "../axis.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import type { Mark } from "./chart.ts";

/** The values of an axis as places in a chart. */
export interface AxisPlaces {
  readonly key: string;
  /** Where each run stands. */
  readonly at: readonly number[];
  /** Names of the places; null when the values are numbers and stand where they are. */
  readonly categories: readonly string[] | null;
}

/** Numbers stand at their value, anything else at its rank of appearance. */
export function axisPlaces({ key, values }: SweepPageData["axes"][number]): AxisPlaces {
  if (values.every((value) => typeof value === "number")) return { key, at: values as number[], categories: null };
  const ranks = new Map<string, number>();
  const at = values.map((value) => {
    const name = String(value);
    const rank = ranks.get(name) ?? ranks.size;
    ranks.set(name, rank);
    return rank;
  });
  return { key, at, categories: [...ranks.keys()] };
}

/** Units of settings whose name does not say it. */
const units: Readonly<Record<string, string>> = { startup_time: "s", arrival_speedup_ratio: "×" };

/** The key of an axis with the unit of its values, where it has one. */
export function withUnit(key: string): string {
  const unit = units[key.slice(key.lastIndexOf(".") + 1)];
  return unit === undefined ? key : `${key}, ${unit}`;
}

/** A value of an axis, numbers with at most six digits. */
export function valueText(value: AxisValue | undefined): string {
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

/** What a run is known by: its values. */
export function runTitle(data: SweepPageData, place: number): string {
  const values = data.axes.map(({ key, values: column }) => `${key} = ${valueText(column[place])}`);
  const repeat = data.repeat[place]! > 0 ? [`repeat ${data.repeat[place]}`] : [];
  return [...values, ...repeat].join(", ");
}

/** A run as a mark of a chart; null when it has no such figures. */
export function markOf(data: SweepPageData, place: number, x: number | null, name: SweepFigure): Mark | null {
  const y = data.figures[name][place] ?? null;
  if (x === null || y === null) return null;
  return { x, y, title: `${runTitle(data, place)}\n${name}: ${shownFigure(name, y)}`, link: data.links[place] ?? null };
}

/** A figure as the page writes it. */
export function shownFigure(name: SweepFigure, value: number | null): string {
  return name.endsWith("attainment") ? percent(value) : figure(value);
}

/** Mean of a figure over the runs at each place, by rising place. */
export function meanBy(at: readonly number[], values: ReadonlyArray<number | null>): Array<readonly [number, number]> {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const [place, value] of values.entries()) {
    if (value === null) continue;
    const entry = sums.get(at[place]!) ?? { sum: 0, count: 0 };
    sums.set(at[place]!, { sum: entry.sum + value, count: entry.count + 1 });
  }
  return [...sums].map(([key, { sum, count }]) => [key, sum / count] as const).toSorted((a, b) => a[0] - b[0]);
}

/** A figure all runs share, such as an SLA bound; null when they do not. */
export function commonFigure(data: SweepPageData, name: SweepFigure): number | null {
  const values = new Set(data.figures[name].filter((value) => value !== null));
  return values.size === 1 ? [...values][0]! : null;
}

/** Why a run failed; null where it did not. */
export function errorOf({ errors, errorTexts }: SweepPageData, place: number): string | null {
  const text = errors[place];
  return text === undefined ? null : errorTexts[text]!;
}
