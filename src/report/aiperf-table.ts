import type { RunResult } from "../result/schema.ts";
import { oneDecimal, twoDecimals } from "./format-number.ts";

const columns = ["avg", "min", "max", "p99", "p90", "p75", "std"] as const;
const statisticOfColumn = {
  avg: "mean",
  min: "min",
  max: "max",
  p99: "p99",
  p90: "p90",
  p75: "p75",
  std: "std",
} as const;

const statisticRows = [
  ["Time to First Token (ms)", "ttft_ms"],
  ["Time to Second Token (ms)", "ttst_ms"],
  ["Request Latency (ms)", "e2e_latency_ms"],
  ["Inter Token Latency (ms)", "itl_ms"],
  ["Output Token Throughput Per User (tokens/sec/user)", "output_token_throughput_per_user"],
] as const;

const singleRows = [
  ["Output Token Throughput (tokens/sec)", "output_throughput_tok_s"],
  ["Request Throughput (requests/sec)", "request_throughput_rps"],
  ["Request Count (requests)", "completed_requests"],
] as const;

/** The table of metrics and the lines below it, as the reference prints them (engine-reference §9.4). No line end. */
export function aiperfTable(result: RunResult): string {
  const rows: string[][] = [
    ["Metric", ...columns],
    ...statisticRows.map(([label, metric]) => [
      label,
      ...columns.map((column) => twoDecimals(result[`${statisticOfColumn[column]}_${metric}`])),
    ]),
    ...singleRows.map(([label, key]) => [label, twoDecimals(result[key]), ...columns.slice(1).map(() => "N/A")]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const rule = (left: string, middle: string, right: string) =>
    left + widths.map((width) => "━".repeat(width + 2)).join(middle) + right;
  const line = (row: string[]) =>
    `┃${row.map((cell, column) => ` ${column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)} `).join("┃")}┃`;
  return [
    "NVIDIA AIPerf | LLM Metrics",
    rule("┏", "┳", "┓"),
    line(rows[0]!),
    rule("┡", "╇", "┩"),
    ...rows.slice(1).map(line),
    rule("└", "┴", "┘"),
    `Wall Time (ms): ${twoDecimals(result.wall_time_ms)}`,
    `Prefix Cache Reused Ratio: ${twoDecimals(result.prefix_cache_reused_ratio)}`,
    `First Admission Prefix Cache Reused Ratio: ${twoDecimals(result.first_admission_prefix_cache_reused_ratio)}`,
  ].join("\n");
}

/** The scaling events as the reference lists them before its table; empty without events. */
export function scalingEventLines(events: RunResult["scaling_events"]): string {
  if (events.length === 0) return "";
  const lines = events.map(
    ({ t_s, pool, from, to, kind }) => `  t=${oneDecimal(t_s)}s [${pool}]: ${from} -> ${to} workers (${kind})\n`,
  );
  return `\nScaling events:\n${lines.join("")}`;
}
