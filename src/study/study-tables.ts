import { shareText } from "../share-text.ts";
import type { StudyCell, StudyEntry } from "./study-cells.ts";
import type { PolicySummary } from "./study-summary.ts";

/** A table of text: headings and rows. */
export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
  /** Columns of words, which stand on the left; the first where it does not say. */
  readonly words?: readonly number[];
  /** What cells refer to by number, from 1. */
  readonly notes?: readonly string[];
}

const dash = "–";

function percent(value: number | null): string {
  return value === null ? dash : shareText(value);
}

function figure(value: number | null, digits: number): string {
  return value === null ? dash : value.toFixed(digits);
}

/** All policies over all cells, then cell by cell. */
export function studyTables(cells: readonly StudyCell[], summaries: readonly PolicySummary[]): TextTable[] {
  return [summaryTable(summaries), ...cells.map(cellTable)];
}

/** All policies over all cells, then a table a trace: its start-up times side by side. */
export function overviewTables(cells: readonly StudyCell[], summaries: readonly PolicySummary[]): TextTable[] {
  const groups = new Map<string, StudyCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.trace, cell.seed]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [summaryTable(summaries), ...[...groups.values()].map(traceTable)];
}

/** Attainment, GPU-hours, events and ratio to the oracle of every policy at every start-up time of a trace. */
function traceTable(cells: readonly StudyCell[]): TextTable {
  const [first] = cells;
  const policies = [...new Set(cells.flatMap(({ entries }) => entries.map(({ policy }) => policy)))];
  const ceiling = first!.ceiling === null ? "" : `, ceiling ${percent(first!.ceiling)}`;
  const seed = first!.seed === 0 ? "" : `, seed ${first!.seed}`;
  return {
    title: `${first!.trace}${seed}${ceiling}`,
    head: ["policy", ...cells.map(({ startupSeconds }) => `start-up ${startupSeconds} s`)],
    rows: policies.map((policy) => [
      policy,
      ...cells.map(({ entries }) => {
        const entry = entries.find((one) => one.policy === policy);
        if (entry === undefined || entry.error !== null) return dash;
        const oracle = entry.ofOracle === null ? "" : `, ${entry.ofOracle.toFixed(2)} ×`;
        return `${percent(entry.attainment)}, ${figure(entry.gpuHours, 2)} h, ${figure(entry.events, 0)}${oracle}`;
      }),
    ]),
  };
}

function summaryTable(summaries: readonly PolicySummary[]): TextTable {
  const [first] = summaries;
  return {
    title: first?.cells === 1 ? "The only cell" : `All ${first?.cells ?? 0} cells`,
    head: [
      "policy",
      "of ceiling, median",
      "least",
      "of oracle, median",
      "most",
      "GPU-hours, all",
      "events/h, median",
      "beats dynamo",
      "beats fixed",
      "on front",
    ],
    rows: summaries.map((one) => [
      one.failed > 0 ? `${one.policy} (${one.failed} failed)` : one.policy,
      percent(one.medianOfCeiling),
      percent(one.leastOfCeiling),
      figure(one.medianOfOracle, 2),
      figure(one.mostOfOracle, 2),
      figure(one.totalGpuHours, 2),
      figure(one.medianEventsPerHour, 1),
      one.beatsReference === null ? dash : `${one.beatsReference}/${one.cells}`,
      `${one.beatsFixed}/${one.cells}`,
      `${one.onFront}/${one.cells}`,
    ]),
  };
}

function cellTable(cell: StudyCell): TextTable {
  const ceiling = cell.ceiling === null ? "" : `, ceiling ${percent(cell.ceiling)}`;
  const seed = cell.seed === 0 ? "" : `, seed ${cell.seed}`;
  const errors = [...new Set([...cell.entries, ...cell.fixed].flatMap(({ error }) => error ?? []))];
  const row = (entry: StudyEntry): string[] => [
    entry.onFront ? `${entry.policy} *` : entry.policy,
    entry.error === null ? percent(entry.attainment) : `failed (${errors.indexOf(entry.error) + 1})`,
    figure(entry.gpuHours, 2),
    figure(entry.events, 0),
    figure(entry.ofOracle, 2),
    figure(entry.meanTtftMs, 0),
    figure(entry.p90TtftMs, 0),
    entry.overFixed === null ? dash : `${entry.overFixed >= 0 ? "+" : ""}${(entry.overFixed * 100).toFixed(1)}`,
  ];
  return {
    title: `${cell.trace}, start-up ${cell.startupSeconds} s${seed}${ceiling}`,
    head: [
      "policy",
      "attainment",
      "GPU-hours",
      "events",
      "of oracle",
      "mean TTFT ms",
      "p90 TTFT ms",
      "over fixed, points",
    ],
    rows: [
      ...cell.entries.map(row),
      ...cell.oracle.map(({ attainment, gpuHours }) => [
        "oracle",
        percent(attainment),
        figure(gpuHours, 2),
        ...Array.from({ length: 5 }, () => dash),
      ]),
      ...cell.fixed.map(row),
    ],
    ...(errors.length === 0 ? {} : { notes: errors }),
  };
}

/** The tables as Markdown, their notes as numbered lists below. */
export function markdownTables(tables: readonly TextTable[]): string {
  return tables
    .map(({ title, head, rows, words = [0], notes = [] }) => {
      const cells = [head, ...rows].map((row) => row.map((text) => text.replaceAll("|", "\\|")));
      const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
      const line = (row: readonly string[]) =>
        `| ${row.map((text, i) => pad(text, widths[i]!, words.includes(i))).join(" | ")} |`;
      const rule = `| ${widths.map((width, i) => (words.includes(i) ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
      const list = notes.map((note, i) => `${i + 1}. ${note.replaceAll(/\s+/g, " ").replaceAll("<", "\\<")}\n`);
      const below = list.length === 0 ? "" : `\n${list.join("")}`;
      return `### ${title}\n\n${[line(cells[0]!), rule, ...cells.slice(1).map(line)].join("\n")}\n${below}`;
    })
    .join("\n");
}

function pad(text: string, width: number, isWord: boolean): string {
  return isWord ? text.padEnd(width) : text.padStart(width);
}
