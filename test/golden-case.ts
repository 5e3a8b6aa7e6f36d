import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { EngineConfig } from "../src/engine/engine-config.ts";
import { polynomialPerfModel } from "../src/perf/polynomial.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import { RequestStatus } from "../src/metrics/request-ledger.ts";
import { replayConfig } from "./replay-arguments.ts";
import { sharedPath } from "./shared-data.ts";

/** Engine settings of the reference when nothing else is said. */
export function engineConfig(overrides: Partial<EngineConfig>): EngineConfig {
  const engineType = overrides.engineType ?? "vllm";
  return {
    engineType,
    numGpuBlocks: 16384,
    blockSize: engineType === "trtllm" ? 32 : engineType === "sglang" ? 1 : 64,
    maxModelLen: Infinity,
    maxNumSeqs: 256,
    maxNumBatchedTokens: 8192,
    enablePrefixCaching: true,
    enableChunkedPrefill: true,
    preemptionMode: "lifo",
    speedupRatio: 1,
    decodeSpeedupRatio: 1,
    dpSize: 1,
    startupSeconds: 0,
    gpusPerWorker: 1,
    speculative: null,
    kvBytesPerToken: 0,
    kvTransferBandwidth: 0,
    kvTransferTimingMode: "full_prompt",
    sglang: {
      schedulePolicy: "fifo",
      maxPrefillTokens: 16384,
      chunkedPrefillSize: 8192,
      clipMaxNewTokens: 4096,
      scheduleConservativeness: 1,
    },
    perfModel: polynomialPerfModel,
    ...overrides,
  };
}

/** A golden run of the reference: its trace file, its configuration, its rows and its report. */
export interface GoldenCase {
  readonly tracePath: string;
  readonly config: RunConfig;
  readonly rows: readonly GoldenRow[];
  readonly summary: Readonly<Record<string, unknown>>;
}

/** What became of a request: times in ms (NaN = never), worker −1 = not told. */
export interface GoldenRow {
  readonly arrivalMs: number;
  readonly inputLength: number;
  readonly outputLength: number;
  readonly admitMs: number;
  readonly firstTokenMs: number;
  readonly lastTokenMs: number;
  readonly reusedTokens: number;
  readonly worker: number;
  /** Prefill worker of a disaggregated run. */
  readonly prefillWorker: number;
  readonly status: string;
}

/** Reads a case of the shared reference runs, like "static/conv-rr4". */
export function readGoldenCase(name: string): GoldenCase {
  const folder = (file: string) => sharedPath("reference", name, file);
  const described = JSON.parse(readFileSync(folder("case.json"), "utf8")) as {
    trace: string;
    args: (string | Record<string, unknown>)[];
    semantics?: "current";
  };
  return {
    tracePath: sharedPath("traces", described.trace),
    config: replayConfig(described.args, described.semantics ?? "dynamo-1.4"),
    rows: readGoldenRows(name),
    summary: JSON.parse(readFileSync(folder("summary.json"), "utf8")) as Record<string, unknown>,
  };
}

/** The requests of a case, sorted. */
export function readGoldenRows(name: string): GoldenRow[] {
  const text = gunzipSync(readFileSync(sharedPath("reference", name, "requests.csv.gz"))).toString("utf8");
  return sortRows(text.trim().split("\n").slice(1).map(parseRow));
}

function parseRow(line: string): GoldenRow {
  const cells = line.trim().split(",");
  const number = (cell: string | undefined) => (cell === undefined || cell === "" ? NaN : Number(cell));
  return {
    arrivalMs: number(cells[0]),
    inputLength: number(cells[1]),
    outputLength: number(cells[2]),
    admitMs: number(cells[3]),
    firstTokenMs: number(cells[4]),
    lastTokenMs: number(cells[5]),
    reusedTokens: number(cells[7]),
    worker: cells[9] === "" ? -1 : number(cells[9]),
    prefillWorker: cells[8] === "" ? -1 : number(cells[8]),
    status: cells[10]!,
  };
}

