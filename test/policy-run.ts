import { Readable } from "node:stream";
import { simulate } from "../src/replay.ts";
import type { SimulateOptions } from "../src/replay.ts";
import type { RunResult } from "../src/result/schema.ts";
import { openTrace } from "../src/trace/open-trace.ts";
import type { Trace } from "../src/trace/trace.ts";

/** A stretch of a load: so many requests a second until then. */
export interface LoadPhase {
  readonly untilSeconds: number;
  readonly requestsPerSecond: number;
}

/**
 * Evenly spaced requests of one size over phases of different rates, as a trace. The last phase may be silent: one
 * request at its end keeps the run going.
 */
export async function steadyTrace(phases: readonly LoadPhase[], input = 2000, output = 150): Promise<Trace> {
  const times: number[] = [];
  let from = 0;
  for (const { untilSeconds, requestsPerSecond } of phases) {
    const count = Math.round((untilSeconds - from) * requestsPerSecond);
    for (let i = 0; i < count; i++) times.push(from + i / requestsPerSecond);
    from = untilSeconds;
  }
  times.push(from);
  const blocks = Math.ceil(input / 512);
  const lines = times.map((at, i) =>
    JSON.stringify({
      timestamp: Math.round(at * 1000),
      input_length: input,
      output_length: output,
      hash_ids: Array.from({ length: blocks }, (_, k) => i * blocks + k),
    }),
  );
  return openTrace("-", { stdin: Readable.from([Buffer.from(`${lines.join("\n")}\n`)]) });
}

/** The engine of the policies' tests: an 8B model on one GPU, roofline. */
export const policyEngine = {
  aic_backend: "vllm",
  aic_system: "h200_sxm",
  aic_model_path: "nvidia/Llama-3.1-8B-Instruct-FP8",
  aic_tp_size: 1,
};

/** Runs a policy on a trace: SLA 1,500 ms and 50 ms, at most 8 GPUs unless said otherwise. */
export function runPolicy(
  trace: Trace,
  policy: string,
  options: {
    readonly knobs?: object;
    readonly planner?: object;
    readonly workers?: number;
    readonly startupSeconds?: number;
  } = {},
): Promise<RunResult> {
  const { knobs, planner = {}, workers = 1, startupSeconds = 0 } = options;
  const run: SimulateOptions = {
    trace,
    policy,
    numWorkers: workers,
    extraEngineArgs: { ...policyEngine, ...(startupSeconds > 0 ? { startup_time: startupSeconds } : {}) },
    plannerConfig: { mode: "agg", optimization_target: "sla", ttft_ms: 1500, itl_ms: 50, ...planner },
    ...(knobs === undefined ? {} : { policyConfig: knobs }),
  };
  return simulate(run);
}

/** Wanted replicas (active and starting) after each tick. */
export function wantedReplicas({ planner }: RunResult): { readonly atSeconds: number; readonly replicas: number }[] {
  return (planner?.ticks ?? []).map(({ t_s: atSeconds, pools }) => {
    const agg = pools.agg!;
    return { atSeconds, replicas: agg.target ?? agg.active + agg.starting };
  });
}
