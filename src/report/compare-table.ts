import type { RunResult } from "../result/schema.ts";
import { shareText } from "../share-text.ts";
import { comparedMetrics, difference, differingSettings } from "./compared-metrics.ts";
import type { ComparedMetric } from "./compared-metrics.ts";

/**
 * Results side by side as text: what matters with its difference from the first run, then the settings that differ.
 * Ends in a line end.
 */
export function compareTable(runs: readonly { readonly label: string; readonly result: RunResult }[]): string {
  const [first] = runs as [(typeof runs)[number]];
  const rows: string[][] = [["", ...runs.map(({ label }) => label)]];
  let section = "";
  for (const metric of comparedMetrics) {
    const values = runs.map(({ result }) => metric.value(result));
    if (values.every((value) => value === null)) continue;
    if (metric.section !== section) rows.push([(section = metric.section)]);
    const cells = values.map((value, place) => {
      if (place === 0) return written(metric, value);
      const { text } = difference(metric, metric.value(first.result), value);
      return text === "" ? written(metric, value) : `${written(metric, value)} (${text})`;
    });
    rows.push([`  ${metric.label}${unitOf(metric)}`, ...cells]);
  }
  const settings = differingSettings(runs.map(({ result }) => result));
  if (settings.length > 0) rows.push(["Settings that differ"]);
  for (const { path, values } of settings) {
    rows.push([`  ${path}`, ...values.map((value) => (value === undefined ? "–" : shortened(value)))]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))))
    .map((cells) => `${cells.join("  ").trimEnd()}\n`)
    .join("");
}

/** The same for programs: figures with all their digits in the order of the runs, null where a run has none. */
export function comparison(runs: readonly { readonly label: string; readonly result: RunResult }[]) {
  const results = runs.map(({ result }) => result);
  return {
    runs: runs.map(({ label, result: { digest } }) => ({ label, digest })),
    metrics: comparedMetrics
      .map(({ section, label, unit, better, value }) => ({ section, label, unit, better, values: results.map(value) }))
      .filter(({ values }) => values.some((value) => value !== null)),
    settings: differingSettings(results).map(({ path, values }) => ({
      path,
      values: values.map((value) => value ?? null),
    })),
  };
}

function unitOf({ unit }: ComparedMetric): string {
  return unit === "" || unit === "price" || unit === "share" || unit === "GPU·h"
    ? ""
    : unit === "/s"
      ? " (/s)"
      : ` (${unit})`;
}

function written({ unit }: ComparedMetric, value: number | null): string {
  if (value === null) return "–";
  if (unit === "share") return shareText(value);
  if (unit === "GPU·h") return String(Number(value.toPrecision(6)));
  if (unit === "") return String(value);
  return value.toFixed(2);
}

function shortened(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
