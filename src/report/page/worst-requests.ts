import type { RunPageData } from "../page-data.ts";
import { element } from "./dom.ts";
import { clock, count, milliseconds, percent } from "./format.ts";
import { keptSorting } from "./kept-sorting.ts";
import { sortableTable } from "./sortable-table.ts";
import type { Column } from "./sortable-table.ts";

type Request = RunPageData["worst_requests"][number];

const stages = [
  { key: "queued_ms", word: "queued", role: "red" },
  { key: "prefill_ms", word: "prefill", role: "orange" },
  { key: "transfer_ms", word: "transfer", role: "purple" },
  { key: "decode_ms", word: "decode", role: "blue" },
] as const;

/** The slowest requests and where their time went. */
export function worstRequestsTable(run: RunPageData, show: (request: Request) => void): HTMLElement {
  const rows = run.worst_requests;
  if (rows.length === 0) {
    return element("div", { class: "empty panel", children: [element("p", { text: "No request completed." })] });
  }
  const longest = Math.max(...rows.map(({ e2e_latency_ms }) => e2e_latency_ms));
  const columns: Column<Request>[] = [
    ...figureColumns(show),
    {
      label: "Story",
      title: "Sort by time queued",
      value: ({ queued_ms }) => queued_ms,
      cell: (row) => story(row, longest),
    },
  ];
  const kept = keptSorting(columns.map(({ label }) => label.toLowerCase()));
  return element("div", {
    class: "worst",
    children: [
      stageKey(rows),
      element("div", { class: "scroll", children: [sortableTable("Slowest requests", columns, rows, kept)] }),
    ],
  });
}

/** Colours of the stages that took any time. */
function stageKey(rows: readonly Request[]): HTMLElement {
  const spent = stages.filter(({ key }) => rows.some((row) => row[key] !== null && row[key] > 0));
  return element("div", {
    class: "legend",
    children: spent.map(({ word, role }) => {
      const swatch = element("i", { class: "swatch block" });
      swatch.style.setProperty("--c", `var(--${role})`);
      return element("span", { class: "entry", children: [swatch, element("span", { text: word })] });
    }),
  });
}

function figureColumns(show: (request: Request) => void): Column<Request>[] {
  const arrival = (row: Request) =>
    element("button", {
      class: "link",
      text: clock(row.arrival_s),
      title: "Show its time in all charts",
      attributes: { type: "button" },
      onClick: () => show(row),
    });
  const worker = ({ prefill_worker: prefill, worker: own }: Request) =>
    prefill === null ? String(own ?? "–") : `${prefill} → ${own ?? "–"}`;
  return [
    figureColumn("Request", "Place in the trace", (row) => row.request, null),
    { ...figureColumn("Arrival", "Simulated time it was offered", (row) => row.arrival_s, null), cell: arrival },
    figureColumn("Latency", "Arrival to last token", (row) => row.e2e_latency_ms, milliseconds),
    figureColumn("TTFT", "Time to first token", (row) => row.ttft_ms, milliseconds),
    figureColumn("ITL", "Mean gap between its tokens", (row) => row.itl_ms, milliseconds),
    figureColumn("Input", "Prompt tokens", (row) => row.input_length, count),
    figureColumn("Output", "Generated tokens", (row) => row.output_length, count),
    figureColumn("Cached", "Prompt tokens found in the cache", (row) => row.reused_input_tokens, count),
    { ...figureColumn("Worker", "Serving worker", (row) => row.worker, null), cell: worker },
  ];
}

/** @param written how the figure is written; null = as it is */
function figureColumn<Figure extends number | null>(
  label: string,
  title: string,
  value: (row: Request) => Figure,
  written: ((value: Figure) => string) | null,
): Column<Request> {
  return { label, title, value, numeric: true, ...(written === null ? {} : { cell: (row) => written(value(row)) }) };
}

/** A bar of the stages, and the longest of them in words. */
function story(row: Request, longest: number): HTMLElement {
  const parts = stages.flatMap(({ key, word, role }) => {
    const spent = row[key];
    return spent === null || spent <= 0 ? [] : [{ word, role, spent }];
  });
  const most = parts.reduce<(typeof parts)[number] | null>((a, b) => (a === null || b.spent > a.spent ? b : a), null);
  const told = parts.map(({ word, spent }) => `${word} ${milliseconds(spent)}`);
  if (row.preempted_ms !== null && row.preempted_ms > 0)
    told.push(`lost to preemption ${milliseconds(row.preempted_ms)}`);
  const bar = element("span", {
    class: "bar",
    attributes: { role: "img", "aria-label": told.join(", ") },
    children: parts.map(({ role, spent }) => {
      const piece = element("i");
      piece.style.width = `${(spent / longest) * 100}%`;
      piece.style.background = `var(--${role})`;
      return piece;
    }),
  });
  const words =
    most === null ? "" : `${most.word} ${milliseconds(most.spent)} (${percent(most.spent / row.e2e_latency_ms)})`;
  return element("span", { class: "story", title: told.join(", "), children: [bar, element("span", { text: words })] });
}
