import { traceFormats } from "../trace/trace-formats.ts";

/** What is looked at of a file, letters: traces are recognised by as much. */
const headLength = 65_536;

/** A kind of file by its looks, and what somebody who has one does with it. */
interface Kind {
  readonly name: string;
  readonly advice: (path: string) => string;
  readonly fits: (head: string, row: Readonly<Record<string, unknown>>) => boolean;
}

const theResult = "the result of the run is what --report-json wrote";

/** Whether the first line heads the columns of a table. */
function hasColumns(head: string, ...names: readonly string[]): boolean {
  const columns = head
    .split("\n", 1)[0]!
    .split(",")
    .map((name) => name.trim());
  return names.every((name) => columns.includes(name));
}

function hasKeys(row: Readonly<Record<string, unknown>>, ...names: readonly string[]): boolean {
  return names.every((name) => Object.hasOwn(row, name));
}

/** Before traces: a row a request has the keys of one, too. */
const kinds: readonly Kind[] = [
  {
    name: "the rows of --report-jsonl, one a request",
    advice: () => theResult,
    fits: (_, row) => hasKeys(row, "uuid", "first_admit_ms", "ttft_ms"),
  },
  {
    name: "the rows of a sweep or study",
    advice: () => "index.html beside it shows them; with --keep-results, runs/ beside it has the result of every run",
    fits: (head, row) =>
      hasKeys(row, "run", "index", "values", "figures") || hasColumns(head, "index", "repeat", "gpu_hours"),
  },
  {
    name: "a planner's log",
    advice: () => theResult,
    fits: (_, row) => String(row["schema"]).startsWith("planner_diagnostics_snapshot_log"),
  },
  {
    name: "a recommendation",
    advice: () => "recommendation.md beside it tells it in words",
    fits: (_, row) => hasKeys(row, "ranking", "asGiven"),
  },
  {
    name: "a report of ai-dynamo's own replay",
    advice: () => "windtunnel replay TRACE --semantics dynamo-1.4 makes the result it compares with",
    fits: (_, row) => hasKeys(row, "mean_ttft_ms", "output_throughput_tok_s") && !hasKeys(row, "schema_version"),
  },
  {
    name: "measurements",
    advice: (path) => `windtunnel perf calibrate ${path} fits the model to them`,
    fits: (head) => hasColumns(head, "phase", "latency_ms") || hasColumns(head, "arrival_ms", "first_token_ms"),
  },
  {
    name: "the plan of a study",
    advice: (path) => `windtunnel study --plan ${path} runs it`,
    fits: (head, row) => hasKeys(row, "traces", "policies") || (/^traces:/m.test(head) && /^policies:/m.test(head)),
  },
  {
    name: "the plan of a sweep",
    advice: (path) => `windtunnel sweep --plan ${path} runs it`,
    fits: (head, row) => hasKeys(row, "vary") || /^vary:/m.test(head),
  },
  {
    name: "a page",
    advice: () => "give the result it was drawn from",
    fits: (head) => /^\s*<(!doctype|html)/i.test(head),
  },
];

/**
 * What a file that is no result seems to be, and which command reads it; null where it looks like nothing that is known.
 * @param path what commands call it
 */
export function likelyFile(path: string, text: string): string | null {
  const head = text.slice(0, headLength);
  const row = firstObject(text);
  const kind = kinds.find(({ fits }) => fits(head, row));
  if (kind !== undefined) return `${kind.name}: ${kind.advice(path)}`;
  const format = traceFormats.find((candidate) => candidate.detect(head));
  if (format === undefined) return null;
  return `a trace (${format.name}): windtunnel replay ${path} replays it, windtunnel trace inspect ${path} describes it`;
}

/** The document, or the first of its lines; {} where that is no object. */
function firstObject(text: string): Readonly<Record<string, unknown>> {
  for (const part of [text, text.trimStart().split("\n", 1)[0]!]) {
    try {
      const value: unknown = JSON.parse(part);
      return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
    } catch {
      // The other part may be one.
    }
  }
  return {};
}