/** The rows of a run in the order of the golden ones: of all requests that were offered and have left. */
export function rowsOf(outcome: SimulationOutcome): GoldenRow[] {
  const { ledger, trace, handoffs } = outcome;
  const statuses = Object.fromEntries(Object.entries(RequestStatus).map(([name, value]) => [value, name]));
  const rows = Array.from({ length: trace.count }, (_, request) => ({
    arrivalMs: ledger.arrivalNs[request]! / 1e6,
    inputLength: trace.inputLength[request]!,
    outputLength: ledger.outputTokens[request]!,
    admitMs: ledger.admitNs[request]! / 1e6,
    firstTokenMs: ledger.firstTokenNs[request]! / 1e6,
    lastTokenMs: ledger.lastTokenNs[request]! / 1e6,
    reusedTokens: ledger.reusedTokens[request]!,
    worker: ledger.workerIndex[request]!,
    prefillWorker: handoffs === null ? -1 : handoffs.prefillWorkerIndex[request]!,
    status: statuses[ledger.status[request]!]!,
  }));
  return sortRows(rows.filter((row) => row.status !== "pending"));
}

export function sortRows(rows: GoldenRow[]): GoldenRow[] {
  const order = (a: number, b: number) => (Number.isNaN(a) ? 0 : a) - (Number.isNaN(b) ? 0 : b);
  return rows.toSorted(
    (a, b) =>
      order(a.arrivalMs, b.arrivalMs) ||
      a.inputLength - b.inputLength ||
      a.outputLength - b.outputLength ||
      order(a.firstTokenMs, b.firstTokenMs) ||
      order(a.lastTokenMs, b.lastTokenMs) ||
      a.worker - b.worker,
  );
}

/** How the rows of a run differ from the golden ones: one line each, none when they agree within 1e-3 ms. */
export function differences(golden: readonly GoldenRow[], ours: readonly GoldenRow[]): string[] {
  const lines: string[] = [];
  if (golden.length !== ours.length) lines.push(`${ours.length} rows instead of ${golden.length}`);
  for (let i = 0; i < Math.min(golden.length, ours.length); i++) {
    const wrong = rowDifferences(golden[i]!, ours[i]!);
    if (wrong.length > 0) lines.push(`row ${i} (${golden[i]!.arrivalMs} ms): ${wrong.join(", ")}`);
  }
  return lines;
}

function rowDifferences(golden: GoldenRow, ours: GoldenRow): string[] {
  const wrong: string[] = [];
  const rejected = golden.status === "rejected";
  for (const field of ["arrivalMs", "admitMs", "firstTokenMs", "lastTokenMs"] as const) {
    const same = Number.isNaN(golden[field])
      ? Number.isNaN(ours[field])
      : Math.abs(golden[field] - ours[field]) <= 1e-3;
    if (!same) wrong.push(`${field} ${ours[field]} instead of ${golden[field]}`);
  }
  for (const field of ["inputLength", "outputLength", "reusedTokens", "worker", "prefillWorker", "status"] as const) {
    if ((field === "worker" || field === "prefillWorker") && golden[field] < 0) continue;
    if (field === "outputLength" && rejected) continue;
    const same = golden[field] === ours[field] || (rejected && Number.isNaN(golden[field]));
    if (!same) wrong.push(`${field} ${ours[field]} instead of ${golden[field]}`);
  }
  return wrong;
}

/** Figures that depend on the wall clock of the machine that measured them. */
const wallClock = ["wall_time_ms", "processed_"];

/** Percentiles that the reference takes from a quantile sketch of 0.1 % relative error; ours do so with the older rules. */
const sketched = /^(median|p75|p90|p95|p99)_(itl_ms|output_token_throughput_per_user)$/;

/** How the figures of a report differ from the golden ones; none when all agree within 1e-6 (exact beside sketched: 0.2 %). */
export function summaryDifferences(
  golden: Readonly<Record<string, unknown>>,
  ours: Readonly<Record<string, unknown>>,
): string[] {
  const lines: string[] = [];
  for (const [key, value] of Object.entries(golden)) {
    if (typeof value !== "number" || wallClock.some((start) => key.startsWith(start))) continue;
    const figure = ours[key];
    const limit = sketched.test(key) && ours["semantics"] === "current" ? 2e-3 : 1e-6;
    const difference =
      typeof figure === "number" ? Math.abs(figure - value) / Math.max(1e-9, Math.abs(value)) : Infinity;
    if (!(difference <= limit))
      lines.push(`${key} ${String(figure)} instead of ${value} (${difference.toExponential(2)})`);
  }
  return lines;
}
