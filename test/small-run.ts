import { Readable } from "node:stream";
import type { SemanticsName } from "../src/engine/semantics.ts";
import type { RunResult } from "../src/result/schema.ts";
import type { SlaBounds } from "../src/result/sla-attainment.ts";
import type { SimulationOutcome } from "../src/simulation/outcome.ts";
import type { RunConfig } from "../src/simulation/run-config.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { openTrace, type OpenTraceOptions } from "../src/trace/open-trace.ts";
import { replayConfig, type ReplayArguments } from "./replay-arguments.ts";
import { resultOf } from "./result-of.ts";

/** A row of a hand-made trace: arrival (ms), prompt and output tokens, block ids (none = nothing shared). */
export interface SmallRow {
  readonly at?: number;
  readonly input: number;
  readonly output: number;
  readonly ids?: readonly number[];
  readonly session?: string;
  readonly delay?: number;
}

/** What to run beside the trace; engine arguments are those of the reference. */
export interface SmallRunOptions {
  readonly engine?: Readonly<Record<string, unknown>>;
  /** Prefill and decode arguments of a disaggregated run instead. */
  readonly disaggregated?: {
    readonly prefill?: Readonly<Record<string, unknown>>;
    readonly decode?: Readonly<Record<string, unknown>>;
  };
  readonly flags?: ReplayArguments;
  readonly semantics?: SemanticsName;
  readonly implementation?: RunConfig["engine"];
  readonly change?: Partial<RunConfig>;
  readonly sla?: SlaBounds;
  /** How the rows are read; as Mooncake rows when absent. */
  readonly format?: OpenTraceOptions["format"];
}

/** What became of one request, ms. */
export interface SmallRequest {
  readonly arrival: number;
  readonly admit: number;
  readonly first: number;
  readonly second: number;
  readonly last: number;
  readonly ttft: number;
  readonly ttst: number;
  readonly e2e: number;
  readonly reused: number;
  readonly tokens: number;
  readonly worker: number;
  readonly status: number;
}

/** The Mooncake lines of hand-made rows. */
export function traceText(rows: readonly SmallRow[], blockSize = 512): string {
  let unshared = 1_000_000;
  const lines = rows.map(({ at, input, output, ids, session, delay }) => {
    const blocks = Math.ceil(input / blockSize);
    return JSON.stringify({
      ...(at === undefined && delay !== undefined ? {} : { timestamp: at ?? 0 }),
      input_length: input,
      output_length: output,
      hash_ids: ids ?? Array.from({ length: blocks }, () => unshared++),
      ...(session === undefined ? {} : { session_id: session }),
      ...(delay === undefined ? {} : { delay }),
    });
  });
  return `${lines.join("\n")}\n`;
}

/** Runs a hand-made trace through reader, configuration, simulation and result. */
export async function smallRun(
  rows: readonly SmallRow[],
  options: SmallRunOptions = {},
): Promise<{ requests: SmallRequest[]; outcome: SimulationOutcome; result: RunResult }> {
  const { engine = {}, disaggregated, flags = [], semantics = "dynamo-1.4", implementation = "auto" } = options;
  const engineFlags =
    disaggregated === undefined
      ? ["--extra-engine-args", engine]
      : [
          "--prefill-engine-args",
          { ...engine, ...disaggregated.prefill },
          "--decode-engine-args",
          { ...engine, ...disaggregated.decode },
        ];
  const config = { ...replayConfig([...engineFlags, ...flags], semantics, implementation), ...options.change };
  const stdin = Readable.from([Buffer.from(traceText(rows))]);
  const { topology } = config;
  const { blockSize } = topology.mode === "agg" ? topology.engine : topology.prefillEngine;
  const format = options.format === undefined ? {} : { format: options.format };
  const trace = await openTrace("-", { stdin, arrivals: "optional", engineBlockSize: blockSize, ...format });
  const outcome = simulate(trace, config);
  return { requests: requestsOf(outcome), outcome, result: resultOf(outcome, config, options.sla ?? null) };
}

function requestsOf({ ledger, trace }: SimulationOutcome): SmallRequest[] {
  return Array.from({ length: trace.count }, (_, request) => {
    const at = (column: Float64Array) => column[request]! / 1e6;
    return {
      arrival: at(ledger.arrivalNs),
      admit: at(ledger.admitNs),
      first: at(ledger.firstTokenNs),
      second: at(ledger.secondTokenNs),
      last: at(ledger.lastTokenNs),
      ttft: at(ledger.firstTokenNs) - at(ledger.arrivalNs),
      ttst: at(ledger.secondTokenNs) - at(ledger.firstTokenNs),
      e2e: at(ledger.lastTokenNs) - at(ledger.arrivalNs),
      reused: ledger.reusedTokens[request]!,
      tokens: ledger.outputTokens[request]!,
      worker: ledger.workerIndex[request]!,
      status: ledger.status[request]!,
    };
  });
}
